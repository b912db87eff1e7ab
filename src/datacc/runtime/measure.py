"""How long one answer takes on this machine, and whether the machine was quiet while it was measured.

Time is read around blocks: one call of NAME_batch on distinct rows, which the program answers one by one; the loop is
in C. A block is long enough that reading the clock and calling from Python (about a microsecond together) are noise in
it. The median is taken over long blocks, the 99th percentile over short ones, each divided by its rows: it is the time
of an answer in the worst hundredth of short stretches. Between long blocks a fixed piece of work, a digest of 64 KiB,
is timed; when that varies, something else ran meanwhile, and `quiet` is False.
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
    """Measure on `inputs`, each (N, *shape), N ≥ 1, repeated as needed. Takes about a third of a second."""
    rows = native.pack(inputs)
    if not len(rows):
        raise DataError("there is no input to measure with")
    answers = np.zeros(len(rows), native.answer_row)
    native.run(rows, answers)
    once = min(_timed(lambda: native.run(rows, answers)) for _ in range(3)) / len(rows)
    long, short = (_block(rows, seconds / once) for seconds in (LONG, SHORT))
    answers = np.zeros(len(long), native.answer_row)
    blocks, reference = [], []
    for _ in range(BLOCKS):
        reference.append(_timed(_fixed_work))
        blocks.append(_timed(lambda: native.run(long, answers)) / len(long))
    stretches = [_timed(lambda: native.run(short, answers)) / len(short) for _ in range(SHORT_BLOCKS)]
    low, middle, high = min(reference), float(np.median(reference)), float(np.percentile(reference, 90))
    return Latency(
        median=float(np.median(blocks)),
        p99=float(np.percentile(stretches, 99)),
        quiet=high <= QUIET * middle and middle <= QUIET * low,
        reference=middle,
        spread=high / low,
        rows=min(len(rows), len(long)),
    )


def _block(rows: NDArray[Any], count: float) -> NDArray[Any]:
    """About `count` rows, at least one, the given ones over and over."""
    return np.ascontiguousarray(np.resize(rows, max(1, round(count))))


def _fixed_work() -> None:
    blake2b(_FIXED_WORK).digest()


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
