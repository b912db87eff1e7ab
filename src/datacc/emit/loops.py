"""How a chain of elementwise ops walks: loops that take as long runs as places, padding and weights allow."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.piece import at, times, vector
from datacc.frozen import frozen
from datacc.ir.plan import LANES, Place, lanes, picture

LONGEST_ROW: Final = 4096  # floats of a table of weights that is written out for a whole row of pixels

Weight = NDArray[np.float32]  # (rows, pixels, channels); 1 along axes on which nothing changes


@frozen
class Loops:
    """`rows` of `pixels` of `run` adjacent floats each; a run may take in all channels of a row of pixels.

    `places` have an element for each of the result, `spread` one for each pixel. `keeps_zeros` says whether padded
    channels may be computed like any other.
    """

    places: tuple[Place, ...]  # the last one is that of the result
    spread: tuple[Place, ...]
    weights: Mapping[str, Weight]
    keeps_zeros: bool

    @cached_property
    def out(self) -> Place:
        """Where the result lies."""
        return self.places[-1]

    @cached_property
    def is_whole(self) -> bool:
        """Whether pixels lie everywhere alike, and all that they hold, padding included, may be computed."""
        alike = all(place.pixel == self.out.pixel for place in self.places)
        return alike and (self.out.is_packed or self.keeps_zeros)

    @cached_property
    def is_flat(self) -> bool:
        """Whether a run is a row of pixels; weights that differ along it are then written out for all of it."""
        if not self.is_whole or self.spread:
            return False
        if self.out.width == 1 or all(weight.shape[1:] == (1, 1) for weight in self.weights.values()):
            return True
        return self.out.is_packed and self.out.pixel % LANES > 0 and self.out.row <= LONGEST_ROW

    @cached_property
    def is_one_row(self) -> bool:
        """Whether rows follow each other without a gap, and weights are the same for all of them."""
        fixed = slice(0, 3) if self.is_flat else slice(0, 2)
        alike = all(set(weight.shape[fixed]) == {1} for weight in self.weights.values())
        gapless = all(place.row == place.width * place.pixel for place in (*self.places, *self.spread))
        return self.out.height == 1 or (alike and gapless)

    @cached_property
    def rows(self) -> int:
        """How many rows the outer loop visits."""
        return 1 if self.is_one_row else self.out.height

    @cached_property
    def pixels(self) -> int:
        """How many pixels of a row the inner loop visits."""
        return 1 if self.is_flat else self._columns

    @cached_property
    def run(self) -> int:
        """The floats of a run."""
        pixel = self.out.pixel if self.is_whole else self.out.channels
        return pixel * self._columns if self.is_flat else pixel

    @property
    def _columns(self) -> int:
        return self.out.width * (self.out.height if self.is_one_row else 1)

    def has_whole_vectors(self, place: Place) -> bool:
        """Whether the last vector of a run may be read and written beyond its end."""
        return not self.is_flat and place.pixel >= lanes(self.run)

    def at(self, name: str, place: Place, c: str) -> str:
        """The pointer to channel `c` of the run at y and x; an axis of one has no loop."""
        row = times("y", place.row) if self.rows > 1 else ""
        pixel = times("x", place.pixel) if self.pixels > 1 else ""
        return at(name, place.first, row, pixel, c)

    def table(self, name: str, c: str) -> str:
        """The pointer to what the table of a weight holds for channel `c` of the run at y and x."""
        height, width, _ = self.weights[name].shape
        table = self.tables[name].reshape(height, -1)
        row = times("y", table.shape[1]) if height > 1 and self.rows > 1 else ""
        pixel = times("x", lanes(self.run)) if width > 1 and self.pixels > 1 else ""
        return at(name, 0, row, pixel, c)

    @cached_property
    def tables(self) -> Mapping[str, Weight]:
        """The weights that are no single number: whole vectors for every run, filled up by zeros."""
        return {name: vector(self._laid_out(weight)) for name, weight in self.weights.items() if weight.size > 1}

    def _laid_out(self, weight: Weight) -> Weight:
        height, width, _ = weight.shape
        if not self.is_flat:
            return _filled(np.broadcast_to(weight, (height, width, self.out.channels)), lanes(self.run))
        row = np.broadcast_to(weight, (height, self.out.width, self.out.channels))
        return _filled(_filled(row, self.out.pixel).reshape(height, 1, -1), lanes(self.run))


def _filled(array: Weight, length: int) -> Weight:
    """The array with its last axis filled up by zeros."""
    return np.pad(array, ((0, 0), (0, 0), (0, length - array.shape[-1])))


def reduced(weight: Weight, shape: tuple[int, ...]) -> Weight:
    """A weight that spreads over a value of this shape, as (rows, pixels, channels), 1 where nothing changes."""
    array: Weight = np.broadcast_to(weight, shape).reshape(picture(shape))
    for axis in range(3):
        first = array.take([0], axis)
        array = first if (array == first).all() else array
    return array
