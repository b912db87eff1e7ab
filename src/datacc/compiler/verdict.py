"""The verdict: one line for every goal, check and budget, with what was reached and what would close a gap."""

import math
from typing import Final, Literal

from datacc.compiler.shown import number, percent, seconds
from datacc.frozen import frozen
from datacc.goals import Figure, least
from datacc.goals.bootstrap import LEAST
from datacc.repo.words import counted
from datacc.spec.bounds import lower_bound, needed_right, needed_total
from datacc.spec.program import Budget

Kind = Literal["parity", "goal", "check", "budget"]

MOST_EXAMPLES: Final = 50_000  # nobody is told to label more than this
QUANTILE: Final = 1.645  # 95 % of a normal distribution lie below


@frozen
class Costs:
    """What the linked program costs: multiply-adds of one answer; bytes of its file, arena, stack and weights."""

    work: int
    size: int
    arena: int
    stack: int
    weights: int

    @property
    def memory(self) -> int:
        """Bytes that one answer needs: arena and stack."""
        return self.arena + self.stack


@frozen
class Timing:
    """Seconds of one answer: median and 99th percentile; `quiet` tells whether the machine was at rest meanwhile."""

    median: float
    p99: float
    quiet: bool


@frozen
class Line:
    """One demand: what, what was wanted (empty: no limit), what was reached, whether it holds, what would close it.

    `limit` and `value` are the two numbers compared: a share and its bound, seconds, bytes or multiply-adds. `check` is
    the kind of a check; `detail` tells more of one that is missed, on several lines.
    """

    kind: Kind
    what: str
    wanted: str
    reached: str
    holds: bool
    closes: str = ""
    limit: float | None = None
    value: float | None = None
    figure: Figure | None = None
    check: str = ""
    detail: str = ""


@frozen
class Width:
    """The program at one of its widths: multiply-adds of an answer, the median latency in seconds, right answers.

    `accuracy` is the figure of `metric`, the plainest of the output.
    """

    width: float
    work: int
    latency: float
    accuracy: Figure
    metric: str = "accuracy"


@frozen
class Openings:
    """How often these very labels of judge were opened, this time included, and for how many different programs."""

    times: int
    programs: int


@frozen
class Verdict:
    """All lines, in the order in which they were asked, and the latency that was measured; the widths, if several.

    `opened` counts the openings of judge so far, None where there is no ledger.
    """

    lines: tuple[Line, ...]
    timing: Timing
    widths: tuple[Width, ...] = ()
    opened: Openings | None = None

    @property
    def holds(self) -> bool:
        """Whether every line holds."""
        return all(line.holds for line in self.lines)

    @property
    def missed(self) -> tuple[Line, ...]:
        """The lines that do not hold."""
        return tuple(line for line in self.lines if not line.holds)


def rate_line(kind: Kind, what: str, limit: float, figure: Figure) -> Line:
    """The line of a metric: it holds when the 95 % bound of `figure` reaches `limit`."""
    holds = figure.reaches(limit)
    return Line(
        kind=kind,
        what=what,
        wanted=demanded(limit, at_most=figure.at_most, amount=figure.amount),
        reached=_reached(figure),
        holds=holds,
        closes="" if holds else gap(figure, limit),
        limit=limit,
        value=figure.bound,
        figure=figure,
    )


def _reached(figure: Figure) -> str:
    if not figure.total:
        return "no judge example"
    return f"{certified(figure)}, measured {measured(figure)}"


def measured(figure: Figure) -> str:
    """The value, with the counts behind a rate: "97.20 % (972 of 1,000)", "1.25 (of 1,000)"."""
    counted = figure.total - figure.right if figure.at_most else figure.right
    value = plainly(figure.value, figure.amount)
    return f"{value} ({counted:,} of {figure.total:,})" if figure.spread is None else f"{value} (on {figure.total:,})"


def plainly(value: float, amount: bool) -> str:
    """The value of a figure: "97.20 %", or in the unit of the answer "1.25"."""
    return number(value) if amount else percent(value, 2)


def demanded(limit: float, *, at_most: bool, amount: bool = False) -> str:
    """A limit that is asked for, from its side: "≥ 96.5 %", "≤ 1 %", "≤ 2.5"."""
    return f"{'≤' if at_most else '≥'} {f'{limit:,.10g}' if amount else share(limit)}"


def certified(figure: Figure) -> str:
    """The bound of a figure, from its side, and never shown better than it is."""
    if figure.spread is not None and figure.total < LEAST:
        return "nothing certified"
    if figure.amount:
        return f"≤ {_ceiled(figure.bound)}"
    return f"≤ {_raised(figure.bound)}" if figure.at_most else f"≥ {floored(figure.bound)}"


