"""The skeleton `bytes.v1`: a text as the bits of its bytes, two convolutions, their mean and maximum; without a table.

It reads the same addresses for every text, which is what it is for: text.v3 is better and cheaper, but looks rows up.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.ir.join import join
from datacc.skeletons import Sizes, Skeleton, checked, normalised, taken
from datacc.skeletons._grams import conv, fixed, is_text, pooled

BITS: Final = 8


class Bytes(Skeleton):
    """Sizes: `each`, how many numbers tell a byte; `width`, channels of the convolution; `reach`, its window."""

    by_name = True

    def fits(self, features: Sequence[Type]) -> bool:
        """One text, as bytes."""
        return is_text(features)

    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """From 8 channels over three bytes to 64 over seven."""
        rungs = ((8, 8, 3), (8, 16, 4), (12, 24, 5), (16, 32, 5), (16, 48, 5), (24, 64, 7))
        return tuple(dict(zip(("each", "width", "reach"), rung, strict=True)) for rung in rungs)

    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """Bits, a layer for each byte, a layer over neighbours, mean and maximum over the text, dense."""
        each, width, reach = checked(sizes, each=(1, 256), width=(1, 1024), reach=(1, 16))
        inputs = taken(self, fronts, "bytes.v1 takes one text")
        b, (k,) = Builder(inputs), answer.inputs[0].type.shape
        source = inputs.outputs[0][1]
        column = b.op("reshape", "text.column", b.op("cast", "text.float", source), shape=(*b.type(source).shape, 1))
        is_byte = b.op("clip", "text.byte", column, low=0.0, high=1.0)
        near = _near(b, _each(b, _bits(b, column), each), width, reach)
        near = b.op("multiply", "near.shown", near, is_byte)
        top = b.op("add", "top", _top(b, "mean", _mean(b, near, is_byte), k), _top(b, "most", _most(b, near), k))
        return join(b.graph({answer.inputs[0].name: top}), answer)


def _top(b: Builder, name: str, x: str, k: int) -> str:
    """A dense layer (k,) of pooled channels (1, width)."""
    weight = b.weight(f"{name}.weight", (k, *b.type(x).shape), dims=("", "", "near"))
    return b.op("dense", f"{name}.dense", x, weight, b.weight(f"{name}.bias", (k,)))


def _bits(b: Builder, column: str) -> str:
    """(N, 8) of bytes (N, 1): each bit 0 or 1, the lowest first; all numbers on the way are exact."""
    powers = 2.0 ** -np.arange(BITS)
    parts = b.op("affine", "bits.part", conv(b, "bits.share", column, powers[:, None, None], 0), *_down(b, powers))
    wholes = b.op("cast", "bits.float", b.op("cast", "bits.whole", parts, to="int32"))
    return conv(b, "bits", wholes, (np.eye(BITS) - 2 * np.eye(BITS, k=1))[:, None, :], 0)


def _down(b: Builder, powers: np.ndarray) -> tuple[str, str]:
    """What makes the nearest whole number the one below: parts are multiples of `powers`."""
    return fixed(b, "bits.one", np.ones(BITS)), fixed(b, "bits.down", powers / 2 - 0.5)


def _each(b: Builder, bits: str, count: int) -> str:
    """(N, count) of bits (N, 8): a layer for each byte alone."""
    weight = b.weight("each.weight", (count, 1, BITS))
    each = b.op(
        "conv", "each.conv", bits, weight, b.weight("each.bias", (count,)), stride=(1,), pad=((0, 0),), dilation=(1,)
    )
    return b.op("relu", "each", each)


def _near(b: Builder, each: str, width: int, reach: int) -> str:
    """(N, width): a convolution over so many bytes, normalised, from 0 up."""
    weight = b.weight("near.weight", (width, reach, b.type(each).shape[-1]), dims=("near", "", ""))
    bias = fixed(b, "near.bias", np.zeros(width), "near")  # the normalisation has a shift of its own
    before = (reach - 1) // 2
    pad = ((before, reach - 1 - before),)
    return normalised(b, "near", b.op("conv", "near.conv", each, weight, bias, stride=(1,), pad=pad, dilation=(1,)))


def _mean(b: Builder, x: str, is_byte: str) -> str:
    """The mean (1, width) of (N, width) over the bytes of the text; zeros where there are none."""
    count = b.op("clip", "mean.some", pooled(b, "mean.count", is_byte), low=1 / b.type(x).shape[0], high=1.0)
    return b.op("divide", "mean", pooled(b, "mean.all", x), count)


def _most(b: Builder, x: str) -> str:
    """The largest (1, width) of (N, width)."""
    n = b.type(x).shape[0]
    return b.op("maxpool", "most", x, size=(n,), stride=(n,))


ENTRY = Bytes()
