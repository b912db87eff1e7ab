"""How Winograd's convolution F(2 × 2, 3 × 3) is cut into blocks of tiles, what it works in, and when it is worth it."""

from functools import cached_property
from typing import Final

from datacc.emit.abreast import abreast
from datacc.emit.bands import Band, stretch
from datacc.emit.form import Form
from datacc.emit.lanes import WIDE
from datacc.emit.tiles import Tile, cover, fewest_cycles, most_vectors
from datacc.frozen import frozen
from datacc.ir.plan import LANES, lanes

PLANES: Final = 16  # products of which the four outputs of a tile are made
MOST_TILES: Final = 6  # in a block: eight are up to 5 % faster on wide vectors, for a third more memory
THRIFT: Final = 0.06  # so that half the scratch is worth 4 % of the time
LINE: Final = 16  # floats of a cache line
SETS: Final = 256  # floats, a quarter of the 4,096 bytes after which a cache begins again at its first set
LEAST: Final = 8  # channels, below which the transforms outweigh the products
TRANSFORM: Final = 18  # cycles for one vector of channels of one tile, on either side


@frozen
class Blocks:
    """The blocks of a convolution, `tile` outputs each. All distances in floats.

    Each block is transformed into 16 planes of tiles × input channels, each plane is multiplied with a matrix of its
    own, and the planes of products are transformed into outputs, a block of output channels after the other.
    """

    form: Form
    tile: Tile

    @staticmethod
    def of(form: Form) -> "Blocks":
        """The blocks that take the fewest cycles; a little more time is given for much less scratch."""
        down, across = -(-form.out.height // 2), -(-form.out.width // 2)
        found = [Blocks(form=form, tile=_tile(down, across, most)) for most in range(MOST_TILES, 0, -1)]
        return min(found, key=lambda blocks: blocks.cycles * blocks.scratch**THRIFT)

    @property
    def channels(self) -> int:
        """Input channels, in whole vectors."""
        return lanes(self.form.weight.shape[3])

    @property
    def suffix(self) -> str:
        """What follows the name of the kernel that transforms inputs."""
        return "_wide" if self.form.cpu.wide and self.channels % WIDE == 0 else ""

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """Bands of output channels, the widest first."""
        return stretch(self.form.out.pixel, self.form.cpu, most_vectors(self.form.cpu))

    @property
    def window_plane(self) -> int:
        """From one plane of windows to the next."""
        return _apart(self.tile.rows * self.tile.columns // 4 * self.channels)

    @property
    def product_plane(self) -> int:
        """From one plane of products to the next."""
        return _apart(self.tile.rows * self.tile.columns // 4 * self.bands[0].width)

    @property
    def scratch(self) -> int:
        """The bytes of both sets of planes."""
        return 4 * PLANES * (self.window_plane + self.product_plane)

    @cached_property
    def cycles(self) -> float:
        """About how many cycles all blocks take."""
        cpu, depth, total = self.form.cpu, self.form.weight.shape[3], 0.0
        vectors = self.channels // (WIDE if self.suffix else LANES)
        vectors += sum(band.blocks * band.vectors for band in self.bands)
        for first_y, end_y, rows, columns_of in cover(self.tile, self.form.out.height, self.form.out.width):
            for first_x, end_x, columns in columns_of:
                count, tiles = (end_y - first_y) // rows * ((end_x - first_x) // columns), tiles_of(rows, columns)
                products = sum(band.blocks * fewest_cycles(1, tiles, band.vectors, depth, cpu) for band in self.bands)
                total += count * (PLANES * products + TRANSFORM * tiles * vectors)
        return total


def _tile(down: int, across: int, most: int) -> Tile:
    """The outputs of a block of at most `most` tiles: whole rows of tiles, or an even share of one row."""
    if across > most:
        return Tile(rows=2, columns=2 * _even(across, most))
    return Tile(rows=2 * _even(down, most // across), columns=2 * across)


def suits(form: Form) -> bool:
    """Whether a convolution is computed so: 3 × 3 windows side by side on whole vectors of channels, and faster so."""
    is_plain = form.groups == 1 and form.stride == form.dilation == (1, 1) and form.weight.shape[1:3] == (3, 3)
    is_whole = form.source.pixel % LANES == 0 and form.weight.shape[3] >= LEAST and form.out.width >= 2
    return form.winograd and is_plain and is_whole and Blocks.of(form).cycles < abreast(form).cycles


def tiles_of(rows: int, columns: int) -> int:
    """The tiles of rows × columns outputs, those at an odd edge included."""
    return (rows + 1) // 2 * ((columns + 1) // 2)


def _even(length: int, most: int) -> int:
    """The share of `length` in the fewest parts of at most `most`."""
    parts = -(-length // most)
    return -(-length // parts)


def _apart(floats: int) -> int:
    """From one plane to the next, in whole lines: not so that more than two planes fall into one set of the cache."""
    whole = -(-floats // LINE) * LINE
    return whole if whole % SETS else whole + LINE
