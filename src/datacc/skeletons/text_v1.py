"""The skeleton `text.v1`: learnt vectors of hashed byte n-grams, their mean over the text, two dense layers."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from datacc.errors import SpecError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.ir.join import join, side_by_side
from datacc.skeletons import Sizes, Skeleton, checked, normalised

# Of the bytes of an n-gram: odd, and so small that the sum of five, doubled, is below 2^24: exact in float32.
MULTIPLIERS: Final = (6473, 4327, 5519, 2957, 3881)


class Text(Skeleton):
    """Sizes: 2^`bits` rows of the table for n-grams of each length; `grams`, the longest; `width` of the vectors."""

    def fits(self, features: Sequence[Type]) -> bool:
        """One text, as bytes."""
        return len(features) == 1 and features[0].dtype == "uint8" and len(features[0].shape) == 1

    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """From pairs of bytes to n-grams of four; no table takes more than a megabyte."""
        rungs = ((8, 2, 8), (9, 3, 16), (10, 3, 24), (11, 3, 32), (10, 4, 48))
        return tuple({"bits": bits, "grams": grams, "width": width} for bits, grams, width in rungs)

    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """Row numbers, rows, their mean, dense, normalised, dense."""
        bits, grams, width = checked(sizes, bits=(1, 20), grams=(1, len(MULTIPLIERS)), width=(1, 1024))
        inputs = side_by_side(tuple(fronts))
        if not self.fits([inputs.by_name[name].type for _, name in inputs.outputs]):
            raise SpecError("text.v1 takes one text", tries=["leave skeleton out"])
        b, goal = Builder(inputs), answer.inputs[0]
        mean = mean_vector(b, inputs.outputs[0][1], bits, grams, width)
        weight = b.weight("hidden.weight", (width, 1, width), dims=("hidden", "", "grams"))
        dense = b.op("dense", "hidden.dense", mean, weight, _fixed(b, "hidden.bias", np.zeros(width), "hidden"))
        hidden = normalised(b, "hidden", dense)
        weight = b.weight("top.weight", (*goal.type.shape, width), dims=("", "hidden"))
        top = b.op("dense", "top.dense", hidden, weight, b.weight("top.bias", goal.type.shape))
        return join(b.graph({goal.name: top}), answer)


def mean_vector(b: Builder, source: str, bits: int, grams: int, width: int) -> str:
    """The mean (1, width) of the learnt vectors of a text's n-grams."""
    (n,) = b.type(source).shape
    column = b.op("reshape", "text.column", b.op("cast", "text.float", source), shape=(n, 1))
    numbers = _row_numbers(b, column, bits, grams)
    table = b.weight("grams.table", (grams << bits, width), dims=("", "grams"))
    return _mean(b, b.op("gather", "grams.rows", numbers, table), _begun(b, column, grams))


def _row_numbers(b: Builder, column: str, bits: int, grams: int) -> str:
    """(N · grams,) of bytes (N, 1): for each length of n-grams, of the one that begins here, a row of its own part.

    The row is Σ multiplier · byte, modulo 2^bits. All numbers on the way are whole, or exact in float32.
    """
    taps = np.zeros((grams, grams, 1))
    for g in range(grams):
        taps[g, : g + 1, 0] = MULTIPLIERS[: g + 1]
    sums = _conv(b, "hash.sums", column, taps, grams - 1)
    share = 2.0**-bits
    wraps = b.op(
        "affine", "hash.part", sums, _fixed(b, "hash.share", [share]), _fixed(b, "hash.down", [share / 2 - 0.5])
    )
    wraps = b.op("cast", "hash.wraps", b.op("cast", "hash.whole", wraps, to="int32"))
    parts = [g << bits for g in range(grams)]
    less = b.op("affine", "hash.less", wraps, _fixed(b, "hash.rows", [-(2.0**bits)]), _fixed(b, "hash.parts", parts))
    rest = b.op("add", "hash.rest", sums, less)
    return b.op("cast", "hash.row", b.op("reshape", "hash.line", rest, shape=(b.type(rest).count,)), to="int32")


def _begun(b: Builder, column: str, grams: int) -> str:
    """(N · grams, 1): 1 for every n-gram that begins with a byte of the text, 0 for those behind its end."""
    is_byte = b.op("clip", "begun.byte", column, low=0.0, high=1.0)
    each = _conv(b, "begun.each", is_byte, np.ones((grams, 1, 1)), 0)
    return b.op("reshape", "begun", each, shape=(b.type(each).count, 1))


def _mean(b: Builder, rows: str, begun: str) -> str:
    """The mean (1, width) of the rows (M, width) that have begun; zeros where none has."""
    m = b.type(rows).shape[0]
    taken = _pooled(b, "mean.taken", b.op("multiply", "mean.begun", rows, begun))
    count = b.op("clip", "mean.some", _pooled(b, "mean.count", begun), low=1 / m, high=1.0)
    return b.op("divide", "mean", taken, count)


def _pooled(b: Builder, name: str, x: str) -> str:
    """The mean (1, F) of rows (M, F): by small windows, since the gradient of a window costs the square of its size."""
    level = 1
    while (m := b.type(x).shape[0]) > 1:
        size = next((size for size in (4, 3, 5, 7) if m % size == 0), 2 if m % 2 == 0 else m)
        x = b.op("meanpool", f"{name}{level}", x, size=(size,), stride=(size,))
        level += 1
    return x


def _conv(b: Builder, name: str, x: str, taps: np.ndarray, after: int) -> str:
    weight, bias = _fixed(b, f"{name}.taps", taps), _fixed(b, f"{name}.bias", np.zeros(len(taps)))
    return b.op("conv", name, x, weight, bias, stride=(1,), pad=((0, after),), dilation=(1,))


def _fixed(b: Builder, name: str, value: object, axis: str = "") -> str:
    array = np.array(value, np.float32)
    return b.weight(name, array.shape, role="fixed", value=array, dims=(axis, *("",) * (array.ndim - 1)))


ENTRY: Final = Text()
