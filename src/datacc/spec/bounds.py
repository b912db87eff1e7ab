"""One-sided 95 % bounds of rates (Clopper–Pearson 1934), and what they can certify."""

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.95

Floats = NDArray[np.float64]


def lower_bound(right: int, total: int, confidence: float = CONFIDENCE) -> float:
    """The rate that `right` of `total` certifies: the smallest p at which so many right answers are not unusual.

    Exact (Clopper–Pearson), by bisection to 1e-12. Zero rows certify nothing. Raises `ValueError` for wrong counts.
    """
    if not 0 <= right <= total:
        raise ValueError(f"{right} of {total} is no count")
    if right == 0:
        return 0.0
    low, high = 0.0, right / total
    while high - low > 1e-12:
        middle = (low + high) / 2
        if _tail(right, total, middle) > 1 - confidence:
            high = middle
        else:
            low = middle
    return low if right < total else (1 - confidence) ** (1 / total)


def standard_error(rate: float, total: int) -> float:
    """Of a rate measured on `total` rows; 0 for a rate that is not above 0."""
    return math.sqrt(rate * (1 - rate) / total) if rate > 0 else 0.0


def _tail(right: int, total: int, rate: float) -> float:
    """The probability of `right` or more successes in `total` draws."""
    return float(_probabilities(right, total, rate).sum())


def _probabilities(least: int, total: int, rate: float) -> Floats:
    """Of `least`, `least` + 1 … `total` successes in `total` draws."""
    k = np.arange(least, total + 1)
    logs = log_factorials(total)
    terms = logs[total] - logs[k] - logs[total - k] + k * math.log(rate) + (total - k) * math.log1p(-rate)
    found: Floats = np.exp(terms)
    return found


def log_factorials(n: int) -> Floats:
    """ln 0!, ln 1! … ln n!."""
    logs = np.zeros(n + 1)
    np.cumsum(np.log(np.arange(1, n + 1)), out=logs[1:])
    return logs


@lru_cache(maxsize=1 << 14)  # whoever tries many limits asks the same again and again
def needed_right(total: int, goal: float) -> int | None:
    """The fewest right answers of `total` whose bound reaches `goal`; None when even all of them do not."""
    if goal >= 1 or total == 0:
        return None if goal > 0 else 0
    if goal <= 0:
        return 0
    # A bound reaches the goal where so many right answers, or more, are unusual at a rate of just the goal.
    tails = np.cumsum(_probabilities(0, total, goal)[::-1])  # of `total` or more right, of one less or more …
    enough = int(np.searchsorted(tails, 1 - CONFIDENCE, side="right"))
    return total + 1 - enough if enough else None


def needed_total(goal: float) -> int:
    """The fewest rows with which a faultless program certifies `goal` (0 < goal < 1)."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(goal) - 1e-9)
