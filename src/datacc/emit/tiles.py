"""Choosing the block of output pixels whose sums a kernel keeps in registers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from datacc.spec.cpus import Cpu

LATENCY: Final = 4  # cycles of a multiply-add; a tile with fewer than twice as many sums waits for itself
PER_CYCLE: Final = 2  # multiply-adds, and vector loads


@dataclass(frozen=True, kw_only=True)
class Tile:
    """`rows` × `columns` output pixels."""

    rows: int
    columns: int


def widest(cpu: Cpu) -> int:
    """How many vectors of channels a tile spans."""
    return 2 if cpu.registers >= 16 else 1


def most_pixels(cpu: Cpu) -> int:
    """The largest tile whose sums, weights and one input fit into the registers."""
    return min(6, (cpu.registers - widest(cpu) - 1) // widest(cpu))


def best_tile(height: int, width: int, vectors: int, most: int) -> Tile:
    """The tile of at most `most` pixels that covers height × width in the fewest cycles; wide before high."""
    tiles = [Tile(rows=r, columns=c) for r in range(1, most + 1) for c in range(1, most // r + 1)]
    fitting = [tile for tile in tiles if tile.rows <= height and tile.columns <= width]
    return min(fitting, key=lambda tile: (_cycles(tile, height, width, vectors), -tile.columns))


def _cycles(tile: Tile, height: int, width: int, vectors: int) -> float:
    """Cycles per input channel and tap, remainders included."""
    total = 0.0
    for first_y, end_y, rows, columns_of in cover(tile, height, width):
        for first_x, end_x, columns in columns_of:
            count, pixels = (end_y - first_y) // rows * ((end_x - first_x) // columns), rows * columns
            total += count * max(LATENCY, pixels * vectors / PER_CYCLE, (pixels + vectors) / PER_CYCLE)
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
