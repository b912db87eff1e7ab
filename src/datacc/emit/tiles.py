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
    return sum(
        count * max(LATENCY, rows * columns * vectors / PER_CYCLE, (rows * columns + vectors) / PER_CYCLE)
        for count, rows, columns in _parts(tile, height, width)
    )


def _parts(tile: Tile, height: int, width: int) -> Iterator[tuple[int, int, int]]:
    """(how many, rows, columns) of the tiles that cover height × width."""
    for down, rows in ((height // tile.rows, tile.rows), (1, height % tile.rows)):
        for across, columns in ((width // tile.columns, tile.columns), (1, width % tile.columns)):
            if rows and columns:
                yield down * across, rows, columns


def cover(tile: Tile, height: int, width: int) -> Iterator[tuple[int, int, int, int, int, int]]:
    """(first y, end y, rows, first x, end x, columns) of the regions that tiles of one form cover."""
    even_y, even_x = height - height % tile.rows, width - width % tile.columns
    for y, end_y, rows in ((0, even_y, tile.rows), (even_y, height, height - even_y)):
        for x, end_x, columns in ((0, even_x, tile.columns), (even_x, width, width - even_x)):
            if y < end_y and x < end_x:
                yield y, end_y, rows, x, end_x, columns
