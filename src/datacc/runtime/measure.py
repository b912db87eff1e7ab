"""How long one answer takes on this machine, and whether the machine was quiet while it was measured.

Time is read around blocks: one call of NAME_batch on distinct rows, which the program answers one by one; the loop is
in C. A block is long enough that reading the clock and calling from Python (about a microsecond together) are noise in
it. The median is taken over long blocks, the 99th percentile over short ones, each divided by its rows: it is the time
of an answer in the worst hundredth of short stretches. Long blocks, short blocks and a fixed piece of work, a digest
of 64 KiB, take turns; where the fixed work varies, or an answer takes longer within long blocks than in nearly all of
the short ones, something else ran meanwhile. Up to five rounds are measured, until one is quiet; the quietest counts,
and says whether it was.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.runtime.native import Native

LONG: Final = 1e-3  # seconds of a block for the median
SHORT: Final = 50e-6  # seconds of a block for the 99th percentile
BLOCKS: Final = 30  # long blocks in a round
SHORT_BLOCKS: Final = 20  # short blocks after each long one
ROUNDS: Final = 5
WARM: Final = 64  # rows that tell how long blocks must be
BRIEF: Final = 3  # long blocks of the only round, where no limit of time depends on it
QUIET: Final = 1.15  # how far the fixed work's median may lie above its minimum, its 90th percentile above its median
DISTURBED: Final = 1.5  # and its 99th percentile above its median

_FIXED_WORK: Final = bytes(range(256)) * 256


@frozen
class Latency:
    """Seconds of one answer, batch 1, warm caches: median and 99th percentile.

    `quiet` tells whether the machine was at rest; `reference` is the median time of the fixed work and `spread` its
    99th percentile over its minimum. `rows` distinct inputs were used, at most.
    """

    median: float
    p99: float
    quiet: bool
    reference: float
    spread: float
    rows: int


def latency(native: Native, inputs: Mapping[str, NDArray[Any]], *, brief: bool = False) -> Latency:
    """Measure on `inputs`, each (N, *shape), N ≥ 1, repeated as needed; in rounds of 0.1 seconds, or in one of 0.01."""
    rows = native.pack(inputs)
    if not len(rows):
        raise DataError("there is no input to measure with")
    first = rows[:WARM]
    once = min(_blocks(native, first, 3)) / len(first)  # the warm-up
    long, short = (_repeated(rows, seconds / once) for seconds in (LONG, SHORT))
    blocks, most, rounds = BRIEF if brief else BLOCKS, 1 if brief else ROUNDS, list[Latency]()
    while len(rounds) < most and not (rounds and rounds[-1].quiet):
        rounds.append(_round(native, long, short, min(len(rows), len(long)), blocks))
    return min(rounds, key=lambda one: one.spread)


def _round(native: Native, long: NDArray[Any], short: NDArray[Any], rows: int, count: int) -> Latency:
    reference: list[float] = []
    blocks: list[float] = []
    stretches: list[float] = []
    for _ in range(count):
        blocks += _blocks(native, long, 1)
        for _ in range(SHORT_BLOCKS):
            reference.append(_timed(_fixed_work))
            stretches += _blocks(native, short, 1)
    low, middle, most, all_but_one = _quantiles(reference, (0, 0.5, 0.9, 0.99))
    [long_block], [short_block] = _quantiles(blocks, (0.5,)), _quantiles(stretches, (0.99,))
    median, p99 = long_block / len(long), short_block / len(short)
    is_steady = middle <= QUIET * low and most <= QUIET * middle and all_but_one <= DISTURBED * middle
    return Latency(
        median=median,
        p99=max(median, p99),  # which it is, even where long blocks were disturbed and short ones were not
        quiet=is_steady and median <= QUIET * p99,
        reference=middle,
        spread=all_but_one / low,
        rows=rows,
    )


def _quantiles(values: Sequence[float], shares: Sequence[float]) -> list[float]:
    """As `np.quantile` gives them, which imports masked arrays first: 10 ms."""
    found: list[float] = np.interp(
        np.multiply(shares, len(values) - 1), np.arange(len(values)), sorted(values)
    ).tolist()
    return found


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
