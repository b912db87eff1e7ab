"""Before anything is fitted: can the judge split certify what is asked, and after the fit, is it likely to?"""

import math
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.checks import kind_of
from datacc.compiler.halves import calibrating
from datacc.compiler.learnt import ON_TUNE
from datacc.compiler.shown import shown
from datacc.compiler.slices import place_of, slice_rows
from datacc.compiler.verdict import MOST_EXAMPLES, QUANTILE, certified, demanded, floored, share
from datacc.errors import CertifyError, DataError
from datacc.goals import Figure, Metric, faultless, least
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.repo.words import counted
from datacc.spec.bounds import log_factorials, lower_bound, needed_right, needed_total
from datacc.spec.lines import place
from datacc.spec.program import Check, Goal, Program

LIKELY: Final = 0.9  # the chance of passing, seen from tune, that is good enough
UNLIKELY: Final = 0.5
FEW: Final = 20  # labels; fewer do not tell whether they repeat
PROSE: Final = 3  # words of a class, on average, from which it is a text
SELDOM: Final = 10  # examples of each class, on average, below which that is worth saying
CHOSEN: Final = "the goal that datacc chose, to beat the commonest class"


def certify(
    program: Program, snapshot: Snapshot, *, chosen_goal: bool = False, folded: bool = False
) -> tuple[str, ...]:
    """Refuse what the judge split cannot certify even without an error; return warnings for what it may not.

    Raises `CertifyError` with the number of examples that could, `SpecError` for a check on an unknown column, value
    or class. How many judge examples a class has is sealed, so it is estimated from learn and tune, and only warned
    about. `chosen_goal`: the goal stands in no file, since datacc chose it. `folded`: all of learn and tune is answered
    out of fold, and half of it calibrates. Raises `DataError` for labels that are no classes.
    """
    texts = _refuse_what_hardly_repeats(snapshot)
    rows = len(snapshot.rows(JUDGE))
    covered = any(goal.metric == "coverage" for goal in program.goals)
    for goal in program.goals:
        where = CHOSEN if chosen_goal else place(program, "goal", goal.metric)
        metric: Metric = load("goals", goal.metric)
        if metric.exact:
            _refuse(goal.metric, goal.limit, rows, rows / len(snapshot.ids), where, at_most=metric.at_most)
        else:
            _refuse_spread(goal, metric, program, snapshot, where)
        given = program.outputs[0].widest is not None or (metric.at_most and covered)
        if metric.needs_known and not given:  # beside a coverage, that gives the limit
            unlearnt, of = (np.flatnonzero(snapshot.splits != JUDGE), "learn and tune") if folded else (None, "tune")
            rows_there = len(calibrating(program, snapshot, unlearnt))
            _refuse_to_calibrate(goal, metric, rows_there, len(snapshot.ids), where, of)
    warnings = (kind_of(check).certify(check, program, snapshot) for check in program.checks)
    return (*texts, *(warning for warning in warnings if warning))


def _refuse_what_hardly_repeats(snapshot: Snapshot) -> list[str]:
    """A warning for labels that look like texts and seldom repeat.

    Raises `DataError` where most are said once: they are texts or names, from which nothing can be learnt.
    """
    told = []
    for field, classes in snapshot.classes.items():
        labels = snapshot.labels[field]
        if labels.ndim > 1 or not np.issubdtype(labels.dtype, np.integer):
            continue  # several at once, or numbers
        seen = labels[labels >= 0]
        names = [name for name, count in zip(classes, np.bincount(seen, minlength=len(classes)), strict=True) if count]
        if len(seen) < FEW or SELDOM * len(names) <= len(seen):
            continue
        is_prose = float(np.mean([len(name.split()) for name in names])) >= PROSE
        if 2 * len(names) <= len(seen):
            each = f"each is a class, of {len(seen) / len(names):.1f} examples on average"
            told += [f"{field} looks like free text, such as {shown(names[0])!r}: {each}"] if is_prose else []
            continue
        looks, tries = "free text" if is_prose else "names or numbers of single examples", list[str]()
        if 2 * len({part.strip() for name in names for part in name.split(";")}) <= len(names):
            looks, tries = "several labels between semicolons", ["--type labels"]
        count = f"{field} has {len(names):,} classes in {len(seen):,} examples"
        what = f"{count}; {shown(names[0])!r} and others look like {looks}"
        raise DataError(
            what, tries=[*tries, "--label names another column", "put what belongs together into one class first"]
        )
    return told


