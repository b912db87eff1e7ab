"""Time side by side: batches of every side take turns in one process, so that what disturbs one disturbs all.

Answers are timed by the processor clock of this thread, in which every side works: on a shared machine, the time for
which the system set it aside does not count. Commands and links are timed on the wall.
"""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Final

Clock = Callable[[], float]
Answer = Callable[[int], object]  # answers that many inputs, one by one

BATCH: Final = 1e-3  # seconds that a batch should take
MOST: Final = 20_000  # inputs in a batch


def turns(
    sides: Mapping[str, Callable[[], object]], rounds: int, clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of every call: each round calls every side once, and begins one side later than the round before."""
    names = list(sides)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for k in range(rounds):
        first = k % len(names)
        for name in names[first:] + names[:first]:
            taken[name].append(_timed(sides[name], clock))
    return taken


def per_answer(
    sides: Mapping[str, Answer], rounds: int, most: int = MOST, clock: Clock = time.thread_time
) -> dict[str, float]:
    """Median seconds of one answer by each side, from interleaved batches of single answers, `most` at most each."""
    counts = {name: batch_size(answer, most, clock) for name, answer in sides.items()}
    work = {name: _of(answer, counts[name]) for name, answer in sides.items()}
    return {name: median(taken) / counts[name] for name, taken in turns(work, rounds, clock).items()}


def batch_size(answer: Answer, most: int = MOST, clock: Clock = time.thread_time) -> int:
    """How many answers take about `BATCH` seconds, from 1 to `most`; finding out warms up as well."""
    count = 1
    while count < most and (taken := _timed(_of(answer, count), clock)) < BATCH:
        count = min(most, max(2 * count, round(0.8 * count * BATCH / taken)))
    return count


def _of(answer: Answer, count: int) -> Callable[[], object]:
    return lambda: answer(count)


def _timed(work: Callable[[], object], clock: Clock) -> float:
    began = clock()
    work()
    return clock() - began
