"""Single answers with cold caches: between two of them a buffer larger than the caches is written."""

import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np

FLUSH = 64 << 20  # bytes


def cold(sides: Mapping[str, Callable[[int], object]], rounds: int) -> dict[str, float]:
    """Median seconds of one answer of every side, in turns, each after the caches were filled with something else."""
    flush = np.zeros(FLUSH // 8)
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, answer in sides.items():
            flush += 1
            began = time.perf_counter()
            answer(1)
            taken[name].append(time.perf_counter() - began)
    return {name: median(times) for name, times in taken.items()}