def refuse_rows(
    what: str, check: Check, program: Program, snapshot: Snapshot, at_most: float | None = None
) -> NDArray[np.bool_]:
    """The slice of a check as a mask (N,) of all rows.

    Raises `CertifyError` when the judge examples in it cannot certify the check's share, or, where that is given, that
    a share of what is wrong is `at_most` so large.
    """
    chosen = slice_rows(snapshot, check, program.file)
    rows = int((chosen & (snapshot.splits == JUDGE)).sum())
    limit, judge_share = check.at_least if at_most is None else at_most, rows / int(chosen.sum()) if rows else 0.0
    _refuse(what, limit, rows, judge_share, place_of(check, program.file), at_most=at_most is not None)
    return chosen


def _refuse(what: str, limit: float, rows: int, judge_share: float, where: str, *, at_most: bool = False) -> None:
    """Raise `CertifyError` when `rows` right answers of `rows` do not reach `limit`."""
    best, wanted_share = lower_bound(rows, rows), least(limit, at_most=at_most)
    if best >= wanted_share:
        return
    said = f"{what} {demanded(limit, at_most=at_most)} cannot be certified"
    if wanted_share >= 1:
        tries = ["ask for less: a bound from examples always stays below 100 %", f"at most {floored(best)} here"]
        raise CertifyError(said, where=where, tries=tries)
    wanted = needed_total(wanted_share)
    total = f", about {math.ceil(wanted / judge_share):,} of them in all" if judge_share else ""
    tries = [f"more examples: {wanted:,} in judge would do if every answer is right{total}"]
    if best > 0:
        tries.append(f"ask for {_reachable(best, at_most)}: that is what {counted(rows, 'right answer')} can show")
    even = (
        f" by {counted(rows, 'judge example')}, even if every answer is right" if rows else ": it has no judge example"
    )
    raise CertifyError(said + even, where=where, tries=tries)


def _refuse_spread(goal: Goal, metric: Metric, program: Program, snapshot: Snapshot, where: str) -> None:
    """Raise `CertifyError` when right answers alone, to rows as learn and tune have them, do not reach the goal."""
    field = program.outputs[0].name
    known, classes = snapshot.labels[field][snapshot.splits != JUDGE], len(snapshot.classes.get(field, ()))
    rows = len(snapshot.rows(JUDGE))
    best = _best(metric, known, classes, rows)
    if best.reaches(goal.limit):
        return
    said = f"{goal.metric} {demanded(goal.limit, at_most=metric.at_most, amount=metric.amount)} cannot be certified by "
    tries = [f"ask for {certified(best)}, which is what that shows"] if best.bound > 0 else []
    wanted = _enough(metric, known, classes, rows, goal.limit)
    if wanted is not None:
        total = f", about {math.ceil(wanted * len(snapshot.ids) / rows):,} of them in all" if rows else ""
        tries = [f"more examples: about {wanted:,} in judge would do if every answer is right{total}", *tries]
    even = f"{counted(rows, 'judge example')}, even if every answer is right"
    raise CertifyError(said + even, where=where, tries=tries)


