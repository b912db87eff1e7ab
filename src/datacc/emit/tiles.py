"""Choosing the block of output pixels whose sums a kernel keeps in registers."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from datacc.frozen import frozen
from datacc.spec.cpus import Cpu

LATENCY: Final = 4  # cycles of a multiply-add; a tile with fewer than twice as many sums waits for itself
ROUND: Final = 2  # cycles that each round of a tile's loop loses, as measured
ROUND_SIXTEEN: Final = 1  # the same with sixteen registers, as measured on AVX2
PER_CYCLE: Final = 2  # multiply-adds, and vector loads
START: Final = 12  # cycles that a tile takes beside its multiply-adds
SUMS: Final = 24  # the most vectors of sums that any kernel keeps
FREE: Final = 16  # one register of so many stays free, or compilers keep a sum in memory, for which each round waits


@frozen
class Tile:
    """`rows` × `columns` output pixels."""

    rows: int
    columns: int


def most_vectors(cpu: Cpu) -> int:
    """How many vectors of channels a tile spans at most."""
    return 2 if cpu.registers >= 16 else 1


def most_pixels(cpu: Cpu, vectors: int, *, own: bool = False) -> int:
    """The largest tile whose sums, a row of weights and one input fit into the registers.

    Where each pixel reads a vector of its `own`, as in depthwise convolutions, larger tiles than half of that only
    move more cache lines at a time.
    """
    return cpu.registers // 2 if own else min(SUMS, cpu.registers - vectors - 1 - cpu.registers // FREE) // vectors


def best_tile(height: int, width: int, vectors: int, depth: int, cpu: Cpu, *, own: bool = False) -> Tile:
    """The tile that covers height × width in the fewest cycles, wide before high; `depth` products make one output."""
    most = most_pixels(cpu, vectors, own=own)
    tiles = [Tile(rows=r, columns=c) for r in range(1, most + 1) for c in range(1, most // r + 1)]
    fitting = [tile for tile in tiles if tile.rows <= height and tile.columns <= width]
    return min(fitting, key=lambda tile: (_cycles(tile, height, width, vectors, depth, cpu), -tile.columns))


@cache
def fewest_cycles(height: int, width: int, vectors: int, depth: int, cpu: Cpu, *, own: bool = False) -> float:
    """The cycles of the best tile on height × width."""
    return _cycles(best_tile(height, width, vectors, depth, cpu, own=own), height, width, vectors, depth, cpu)


def _cycles(tile: Tile, height: int, width: int, vectors: int, depth: int, cpu: Cpu) -> float:
    """Cycles of all tiles, remainders included."""
    total, lost = 0.0, ROUND_SIXTEEN if cpu.registers == 16 else ROUND
    for first_y, end_y, rows, columns_of in cover(tile, height, width):
        for first_x, end_x, columns in columns_of:
            count, pixels = (end_y - first_y) // rows * ((end_x - first_x) // columns), rows * columns
            product = max(LATENCY, lost + pixels * vectors / PER_CYCLE, (pixels + vectors) / PER_CYCLE)
            total += count * (START + pixels * vectors + depth * product)
    return total


Columns = tuple[tuple[int, int, int], ...]


def cover(tile: Tile, height: int, width: int) -> Iterator[tuple[int, int, int, Columns]]:
    """Regions that tiles of one form cover: (first y, end y, rows, columns), columns the same along x."""
    columns = tuple(_spans(width, tile.columns))
    for first, end, rows in _spans(height, tile.rows):
        yield first, end, rows, columns


def _spans(length: int, step: int) -> Iterator[tuple[int, int, int]]:
    """(first, end, step) of the whole steps, then of the remainder."""
    even = length - length % step
    if even:
        yield 0, even, step
    if even < length:
        yield even, length, length - even