def gap(figure: Figure, limit: float) -> str:
    """What would bring the bound to `limit`: a better figure, or more examples with the same."""
    return _gap_of_rate(figure, limit) if figure.spread is None else _gap_of_spread(figure, limit)


def _gap_of_spread(figure: Figure, limit: float) -> str:
    if figure.total < LEAST:
        return f"{counted(figure.total, 'judge example')} can say nothing of it; {LEAST} are the least"
    room = limit - figure.value if figure.at_most else figure.value - limit
    if room <= 0:
        better = number(-room) if figure.amount else percent(-room, 2)
        return f"{better} {'less' if figure.at_most else 'more'}, and then some: the bound must reach it"
    distance = abs(figure.value - figure.bound)  # which falls with the root of the rows
    rows = math.ceil(figure.total * (distance / room) ** 2) + 1
    return f"about {rows:,} judge examples at this figure" if rows <= MOST_EXAMPLES else "it is too near its limit"


def _gap_of_rate(figure: Figure, limit: float) -> str:
    at_least, right = (least(part, at_most=figure.at_most) for part in (limit, figure.value))
    if at_least >= 1:
        return "nothing: a bound always stays below 1"
    wanted = needed_right(figure.total, at_least)
    if wanted is None:
        few = counted(figure.total, "judge example")
        return f"{few} cannot certify it; {needed_total(at_least):,} without an error could"
    more = f"{wanted - figure.right:,} more right of {figure.total:,}"
    rows = rows_at_rate(right, at_least)
    return f"{more}, or about {rows:,} judge examples at this rate" if rows is not None else more


def rows_at_rate(rate: float, at_least: float) -> int | None:
    """About the fewest rows at which `rate` certifies `at_least`; None when it never does, or only beyond 50,000."""
    if rate <= at_least:
        return None
    normal = QUANTILE**2 * rate * (1 - rate) / (rate - at_least) ** 2  # a first guess, from below
    rows = max(0.8 * normal, 1.0)
    while rows <= MOST_EXAMPLES:
        n = math.ceil(rows)
        if lower_bound(int(rate * n), n) >= at_least:
            return n
        rows *= 1.05
    return None


def budget_lines(budget: Budget, costs: Costs, timing: Timing, cheaper: str = "") -> tuple[Line, ...]:
    """Latency, size, memory and work against their limits; `cheaper` says what a smaller choice would cost."""
    busy = "" if timing.quiet else "; the machine was busy"
    latency = f"median {seconds(timing.median)}, p99 {seconds(timing.p99)}{busy}"
    again = cheaper if timing.quiet else "datacc judge again when the machine is quiet"
    memory = f"{costs.memory:,} B (arena {costs.arena:,}, stack {costs.stack:,})"
    return (
        _budget_line("latency", budget.latency, timing.median, latency, again),
        _budget_line("size", budget.size, costs.size, f"{costs.size:,} B", cheaper),
        _budget_line("memory", budget.memory, costs.memory, memory, cheaper),
        _budget_line("work", budget.work, costs.work, f"{costs.work:,} multiply-adds", cheaper),
    )


def _budget_line(what: str, limit: float | None, value: float, reached: str, cheaper: str) -> Line:
    holds = limit is None or value <= limit
    over = "" if holds or limit is None else f"{_amount(what, value - limit)} less"
    return Line(
        kind="budget",
        what=what,
        wanted="" if limit is None else f"≤ {_amount(what, limit)}",
        reached=reached,
        holds=holds,
        closes=f"{over}: {cheaper}" if over and cheaper else over,
        limit=limit,
        value=value,
    )


def _amount(what: str, value: float) -> str:
    if what == "latency":
        return seconds(value)
    return f"{value:,.0f} {'multiply-adds' if what == 'work' else 'B'}"


def share(value: float) -> str:
    """A share as it was asked for: 0.965 → "96.5 %"."""
    return f"{value * 100:.10g} %"


def _raised(bound: float) -> str:
    """A bound as a percentage, rounded up, so that it is never shown smaller than it is."""
    return f"{math.ceil(bound * 10_000) / 100:.2f} %"


def _ceiled(bound: float) -> str:
    """An amount in four digits, rounded up."""
    unit = 10.0 ** (math.floor(math.log10(bound)) - 3) if bound > 0 else 1.0
    return number(math.ceil(bound / unit - 1e-9) * unit)


def floored(bound: float) -> str:
    """A bound as a percentage, rounded down, so that it is never shown larger than it is."""
    return f"{int(bound * 10_000) / 100:.2f} %"
