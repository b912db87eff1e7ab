"""Single answers with cold caches: between two of them a buffer larger than the caches is written.

A call from Python with cold caches costs tens of microseconds by itself. So each answer is timed beside a call of the
same path that answers nothing, just as cold, and that is taken off.
"""

import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np

FLUSH = 64 << 20  # bytes


def cold(sides: Mapping[str, Callable[[int], object]], rounds: int) -> dict[str, float]:
    """Median seconds of one answer of every side, in turns, each after the caches were filled with something else."""
    flush = np.zeros(FLUSH // 8)
    taken: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in sides}
    for k in range(2 * rounds):
        for name, answer in sides.items():
            answer(1)  # so that neither of the two pays for the side before
            for count in (k % 2, 1 - k % 2):
                flush += 1
                began = time.perf_counter()
                answer(count)
                taken[name][count].append(time.perf_counter() - began)
    return {name: max(0.0, median(one) - median(none)) for name, (none, one) in taken.items()}
