"""What a program does, laid out: steps in order, where every value lives, one static arena."""

from collections.abc import Mapping
from dataclasses import field, replace
from math import prod
from typing import Literal

import numpy as np

from datacc.frozen import frozen
from datacc.ir.graph import Graph

Home = Literal["input", "answer", "state", "arena"]
Halo = tuple[int, int, int, int]  # rows and columns of zeros: above, left, below, right
LANES = 8  # floats that kernels handle at a time


@frozen
class Place:
    """Where one value of shape (height, width, channels) lives; all distances in elements.

    `home` is the caller's input, answer or state struct (`buffer` is the member) or the arena (`buffer` is a key of
    `Plan.offsets`). A pixel's channels are `pixel` apart from the next one's; `halo` counts the rows and columns
    of zeros around the picture: above, left, below, right. Those around a value that lies `inside` another one are not
    zeros, but the rest of that. In a `ring` new rows are written over the oldest ones: row y of the picture is row
    (y + rows above it) % `rows` of the buffer.
    """

    home: Home
    buffer: str
    dtype: str
    height: int
    width: int
    channels: int
    pixel: int
    halo: Halo = (0, 0, 0, 0)
    inside: bool = False
    ring: bool = False

    @property
    def row(self) -> int:
        """From one row to the next."""
        return (self.halo[1] + self.width + self.halo[3]) * self.pixel

    @property
    def first(self) -> int:
        """From the beginning of the buffer to the first pixel inside the halo."""
        return self.halo[0] * self.row + self.halo[1] * self.pixel

    @property
    def rows(self) -> int:
        """All rows, halo included."""
        return self.halo[0] + self.height + self.halo[2]

    @property
    def size(self) -> int:
        """All elements, halo and padded channels included."""
        return self.rows * self.row

    @property
    def nbytes(self) -> int:
        """The bytes of the buffer; single bytes are read four at a time, so up to three stand behind the last."""
        itemsize = np.dtype(self.dtype).itemsize
        return self.size * itemsize + (3 if itemsize == 1 else 0)

    @property
    def is_packed(self) -> bool:
        """Whether there is nothing between one pixel's channels and the next's."""
        return self.pixel == self.channels

    @property
    def has_halo(self) -> bool:
        """Whether zeros surround the picture."""
        return any(self.halo)


@frozen
class Step:
    """One function of the emitted program: an op, and what is fused to it.

    `nodes` are the Graph's nodes that it computes, first the one that names `op`; `reads` are values, then
    `residual` is added and `relu` applied, with `most` as its upper limit unless that is 0. The op `copy` is not in a
    Graph: it moves a value to another place.
    `scratch` names a place in the arena that the kernel works in and that is free again after the step. The op `strips`
    computes a chain of steps, its `parts`, a few rows at a time: what they hand on never exists as a whole.
    """

    op: str
    nodes: tuple[str, ...]
    reads: tuple[str, ...]
    out: str
    residual: str = ""
    relu: bool = False
    most: float = 0.0
    scratch: str = ""
    parts: tuple["Part", ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """Everything that is read, the residual included."""
        return (*self.reads, self.residual) if self.residual else self.reads

    @property
    def simple(self) -> "tuple[Step, ...]":
        """The steps of one kernel each that it is made of."""
        return tuple(part.step for part in self.parts) or (self,)

    @property
    def windows(self) -> tuple[str, ...]:
        """The values of which only a few rows at a time exist: what the parts hand on."""
        return tuple(part.step.out for part in self.parts[:-1])

    @property
    def written(self) -> tuple[str, ...]:
        """Everything that is written: the result, windows, scratch."""
        return (self.out, *self.windows, *([self.scratch] if self.scratch else []))

    @property
    def touched(self) -> tuple[str, ...]:
        """Everything that lives while the step runs."""
        return (*self.values, *self.written)


@frozen
class Part:
    """One stage of a step that works in strips: at each of its `calls`, `step` computes `rows` rows of its result.

    `source` and `out` are what one call reads and writes: windows that hold a few rows, but for the two ends of the
    chain. For each row that it writes, the window over what it reads moves on by `stride` rows. So a call needs
    `rows` · `stride` new rows of it, and `lead` rows must be there before the first call; those that the next call
    needs again move to the beginning of the window, unless that is a ring.
    """

    step: Step
    rows: int
    calls: int
    source: Place
    out: Place
    stride: int = 1
    lead: int = 0

    @property
    def new(self) -> int:
        """The rows of what it reads that each call needs anew."""
        return self.rows * self.stride

    @property
    def kept(self) -> int:
        """The rows of what it reads that the next call needs again, or that were computed ahead."""
        return self.source.halo[0] + self.lead

    @property
    def moved(self) -> int:
        """The rows of what it reads that move after each call."""
        return 0 if self.source.ring else self.kept


@frozen(eq=False)
class Plan:
    """Steps in order, a place for every value, the arena's layout.

    `offsets` gives every arena buffer its first byte; `arena` is the arena's length and `peak` the largest sum of
    buffers that live at one time, both in bytes. Before the arena is laid out these three are empty. `winograd` tells
    whether kernels may compute the same sums in fewer, other products, which changes last bits.
    """

    graph: Graph
    cpu: str
    winograd: bool = True
    steps: tuple[Step, ...]
    places: Mapping[str, Place]
    offsets: Mapping[str, int] = field(default_factory=dict)
    arena: int = 0
    peak: int = 0

    def within(self, part: Part) -> "Plan":
        """The plan as one call of a part sees it: all that it reads and writes is a few rows high."""
        aside = {value: replace(self.places[value], height=part.rows) for value in part.step.values[1:]}
        ends = {part.step.reads[0]: part.source, part.step.out: part.out}
        return replace(self, places={**self.places, **aside, **ends})


def picture(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Any shape as (height, width, channels): vectors are one pixel, sequences one row, more axes more rows."""
    channels = shape[-1] if shape else 1
    width = shape[-2] if len(shape) > 1 else 1
    return prod(shape[:-2]), width, channels


def lanes(channels: int) -> int:
    """`channels` rounded up to whole vectors."""
    return -(-channels // LANES) * LANES


def fresh(name: str, taken: Mapping[str, object]) -> str:
    """A name for a value that is no node of the Graph."""
    while name in taken:
        name += "'"
    return name
