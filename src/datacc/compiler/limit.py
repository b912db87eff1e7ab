"""The confidence from which an answer is known: an order statistic of confidences that no choice has seen.

With n of them, the (k + 1)-th smallest as the limit leaves a share of all inputs known that is distributed as
Beta(n − k, k + 1), whatever the program (split-conformal prediction: Vovk et al. 2005; Vovk 2012 for the law). The
share of wrong ones among the known is held by testing limits one after the other, in an order that is fixed before
(Angelopoulos et al. 2021, "Learn then Test").
"""

import math
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.certify import LIKELY, chance_of
from datacc.frozen import frozen
from datacc.goals import least, rate
from datacc.spec.bounds import needed_right, needed_total

STEPS: Final = 200  # limits that are tested, at most about
FEW: Final = 4  # one in so many is known at first where only an error is asked: if not these, then none


@frozen
class Asked:
    """What the goals ask: at most so large an error, at least such a coverage, None for no such goal; judge's rows."""

    error: float | None = None
    coverage: float | None = None
    judge: int

    @property
    def any(self) -> bool:
        """Whether there is anything that a limit is for."""
        return self.error is not None or self.coverage is not None


@frozen
class Limit:
    """One limit: `unknown` of `rows` calibrating rows lie below it, and `right` of the others are answered right.

    `holds`: with 95 % confidence the error is as small as asked, by these rows and the order of tests alone; True where
    none is asked. `chance` is that of passing both goals on judge.
    """

    value: float
    unknown: int
    rows: int
    right: int
    holds: bool
    chance: float

    @property
    def known(self) -> int:
        """The calibrating rows that reach it."""
        return self.rows - self.unknown


def choose(confidence: NDArray[Any], right: NDArray[np.bool_], asked: Asked) -> Limit:
    """The limit for confidences (N,), N ≥ 1, of answers that are `right` or not.

    With a coverage alone, as many rows are left out as make it likely that judge certifies it: the program answers no
    more than it must. With an error, the most rows that make passing likely, among limits that the tests let through;
    without such a limit the likeliest of these, and without any the first that was tested.
    """
    sorted_ = _Sorted(confidence, right, asked)
    start = sorted_.start
    if asked.error is None:
        return sorted_.limit(start)
    through: list[Limit] = []
    for unknown in range(start, -1, -max(1, len(confidence) // STEPS)):
        tested = sorted_.limit(unknown)
        if not tested.holds:
            break
        through.append(tested)
    likely = [one for one in through if one.chance >= LIKELY]
    return likely[-1] if likely else max(through, key=lambda one: one.chance, default=sorted_.limit(start))


def given(value: float, surety: NDArray[Any], right: NDArray[np.bool_]) -> Limit:
    """The limit `value` that nobody chose, and what it leaves out of N answers as sure as `surety` (N,)."""
    value = float(np.float32(value))
    known = surety >= value
    count, rows = int(known.sum()), len(surety)
    return Limit(value=value, unknown=rows - count, rows=rows, right=int(right[known].sum()), holds=True, chance=1.0)


class _Sorted:
    """Calibrating rows by their confidence, and what the goals mean for each limit."""

    def __init__(self, confidence: NDArray[Any], right: NDArray[np.bool_], asked: Asked) -> None:
        order = np.argsort(confidence, kind="stable")
        self.confidence, self.asked = confidence[order], asked
        self.wrong_below = np.concatenate([[0], np.cumsum(~right[order])])
        self.least = None if asked.error is None else least(asked.error, at_most=True)
        self.wanted = None if asked.coverage is None else needed_right(asked.judge, asked.coverage)

    @cached_property
    def start(self) -> int:
        """How many rows the first limit leaves out: fixed by counts and goals before any answer is looked at."""
        rows = len(self.confidence)
        certain = 1 if self.least is None else needed_total(self.least)
        if self.asked.coverage is None:
            return max(0, rows - max(certain, math.ceil(rows / FEW)))
        low, high = 0, rows - certain + 1 if certain <= rows else rows  # the chance falls with what is left out
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._covers(middle) >= LIKELY else (low, middle)
        return low

    def limit(self, unknown: int) -> Limit:
        """The limit at the confidence above `unknown` others; equal ones reach it too."""
        value = self.confidence[unknown]
        below, rows = int(np.searchsorted(self.confidence, value)), len(self.confidence)
        known = rows - below
        right = known - int(self.wrong_below[rows] - self.wrong_below[below])
        holds, certifies = self._errs(right, known)
        chance = self._covers(below) * certifies
        return Limit(value=float(value), unknown=below, rows=rows, right=right, holds=holds, chance=chance)

    def _covers(self, unknown: int) -> float:
        """The chance that judge certifies the coverage: of a Beta-binomial draw, exactly."""
        if self.asked.coverage is None:
            return 1.0
        n = len(self.confidence)
        seen = rate(n - 1 - unknown, n - 1)  # with one more of each kind, as `chance_of` adds, Beta(n - k, k + 1)
        return 0.0 if self.wanted is None else chance_of(self.wanted, self.asked.judge, seen)

    def _errs(self, right: int, known: int) -> tuple[bool, float]:
        """Whether the bound of the error holds on these rows, and the chance that it does on judge."""
        if self.least is None:
            return True, 1.0
        wanted = needed_right(known, self.least)
        judged = max(1, round(self.asked.judge * known / (len(self.confidence) + 1)))
        there = needed_right(judged, self.least)
        chance = 0.0 if there is None else chance_of(there, judged, rate(right, known))
        return wanted is not None and right >= wanted, chance
