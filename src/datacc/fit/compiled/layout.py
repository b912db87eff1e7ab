"""How the values of a step lie in memory: channels padded to whole vectors, room around what windows read."""

from dataclasses import replace
from typing import Final

from datacc.frozen import frozen
from datacc.ir.plan import LANES, picture
from datacc.spec.cpus import Cpu

WIDE: Final = 16  # floats of the wider vector

Sides = tuple[int, int, int, int]  # rows and pixels of zeros: above, left, below, right
NO_SIDES: Final[Sides] = (0, 0, 0, 0)


@frozen
class Layout:
    """One example of a value: `height` × `width` pixels of `channels`, in elements.

    A pixel takes `pixel` elements. Between pixels and rows lie `spread` − 1 rows and pixels of zeros, which the
    gradient of a convolution with that stride reads as if they were values. `sides` of zeros surround it all.
    Examples lie `apart` from one another; 0: with nothing between.
    """

    height: int
    width: int
    channels: int
    pixel: int
    spread: tuple[int, int] = (1, 1)
    sides: Sides = NO_SIDES
    apart: int = 0

    @property
    def column(self) -> int:
        """From one pixel to the next."""
        return self.spread[1] * self.pixel

    @property
    def line(self) -> int:
        """From one line of memory to the next."""
        return (self.sides[1] + (self.width - 1) * self.spread[1] + 1 + self.sides[3]) * self.pixel

    @property
    def row(self) -> int:
        """From one row to the next."""
        return self.spread[0] * self.line

    @property
    def first(self) -> int:
        """To the first pixel."""
        return self.sides[0] * self.line + self.sides[1] * self.pixel

    @property
    def step(self) -> int:
        """From one example to the next."""
        return self.apart or self.size

    @property
    def has_zeros(self) -> bool:
        """Whether there are elements that nothing writes, which must be zeros."""
        return self.sides != NO_SIDES or self.spread != (1, 1) or self.pixel != self.channels

    @property
    def size(self) -> int:
        """From the beginning to the end of an example."""
        return (self.sides[0] + (self.height - 1) * self.spread[0] + 1 + self.sides[2]) * self.line

    @property
    def is_gapless(self) -> bool:
        """Whether rows follow one another as pixels do."""
        return self.height == 1 or self.row == self.width * self.column

    @property
    def is_tight(self) -> bool:
        """Whether nothing lies between the last channel of a pixel and the next pixel."""
        return self.pixel == self.channels and self.spread[1] == 1

    def around(self, sides: Sides, spread: tuple[int, int] = (1, 1)) -> "Layout":
        """The same with at least these sides, and this spread."""
        above, left, below, right = (max(pair) for pair in zip(self.sides, sides, strict=True))
        widest = (max(self.spread[0], spread[0]), max(self.spread[1], spread[1]))
        return replace(self, sides=(above, left, below, right), spread=widest)


def padded(channels: int, cpu: Cpu) -> int:
    """`channels` rounded up to whole vectors of `vector_of` floats."""
    vector = vector_of(channels, cpu)
    return -(-channels // vector) * vector


def vector_of(channels: int, cpu: Cpu) -> int:
    """Floats of the vectors that hold so many channels: what a register holds, but eight where they suffice."""
    return WIDE if cpu.wide and channels > LANES else LANES


def plain(shape: tuple[int, ...], cpu: Cpu, *, tight: bool = False) -> Layout:
    """A value of this shape without sides; `tight` without padding, as callers pass it."""
    height, width, channels = picture(shape)
    pixel = channels if tight else padded(channels, cpu)
    return Layout(height=height, width=width, channels=channels, pixel=pixel)
