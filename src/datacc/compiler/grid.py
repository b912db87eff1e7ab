"""The numbers of quantising: which range a value has, which grid it lies on, which weights and multipliers follow."""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.ir.graph import Graph

WEIGHTS: Final = 63  # 7 bits
ROOM: Final = 1.5  # how far a sum may go beyond what was seen before it is limited to 16 bits
FINE: Final = 16  # steps of a sum of two values to one step of its result
MOST_BIAS: Final = 2**29 - 1

Floats = NDArray[np.float64]


@frozen(eq=False)
class Range:
    """What was seen of a value: its limits, and for each channel (C,) the largest size and the mean."""

    low: float
    high: float
    size: Floats
    mean: Floats


Ranges = Mapping[str, Range]


@frozen
class Grid:
    """Bytes of type `dtype`, each `scale` times its number: what a quantised value means."""

    dtype: str
    scale: float

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest number."""
        return (0, 255) if self.dtype == "uint8" else (-128, 127)


def grid_of(seen: Range) -> Grid:
    """The finest grid that covers a range: unsigned when nothing is negative, else the same on both sides of 0."""
    if seen.low >= 0:
        return Grid(dtype="uint8", scale=max(seen.high, 1e-30) / 255)
    return Grid(dtype="int8", scale=max(seen.high, -seen.low) / 127)


@frozen(eq=False)
class Product:
    """An integer product: weights int8, bias int32, and for each channel what one step of its sums is worth."""

    weight: NDArray[np.int8]
    bias: NDArray[np.int32]
    worth: Floats


@frozen(eq=False)
class Scaling:
    """A `rescale`: its shift, its multipliers, and what one step of the result is worth."""

    shift: int
    multiplier: NDArray[np.int32]
    worth: float


def scaled_product(
    weight: Floats, bias: Floats, x: Grid, seen: Range, target: float, most: int = 2**15 - 1
) -> tuple[Product, Scaling]:
    """The product and the rescaling of its sums to steps of `target`, or a little more where that cannot be reached.

    Each channel's weights are scaled so that its multiplier is a whole number: scales are exact, only weights are
    rounded. `seen` is the range of the float product; `most` limits the multipliers.
    """
    steps = x.scale * _weight_steps(weight)
    target = max(target, float(steps.max()) * 2**15 / most)
    largest = float((seen.size / np.maximum(steps, target / 2**15)).max())
    shift = min(15, max(0, math.ceil(math.log2(max(largest * ROOM / 2**15, 1)))))
    unit = target / 2.0 ** (15 + shift)
    multiplier = np.ceil(steps / unit * (1 - 1e-12)).clip(1, most)
    worth = multiplier * unit
    whole = _rounded(weight, bias, x, worth)
    return whole, Scaling(shift=shift, multiplier=multiplier.astype(np.int32), worth=target)


def plain_product(weight: Floats, bias: Floats, x: Grid) -> Product:
    """The product whose sums go back to floats."""
    return _rounded(weight, bias, x, x.scale * _weight_steps(weight))


def _weight_steps(weight: Floats) -> Floats:
    """What one step of each output's weights is worth (O,)."""
    size = np.abs(weight).reshape(len(weight), -1).max(axis=1)
    steps: Floats = np.maximum(size, max(float(size.max()) * 1e-6, 1e-30)) / WEIGHTS
    return steps


def _rounded(weight: Floats, bias: Floats, x: Grid, worth: Floats) -> Product:
    steps = (worth / x.scale).reshape(-1, *(1,) * (weight.ndim - 1))
    return Product(
        weight=np.rint(weight / steps).clip(-WEIGHTS, WEIGHTS).astype(np.int8),
        bias=np.rint(bias / worth).clip(-MOST_BIAS, MOST_BIAS).astype(np.int32),
        worth=worth,
    )


def taken_up(x: Grid, target: float, most: int = 2**15 - 1) -> Scaling:
    """Bytes rescaled to steps of `target`, as near as one multiplier comes; a byte is 128 times as much first."""
    ratio = x.scale / target
    multiplier = min(max(round(ratio * 2**8), 1), most)
    return Scaling(shift=-7, multiplier=np.array([multiplier], np.int32), worth=x.scale * 2**8 / multiplier)


def mean_scaling(count: int, x: Grid, target: float) -> Scaling:
    """Sums of `count` bytes to their mean, in steps of about `target`."""
    shift = max(0, math.ceil(math.log2(count * 255 / 2**15)))
    multiplier = min(max(round(x.scale / (count * target) * 2 ** (15 + shift)), 1), 2**15 - 1)
    worth = x.scale / count * 2 ** (15 + shift) / multiplier
    return Scaling(shift=shift, multiplier=np.array([multiplier], np.int32), worth=worth)


LAST: Final = Scaling(shift=3, multiplier=np.array([2**14], np.int32), worth=FINE)  # from fine steps to whole ones


def supposed(graph: Graph) -> Ranges:
    """Ranges that could be, for a Graph that nobody has fitted: thresholds give 0 … 1, the rest -1 … 1."""
    return {
        node.name: Range(
            low=0.0 if node.op in ("relu", "maxpool") else -1.0,
            high=1.0,
            size=np.ones(node.type.shape[-1]),
            mean=np.zeros(node.type.shape[-1]),
        )
        for node in graph.nodes
        if node.op != "weight"
    }


def weight_of(graph: Graph, name: str) -> Floats:
    """A weight's value in double precision."""
    value = graph.by_name[name].value
    assert value is not None  # only complete Graphs are quantised
    exact: Floats = value.astype(np.float64)
    return exact
