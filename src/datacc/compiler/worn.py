"""What it costs that judge was opened for several programs: the best of them is also the one that luck favours."""

from typing import Final

from datacc.compiler.shown import percent
from datacc.compiler.verdict import Line, Verdict, certified
from datacc.goals import Figure, rate, slips
from datacc.repo.words import counted
from datacc.spec.bounds import CONFIDENCE

_DOUBT: Final = 1 - CONFIDENCE


def worn(verdict: Verdict) -> str:
    """How often judge was opened, and what is left of the bounds of its goals; "" while it saw one program alone.

    Of k programs a bound holds for all, and so for whichever is kept, where each may fail with 5 % / k (Bonferroni).
    """
    opened = verdict.opened
    if opened is None or opened.programs < 2:
        return ""
    goals = [line for line in verdict.lines if line.kind == "goal" and line.figure is not None and line.figure.total]
    exact = [_left(line, line.figure, opened.programs) for line in goals if line.figure and line.figure.spread is None]
    sure = percent(max(0.0, 1 - opened.programs * _DOUBT))
    others = [f"bootstrapped bounds are {sure} certain, not {percent(CONFIDENCE)}"] if len(exact) < len(goals) else []
    return (
        f"judge was opened {counted(opened.times, 'time')}, for {opened.programs:,} programs, since its examples last "
        f"changed. If this one is kept for what judge said of them, {'; '.join([*exact, *others])}"
    )


def _left(line: Line, figure: Figure, programs: int) -> str:
    """What is certified of a rate of the best of so many programs."""
    right, total, confidence = figure.right, figure.total, 1 - _DOUBT / programs
    left = slips(total - right, total, confidence) if figure.at_most else rate(right, total, confidence)
    missed = line.limit is not None and line.holds and not left.reaches(line.limit)
    told = f"{line.what} {certified(left)} is certified, not {certified(figure)}"
    return f"{told}, which misses {line.wanted}" if missed else told
