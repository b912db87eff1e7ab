"""One-sided 95 % bounds of rates (Clopper–Pearson 1934), and what they can certify."""

import math
from typing import Final

import numpy as np

CONFIDENCE: Final = 0.95


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


def _tail(right: int, total: int, rate: float) -> float:
    """The probability of `right` or more successes in `total` draws."""
    k = np.arange(right, total + 1)
    logs = _log_factorials(total)
    terms = logs[total] - logs[k] - logs[total - k] + k * math.log(rate) + (total - k) * math.log1p(-rate)
    return float(np.exp(terms).sum())


def _log_factorials(n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    logs = np.zeros(n + 1)
    np.cumsum(np.log(np.arange(1, n + 1)), out=logs[1:])
    return logs


def needed_right(total: int, goal: float) -> int | None:
    """The fewest right answers of `total` whose bound reaches `goal`; None when even all of them do not."""
    if lower_bound(total, total) < goal:
        return None
    low, high = 0, total  # the bound grows with `right`: the invariant is bound(high) ≥ goal > bound(low - 1)
    while low < high:
        middle = (low + high) // 2
        if lower_bound(middle, total) >= goal:
            high = middle
        else:
            low = middle + 1
    return high


def needed_total(goal: float) -> int:
    """The fewest rows with which a faultless program certifies `goal` (0 < goal < 1)."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(goal) - 1e-9)
