"""The skeleton `conv.v1`: blocks of 3 × 3 convolutions, each halving the picture and widening, then one dense layer."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.ir.join import join
from datacc.skeletons import Sizes, Skeleton, checked, normalised, taken

SMALLEST: Final = 6  # a side shorter than this is not halved again
WIDEST: Final = 4  # channels grow to this multiple of the width
LARGE: Final = 48  # pictures with a longer shorter side begin with a stride of 2
RUNGS: Final = (
    *((3, 1), (4, 1), (6, 1), (4, 2), (8, 1), (6, 2), (12, 1), (8, 2), (16, 1), (8, 3), (12, 2), (24, 1)),
    *((12, 3), (16, 2), (32, 1), (16, 3), (24, 2), (24, 3), (32, 2), (32, 3)),
)
HALF: Final = ((6, 1), (12, 1), (20, 1), (12, 2), (20, 2))


class Conv(Skeleton):
    """Sizes: `width`, the channels of the first block; `depth`, the convolutions per block.

    `stride` of the first convolution may be given, 2 to work at half the resolution; else it follows from the picture.
    """

    def fits(self, features: Sequence[Type]) -> bool:
        """One input with two spatial axes, at least 6 × 6."""
        return len(features) == 1 and len(features[0].shape) == 3 and min(features[0].shape[:2]) >= SMALLEST

    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """From 3 channels to 32, one to three convolutions a block; some at half the resolution."""
        whole = tuple({"width": width, "depth": depth} for width, depth in RUNGS)
        if not 2 * SMALLEST <= min(features[0].shape[:2]) < LARGE:
            return whole
        return (*({"width": width, "depth": depth, "stride": 2} for width, depth in HALF), *whole)

    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """Blocks until the shorter side is below 6, then the answer from all that is left."""
        asked = {"stride": 0, **sizes}  # locks from before there was a choice have none
        width, depth, stride = checked(asked, width=(1, 1024), depth=(1, 8), stride=(0, 2))
        inputs = taken(self, fronts, "conv.v1 takes one picture of at least 6 × 6", ['skeleton = "mlp.v1"'])
        b = Builder(inputs)
        top = inputs.outputs[0][1]
        block, source = 1, ""
        stride = stride or (2 if min(b.type(top).shape[:2]) >= LARGE else 1)
        while min(b.type(top).shape[:2]) >= SMALLEST:
            channels = width * min(2 ** (block - 1), WIDEST)
            top, source = _block(b, block, top, source, channels, depth, stride if block == 1 else 1)
            block += 1
        goal = answer.inputs[0]
        (k,), shape = goal.type.shape, b.type(top).shape
        weight = b.weight("top.weight", (k, *shape), dims=("", "", "", source))
        return join(b.graph({goal.name: b.op("dense", "top.dense", top, weight, b.weight("top.bias", (k,)))}), answer)


def _block(b: Builder, block: int, x: str, source: str, channels: int, depth: int, stride: int) -> tuple[str, str]:
    """`depth` convolutions, then a pool that halves; the name of the result and of its channel axis."""
    for layer in range(1, depth + 1):
        name = f"conv{block}" if depth == 1 else f"conv{block}{chr(96 + layer)}"
        x = normalised(b, name, _convolution(b, name, x, source, channels, stride if layer == 1 else 1))
        source = name
    return b.op("maxpool", f"pool{block}", x, size=(2, 2), stride=(2, 2)), source


def _convolution(b: Builder, name: str, x: str, source: str, channels: int, stride: int) -> str:
    # The normalisation that follows has a shift of its own, so the bias stays 0 until it is folded in.
    weight = b.weight(f"{name}.weight", (channels, 3, 3, b.type(x).shape[-1]), dims=(name, "", "", source))
    bias = b.weight(f"{name}.bias", (channels,), dims=(name,), role="fixed", value=np.zeros(channels))
    square = {"stride": (stride, stride), "pad": ((1, 1), (1, 1)), "dilation": (1, 1)}
    return b.op("conv", f"{name}.conv", x, weight, bias, **square)


ENTRY: Final = Conv()
