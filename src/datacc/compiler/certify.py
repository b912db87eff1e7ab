"""Before anything is fitted: can the judge split certify what is asked, and after the fit, is it likely to?"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.checks import kind_of
from datacc.compiler.slices import place_of, slice_rows
from datacc.compiler.verdict import floored, share
from datacc.errors import CertifyError
from datacc.goals import Figure
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.spec.bounds import lower_bound, needed_right, needed_total
from datacc.spec.lines import place
from datacc.spec.program import Check, Program

UNLIKELY: Final = 0.5
CHOSEN: Final = "the goal that datacc chose, to beat the commonest class"


def certify(program: Program, snapshot: Snapshot, *, chosen_goal: bool = False) -> tuple[str, ...]:
    """Refuse what the judge split cannot certify even without an error; return warnings for what it may not.

    Raises `CertifyError` with the number of examples that could, `SpecError` for a check on an unknown column, value
    or class. How many judge examples a class has is sealed, so it is estimated from learn and tune, and only warned
    about. `chosen_goal`: the goal stands in no file, since datacc chose it.
    """
    rows = len(snapshot.rows(JUDGE))
    for goal in program.goals:
        where = CHOSEN if chosen_goal else place(program, "goal", goal.metric)
        _refuse(goal.metric, goal.at_least, rows, rows / len(snapshot.ids), where)
    warnings = (kind_of(check).certify(check, program, snapshot) for check in program.checks)
    return tuple(warning for warning in warnings if warning)


def refuse_rows(
    what: str, check: Check, program: Program, snapshot: Snapshot, at_least: float | None = None
) -> NDArray[np.bool_]:
    """The slice of a check as a mask (N,) of all rows.

    Raises `CertifyError` when the judge examples in it cannot certify the check's share, or `at_least`, where given.
    """
    chosen = slice_rows(snapshot, check, program.file)
    rows = int((chosen & (snapshot.splits == JUDGE)).sum())
    wanted = check.at_least if at_least is None else at_least
    _refuse(what, wanted, rows, rows / int(chosen.sum()) if rows else 0.0, place_of(check, program.file))
    return chosen


def _refuse(what: str, at_least: float, rows: int, judge_share: float, where: str) -> None:
    """Raise `CertifyError` when `rows` right answers of `rows` do not reach `at_least`."""
    best = lower_bound(rows, rows)
    if best >= at_least:
        return
    said = f"{what} ≥ {share(at_least)} cannot be certified"
    if at_least >= 1:
        tries = ["ask for less: a bound from examples always stays below 100 %", f"at most {floored(best)} here"]
        raise CertifyError(said, where=where, tries=tries)
    wanted = needed_total(at_least)
    total = f", about {math.ceil(wanted / judge_share):,} of them in all" if judge_share else ""
    tries = [f"more examples: {wanted:,} in judge would do if every answer is right{total}"]
    if best > 0:
        tries.append(f"ask for at most {math.floor(best * 1000) / 1000:g}: that is what {rows:,} right answers show")
    even = f" by {rows:,} judge examples, even if every answer is right" if rows else ": it has no judge example"
    raise CertifyError(said + even, where=where, tries=tries)


def outlook(program: Program, tune_figure: Figure, judge_rows: int) -> str | None:
    """A warning when the tune split makes it unlikely that judge certifies the first goal; else None.

    The chance is that of a beta-binomial draw: what `judge_rows` new rows may show after `tune_figure`, starting
    from no opinion.
    """
    if not program.goals:
        return None
    goal = program.goals[0]
    wanted = needed_right(judge_rows, goal.at_least)
    chance = 0.0 if wanted is None else chance_of(wanted, judge_rows, tune_figure)
    if wanted is None or chance >= UNLIKELY:
        return None
    return (
        f"{goal.metric} ≥ {share(goal.at_least)} needs {wanted:,} right answers of {judge_rows:,} in judge; after "
        f"{tune_figure.right:,} of {tune_figure.total:,} in tune the chance is about {chance:.0%}"
    )


def chance_of(wanted: int, rows: int, seen: Figure) -> float:
    """The chance that at least `wanted` of `rows` are right, given `seen`; beta-binomial with a flat prior."""
    a, b = seen.right + 1, seen.total - seen.right + 1
    terms = [
        _log_beta(k + a, rows - k + b) - _log_beta(a, b) - math.log(rows + 1) - _log_beta(k + 1, rows - k + 1)
        for k in range(wanted, rows + 1)
    ]
    return float(min(1.0, np.exp(terms).sum()))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