def _enough(metric: Metric, known: NDArray[Any], classes: int, rows: int, limit: float) -> int | None:
    """About how many rows reach the limit when all answers are right; None when more than anybody is told to label."""
    few, many = rows, max(32, 2 * rows)
    while not _best(metric, known, classes, many).reaches(limit):
        few, many = many, 2 * many
        if few > MOST_EXAMPLES:
            return None
    while many - few > max(1, many // 20):
        middle = (few + many) // 2
        few, many = (few, middle) if _best(metric, known, classes, middle).reaches(limit) else (middle, many)
    return many


def _best(metric: Metric, known: NDArray[Any], classes: int, rows: int) -> Figure:
    """The figure of right answers to so many rows, distributed as `known` labels are."""
    ordered = np.sort(known) if known.ndim == 1 else known
    truth = ordered[((np.arange(rows) + 0.5) * len(known) / max(1, rows)).astype(np.intp)]
    return metric.measure(truth, faultless(truth, classes), None)


def _reachable(best: float, at_most: bool) -> str:
    if at_most:
        return f"at least {math.ceil((1 - best) * 1000) / 1000:g}"
    return f"at most {math.floor(best * 1000) / 1000:g}"


def _refuse_to_calibrate(goal: Goal, metric: Metric, rows: int, examples: int, where: str, of: str) -> None:
    """Raise `CertifyError` when even `rows` right answers cannot vouch for a limit that keeps the goal; half `of` what
    they are."""
    least_share = least(goal.limit, at_most=metric.at_most)
    # An error is tested on the rows; a coverage follows from their number, rows / (rows + 1) where none is left out.
    wanted = needed_total(least_share) if metric.at_most else math.ceil(least_share / (1 - least_share) - 1e-9)
    if rows >= wanted:
        return
    total = f", about {math.ceil(wanted * examples / rows):,} of them in all" if rows else ""
    tries = [f"more examples: {wanted:,} that calibrate would do{total} (about half of {of} calibrates)"]
    if rows:
        best = lower_bound(rows, rows) if metric.at_most else rows / (rows + 1)
        tries.append(f"ask for {_reachable(best, metric.at_most)}")
    said = f"{goal.metric} {demanded(goal.limit, at_most=metric.at_most)} cannot be calibrated"
    even = f" by {counted(rows, f'{of} example')}" if rows else f": no {of} example calibrates"
    raise CertifyError(said + even + (", even if every answer is right" if rows else ""), where=where, tries=tries)


def outlook(program: Program, tune_figure: Figure, judge_rows: int, how: str = ON_TUNE) -> str | None:
    """A warning when right answers, had in this way, make it unlikely that judge certifies the goal of them.

    The chance is that of a beta-binomial draw: what `judge_rows` new rows may show after `tune_figure`, starting
    from no opinion.
    """
    goal = next((goal for goal in program.goals if load("goals", goal.metric) is load("goals", "accuracy")), None)
    if goal is None:
        return None
    wanted = needed_right(judge_rows, goal.limit)
    chance = 0.0 if wanted is None else chance_of(wanted, judge_rows, tune_figure)
    if wanted is None or chance >= UNLIKELY:
        return None
    return (
        f"{goal.metric} ≥ {share(goal.limit)} needs {wanted:,} right answers of {judge_rows:,} in judge; after "
        f"{tune_figure.right:,} of {tune_figure.total:,} {how} the chance is about {chance:.0%}"
    )


def chance_at(seen: Figure, rows: int, limit: float) -> float:
    """The chance that the bound of a metric on `rows` new rows reaches `limit`, after `seen` on others.

    Exact for a rate; any other figure is taken to be normal, with a spread that falls with the root of the rows.
    """
    if seen.spread is None:
        wanted = needed_right(rows, least(limit, at_most=seen.at_most))
        return 0.0 if wanted is None else chance_of(wanted, rows, seen)
    if not rows or not seen.total:
        return 0.0
    there = seen.spread * math.sqrt(seen.total / rows)
    room = (limit - seen.value if seen.at_most else seen.value - limit) - QUANTILE * there
    both = math.hypot(seen.spread, there)
    return NormalDist().cdf(room / both) if both else float(room >= 0)


def chance_of(wanted: int, rows: int, seen: Figure) -> float:
    """The chance that at least `wanted` of `rows` are right, given `seen`; beta-binomial with a flat prior."""
    right, wrong, k = seen.right, seen.total - seen.right, np.arange(wanted, rows + 1)
    logs = log_factorials(rows + seen.total + 1)
    ways = logs[rows] - logs[k] - logs[rows - k]
    before = logs[right] + logs[wrong] - logs[seen.total + 1]
    after = logs[k + right] + logs[rows - k + wrong] - logs[rows + seen.total + 1]
    return float(min(1.0, np.exp(ways + after - before).sum()))
