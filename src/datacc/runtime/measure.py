"""How long one answer takes on this machine, and whether the machine was quiet while it was measured.

Time is read around blocks: one call of NAME_batch on distinct rows, which the program answers one by one; the loop is
in C. A block is long enough that reading the clock and calling from Python (about a microsecond together) are noise in
it. The median is taken over long blocks, the 99th percentile over short ones, each divided by its rows: it is the time
of an answer in the worst hundredth of short stretches. Before every long block a fixed piece of work, a digest of
64 KiB, is timed; when that varies, something else ran meanwhile. Up to five rounds are measured, until one is quiet; the
quietest counts, and says whether it was.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.runtime.native import Native

LONG: Final = 1e-3  # seconds of a block for the median
SHORT: Final = 50e-6  # seconds of a block for the 99th percentile
BLOCKS: Final = 60  # long blocks
SHORT_BLOCKS: Final = 1000
ROUNDS: Final = 5
QUIET: Final = 1.15  # the reference's 90th percentile over its median, and its median over its minimum

_FIXED_WORK: Final = bytes(range(256)) * 256


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Seconds of one answer, batch 1, warm caches: median and 99th percentile.

    `quiet` tells whether the machine was at rest; `reference` is the median time of the fixed work and `spread` its
    90th percentile over its minimum. `rows` distinct inputs were used, so many in each long block.
    """

    median: float
    p99: float
    quiet: bool
    reference: float
    spread: float
    rows: int


def latency(native: Native, inputs: Mapping[str, NDArray[Any]]) -> Latency:
    """Measure on `inputs`, each (N, *shape), N ≥ 1, repeated as needed. Takes 0.2 to 1 second."""
    rows = native.pack(inputs)
    if not len(rows):
        raise DataError("there is no input to measure with")
    once = min(_blocks(native, rows, 3)) / len(rows)  # the warm-up
    long, short = (_repeated(rows, seconds / once) for seconds in (LONG, SHORT))
    rounds: list[Latency] = []
    while len(rounds) < ROUNDS and not (rounds and rounds[-1].quiet):
        rounds.append(_round(native, long, short, min(len(rows), len(long))))
    return min(rounds, key=lambda one: one.spread)


def _round(native: Native, long: NDArray[Any], short: NDArray[Any], rows: int) -> Latency:
    blocks, reference = [], []
    for _ in range(BLOCKS):
        reference.append(_timed(_fixed_work))
        blocks += _blocks(native, long, 1)
    low, middle, high = min(reference), float(np.median(reference)), float(np.percentile(reference, 90))
    return Latency(
        median=float(np.median(blocks)) / len(long),
        p99=float(np.percentile(_blocks(native, short, SHORT_BLOCKS), 99)) / len(short),
        quiet=high <= QUIET * middle and middle <= QUIET * low,
        reference=middle,
        spread=high / low,
        rows=rows,
    )


def _blocks(native: Native, rows: NDArray[Any], count: int) -> list[float]:
    """The seconds of `count` calls on `rows`."""
    answers = np.zeros(len(rows), native.answer_row)
    return [_timed(lambda: native.run(rows, answers)) for _ in range(count)]


def _repeated(rows: NDArray[Any], count: float) -> NDArray[Any]:
    """About `count` rows, at least one, the given ones over and over."""
    return np.ascontiguousarray(np.resize(rows, max(1, round(count))))


def _fixed_work() -> None:
    blake2b(_FIXED_WORK).digest()


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
