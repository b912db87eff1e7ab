"""Hypothesis strategies of integer Graphs: products of bytes, rescaled, added, pooled, as quantising makes them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.graph import Graph

SMALL = st.integers(1, 3)
CHANNELS = st.sampled_from([1, 2, 3, 5, 8, 13, 16, 24, 33])
BYTES = ("uint8", "int8")


class Whole:
    """An integer Graph that grows layer by layer; weights over the whole range, limits included."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw, self.b = draw, Builder()
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.outputs: dict[str, str] = {}
        shape = tuple(draw(st.integers(1, 9)) for _ in range(draw(st.integers(1, 2))))
        self.top = self.b.input("x", draw(st.sampled_from(BYTES)), (*shape, draw(CHANNELS)))

    def name(self, what: str) -> str:
        return f"{what}{len(self.b.nodes)}"

    def weight(self, dtype: str, limit: int, *shape: int) -> str:
        value = self.random.integers(-limit, limit, shape, endpoint=True)
        return self.b.weight(self.name("w"), shape, value=value, dtype=dtype, role="fixed")

    def rescaled(self, x: str, to: str, channels: int) -> str:
        """Multipliers that keep most of the range; some channels none at all."""
        is_sum = self.b.type(x).dtype == "int32"
        shift = self.draw(st.integers(0, 9) if is_sum else st.integers(-7, 2))
        multiplier = self.random.integers(-3, self.draw(st.sampled_from([60, 2000, 32_767])), (channels,))
        m = self.b.weight(self.name("m"), (channels,), value=multiplier, dtype="int32", role="fixed")
        return self.b.op("rescale", self.name("rescale"), x, m, shift=shift, to=to)

    def product(self) -> str:
        shape, out = self.b.type(self.top).shape, self.draw(CHANNELS)
        if len(shape) == 1 or self.draw(st.integers(0, 3)) == 0:
            weight = self.weight("int8", 63, out, *shape)
            return self.b.op("dense", self.name("dense"), self.top, weight, self.weight("int32", 9999, out))
        groups = self.draw(st.sampled_from([1, 1, shape[-1], 2]))
        groups = groups if shape[-1] % groups == 0 else 1
        out = shape[-1] if groups == shape[-1] and self.draw(st.booleans()) else out * groups if groups > 1 else out
        out = out if out <= 66 else shape[-1]
        taps = [self.draw(st.integers(1, min(3, n))) for n in shape[:-1]]
        dilation = [
            self.draw(st.integers(1, max(1, (n - 1) // max(1, t - 1)))) for n, t in zip(shape, taps, strict=False)
        ]
        dilation = [min(d, 3) for d in dilation]
        reach = [d * (t - 1) + 1 for d, t in zip(dilation, taps, strict=True)]
        pad = tuple((self.draw(st.integers(0, r - 1)), self.draw(st.integers(0, r - 1))) for r in reach)
        weight = self.weight("int8", 63, out, *taps, shape[-1] // groups)
        return self.b.op(
            "conv", self.name("conv"), self.top, weight, self.weight("int32", 9999, out), pad=pad,
            stride=tuple(self.draw(SMALL) for _ in taps), dilation=tuple(dilation), groups=groups,
        )  # fmt: skip

    def grow(self) -> None:
        """One layer: a product with what follows it, a sum with itself, or a pool."""
        shape = self.b.type(self.top).shape
        kind = self.draw(st.sampled_from(["product", "product", "product", "sum", "pool", "rescale"]))
        if kind == "pool" and len(shape) > 1:
            size = tuple(self.draw(st.integers(1, min(3, n))) for n in shape[:-1])
            stride = tuple(self.draw(SMALL) for _ in size)
            self.top = self.b.op("maxpool", self.name("maxpool"), self.top, size=size, stride=stride)
        elif kind == "sum":
            self.top = self.summed(self.rescaled(self.top, "int32", shape[-1]), self.top)
        elif kind == "product":
            before, sums = self.top, self.product()
            after = self.b.type(sums).shape
            if after == self.b.type(before).shape and self.draw(st.booleans()):
                self.top = self.summed(self.rescaled(sums, "int32", after[-1]), before)
            else:
                self.top = self.rescaled(sums, self.draw(st.sampled_from(BYTES)), after[-1])
        else:
            self.top = self.rescaled(self.top, self.draw(st.sampled_from([*BYTES, "int32"])), shape[-1])
            if self.b.type(self.top).dtype == "int32":
                self.top = self.rescaled(self.top, "int8", shape[-1])
        if self.draw(st.integers(0, 3)) == 0:
            self.outputs[f"out{len(self.outputs)}"] = self.top

    def summed(self, one: str, other: str) -> str:
        channels = self.b.type(one).shape[-1]
        pair = [one, self.rescaled(other, "int32", channels)]
        total = self.b.op("add", self.name("add"), *(pair if self.draw(st.booleans()) else pair[::-1]))
        m = self.b.weight(self.name("m"), (1,), value=np.array([20_000]), dtype="int32", role="fixed")
        to = self.draw(st.sampled_from(BYTES))
        return self.b.op("rescale", self.name("last"), total, m, shift=self.draw(st.integers(0, 9)), to=to)


@st.composite
def integer_graphs(draw: Callable[..., Any], most: int = 5) -> Graph:
    """A complete integer Graph; its last value, that as floats, its last sums and some others are outputs."""
    whole = Whole(draw)
    for _ in range(draw(st.integers(1, most))):
        whole.grow()
    sums = whole.product()
    if draw(st.booleans()):
        whole.outputs["sums"] = sums
    channels = whole.b.type(sums).shape[-1:]
    scale = whole.b.weight("scale", channels, value=whole.random.normal(size=channels), role="fixed")
    offset = whole.b.weight("offset", (1,), value=whole.random.normal(size=1), role="fixed")
    floats = whole.b.op("affine", "floats", whole.b.op("cast", "cast", sums, to="float32"), scale, offset)
    return check(whole.b.graph({**whole.outputs, "top": whole.top, "floats": floats}), holes=())
