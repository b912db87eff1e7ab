"""Which candidates are fitted, and for how long: short trials of many, whole fits of few, long ones of the best.

Counts of trials and steps alone decide, never a clock: the same examples give the same winner on a slow day. A ladder
is sorted by multiply-adds; of rungs that break the budget nothing is fitted.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from datacc.compiler.attempts import LONG, SHORT, WHOLE, Attempt, Attempts, Rung, Settings
from datacc.spec.bounds import standard_error

STRIDE: Final = 2.0  # how many times the work of the rung before, on the way up
BRIEF_STRIDE: Final = 4.0  # where fits take less than to compile them: their number counts
FLOOR_STRIDE: Final = 3.0  # where nobody asked for a goal
KEPT: Final = 4  # one in so many goes on to a fit that is four times as long, so that each round costs about the same
# Strides in a row without a real gain that end the way up: one more where somebody asked for a goal.
FLOOR_PATIENCE: Final = 2
GOAL_PATIENCE: Final = 3
DEAR: Final = 10**11  # multiply-adds of a fit, some five seconds: not spent on a goal that nobody asked for


def cheapest(
    ladder: Sequence[Rung], attempts: Attempts, rows: int, *, brief: bool = False, teaching: bool = True
) -> Attempt:
    """The cheapest that is promising after a whole fit; without one, the best that could be had.

    Up in strides, by short trials. From the first that is hopeful down to two strides below it the cheapest hopeful is
    fitted whole, until one is promising: the first itself comes last. Where none was, whatever lies within a stride of
    the best trial; and only then, while there is hope, longer fits, and with `teaching` a tutor from beyond the budget.
    `rows` is how many rows a score is measured on; `brief` fits take less than to compile them: their number counts.
    """
    stride, up = BRIEF_STRIDE if brief else STRIDE, list[Rung]()
    for trial in _trials(ladder, attempts, rows, brief):
        up.append(trial.rung)
        if _worthy(trial, attempts, rows):
            least = up[-3].work if len(up) > 2 else up[0].work / stride
            around = [rung for rung in ladder[: ladder.index(trial.rung) + 1] if rung.work > least]
            found = _passing([rung for rung in around if attempts.fits(rung)], attempts, rows)
            if found is not None:
                return found
    beside = [rung for rung in _beside(up, ladder, attempts, stride) if attempts.fits(rung)]
    found = _passing(beside, attempts, rows) or _halved([*up, *beside], attempts, rows)
    more = teaching and not found.promising and (brief or attempts.hopeful(found, rows))
    return _taught(found, ladder, attempts, rows) if more else found


def knee(
    ladder: Sequence[Rung], attempts: Attempts, rows: int, effort: Callable[[Rung], int], *, few: bool = False
) -> Attempt:
    """Where more work no longer gains more than chance could give, for a goal that nobody asked for.

    `effort` is how many multiply-adds a whole fit takes; one of more than `DEAR` is not begun, but for the first. Of
    `few` examples the dearest other one is tried, too, wherever the way up ended.
    """
    up = _strides(ladder, attempts, FLOOR_STRIDE)
    afford = (rung for n, rung in enumerate(up) if not n or effort(rung) <= DEAR)
    shorts = [*_climb(afford, attempts, rows, FLOOR_PATIENCE)]
    if few:
        dear = (rung for rung in reversed(ladder) if effort(rung) <= DEAR and attempts.fits(rung))
        shorts += [attempts.of(rung, SHORT) for rung in islice(dear, 1)]
    best = None
    for short in shorts:
        if best is None or (short.sound, _gained(short, best, rows)) > (best.sound, False):
            best = short
    assert best is not None  # the ladder has a rung within the budget
    return attempts.of(best.rung, WHOLE)


def _gained(one: Attempt, before: Attempt, rows: int) -> bool:
    """Whether it is better: much more work, or twice the weights, must gain more than chance could give."""
    rung, cheaper = one.rung, before.rung
    near = rung.work < FLOOR_STRIDE * cheaper.work and rung.weights <= STRIDE * cheaper.weights
    return one.score > before.score + (0.0 if near else standard_error(before.score, rows))


def best(ladder: Sequence[Rung], attempts: Attempts) -> Attempt:
    """The best within the budget, whatever it costs: all rungs, then one in four for longer, twice."""
    left = [rung for rung in ladder if attempts.fits(rung)]
    for share in (SHORT, WHOLE, LONG):
        ranked = _ranked(attempts.of(rung, share) for rung in left)
        left = [one.rung for one in ranked[: math.ceil(len(ranked) / KEPT)]]
    return _ranked(one for one in attempts.all if one.share >= WHOLE)[0]


def frontier(ladder: Sequence[Rung], attempts: Attempts, rows: int | None = None) -> Attempt:
    """A whole fit of every rung that is better than all cheaper ones in short trials; the cheapest that will do.

    With `rows`, on which scores are measured, nobody asked for a goal: it is the last that gained more than chance.
    """
    shorts = [attempts.of(rung, SHORT) for rung in ladder if attempts.fits(rung)]
    wholes = [attempts.of(one.rung, WHOLE) for one in front(shorts)]
    if rows is None:
        return next((one for one in wholes if one.promising), _ranked(wholes)[0])
    found = wholes[0]
    for one in wholes[1:]:
        if (one.sound, one.score > found.score + standard_error(found.score, rows)) > (found.sound, False):
            found = one
    return found


def otherwise(found: Attempt, attempts: Attempts, others: Sequence[Settings]) -> Attempt:
    """The same rung by the first of other settings with which it does better; as it is without one."""
    for settings in others:
        one = attempts.otherwise(found, settings)
        if _ranked([found, one])[0] is one:
            return one
    return found


def front(tried: Sequence[Attempt]) -> list[Attempt]:
    """From cheap to dear, those with a better score than every cheaper one."""
    found: list[Attempt] = []
    for one in sorted(tried, key=lambda one: (one.rung.work, -one.score)):
        if not found or one.score > found[-1].score:
            found.append(one)
    return found


def _trials(ladder: Sequence[Rung], attempts: Attempts, rows: int, brief: bool) -> Iterator[Attempt]:
    """The way up. Where fits are brief it begins in the middle; and if that is promising, anew, to end there."""
    if not brief:
        return _climb(_strides(ladder, attempts, STRIDE), attempts, rows, GOAL_PATIENCE)
    half = next((n for n in range(len(ladder) // 2, -1, -1) if attempts.fits(ladder[n])), 0)
    if not (attempts.fits(ladder[half]) and attempts.of(ladder[half], SHORT).promising):
        return _climb(_strides(ladder[half:], attempts, BRIEF_STRIDE), attempts, rows, GOAL_PATIENCE)
    below = _strides(ladder[:half], attempts, BRIEF_STRIDE)
    return (attempts.of(rung, SHORT) for rung in (*below, ladder[half]))


def _strides(ladder: Sequence[Rung], attempts: Attempts, stride: float) -> Iterator[Rung]:
    """The cheapest within the budget, then each time the next that has `stride` times the work."""
    least = 0.0
    for rung in ladder:
        if rung.work >= least and attempts.fits(rung):
            yield rung
            least = stride * rung.work


def _climb(strides: Iterator[Rung], attempts: Attempts, rows: int, patience: int) -> Iterator[Attempt]:
    """Short trials until `patience` of them in a row gained no more than chance, or nothing is left to gain."""
    level, since = -1.0, 0
    for rung in strides:
        one = attempts.of(rung, SHORT)
        yield one
        gained = one.score > level + standard_error(level, rows)
        level, since = (one.score, 0) if gained else (level, since + 1)
        if since >= patience or level + standard_error(level, rows) >= 1:
            return


def _beside(up: Sequence[Rung], ladder: Sequence[Rung], attempts: Attempts, stride: float) -> list[Rung]:
    """What lies less than a stride from the best trial on the way up, and was passed by; none where none can pass."""
    best = _ranked(attempts.of(rung, SHORT) for rung in up)[0]
    if best.outlook(0.0) < attempts.bar:
        return []
    least, most = best.rung.work / stride, best.rung.work * stride
    return [rung for rung in ladder if least < rung.work < most and rung not in up]


def _passing(rungs: Sequence[Rung], attempts: Attempts, rows: int) -> Attempt | None:
    """The first that is promising after a whole fit; only what is worth one gets it."""
    for rung in rungs:
        if _worthy(attempts.of(rung, SHORT), attempts, rows) and attempts.of(rung, WHOLE).promising:
            return attempts.of(rung, WHOLE)
    return None


def _worthy(trial: Attempt, attempts: Attempts, rows: int) -> bool:
    """Whether a trial is worth a whole fit, or being one already promising.

    Not what whole fits so far give no hope for, nor what did less well, by more than chance, than one that was fitted
    in vain.
    """
    if trial.share >= WHOLE:
        return trial.promising
    vain = attempts.in_vain()
    return attempts.hopeful(trial, rows) and trial.score >= vain - standard_error(vain, rows)


def _halved(rungs: Sequence[Rung], attempts: Attempts, rows: int) -> Attempt:
    """When nothing was promising: one in so many for longer; the best again if that gains and there is hope."""
    shorts = _ranked(attempts.of(rung, SHORT) for rung in rungs)
    for one in shorts[: math.ceil(len(shorts) / KEPT)]:
        attempts.of(one.rung, WHOLE)
    top = _ranked(one for one in attempts.all if one.share >= WHOLE)[0]
    before = attempts.of(top.rung, SHORT).score
    if top.score <= before + standard_error(before, rows) or not attempts.hopeful(top, rows):
        return top
    return _ranked([top, attempts.of(top.rung, LONG)])[0]


def _taught(found: Attempt, ladder: Sequence[Rung], attempts: Attempts, rows: int) -> Attempt:
    """The best of what the budget allows, fitted once more with a tutor from beyond it, if that does better.

    The tutor is the dearest whose fit takes no more than the whole search did so far; it teaches only what it knows
    better by more than chance.
    """
    spent = sum(one.work for one in attempts.all)
    price = found.work / found.share / found.rung.work  # of a whole fit, for each multiply-add of the answer
    able = (rung for rung in reversed(ladder) if price * rung.work <= spent and not attempts.fits(rung))
    rung = next(able, None)
    if rung is None:
        return found
    tutor = attempts.of(rung, WHOLE)
    if tutor.score <= found.score + standard_error(found.score, rows):
        return found
    return _ranked([found, attempts.taught(found, tutor)])[0]


def _ranked(tried: Iterator[Attempt] | Sequence[Attempt]) -> list[Attempt]:
    """The best first, what breaks a check last; of equals the cheaper, the more briefly fitted."""
    return sorted(tried, key=lambda one: (not one.sound, -one.score, one.rung.work, one.share))
