"""The nets that the native bench measures, as Graphs with random weights: normalisation folded, shapes static.

`mlp`, `digits`, `dscnn`, `resnet8`, `vww`, `board` and `wavenet`. Float pictures (H, W, C), vectors or sound in, raw
scores out, so that a peer gets the same function. Weights are He-like: values keep their size from layer to layer.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from datacc.ir.build import Builder
from datacc.ir.compose import tanh
from datacc.ir.graph import Graph

Pads = tuple[tuple[int, int], tuple[int, int]]
SAME: Final[Pads] = ((1, 1), (1, 1))  # of a 3 × 3 window
HALVING: Final[Pads] = ((0, 1), (0, 1))  # of a 3 × 3 window with stride 2 on an even side, as TensorFlow pads
NONE: Final[Pads] = ((0, 0), (0, 0))


class _Net:
    """A Builder with one-line layers; weights depend on the seed and the order of layers alone."""

    def __init__(self, *shape: int) -> None:
        self.b, self.random = Builder(), np.random.default_rng(0)
        self.top = self.b.input("x", "float32", shape)
        self.serial = 0

    def conv(self, out: int, size: tuple[int, int] = (3, 3), *, pad: Pads = SAME, stride: int = 1, add: str = "",
             relu: bool = True, depthwise: bool = False, x: str = "") -> str:  # fmt: skip
        """A convolution of `x` or of the last layer, with what follows it."""
        x = x or self.top
        groups = self.b.type(x).shape[-1] if depthwise else 1
        attrs = {"stride": (stride, stride), "pad": pad, "dilation": (1, 1), "groups": groups}
        name, weight, bias = self._weights("conv", out, *size, self.b.type(x).shape[-1] // groups)
        return self._end(name, self.b.op("conv", name, x, weight, bias, **attrs), add=add, relu=relu)

    def dense(self, out: int, *, relu: bool = False, x: str = "") -> str:
        """A dense layer over all axes of `x` or of the last layer."""
        x = x or self.top
        name, weight, bias = self._weights("dense", out, *self.b.type(x).shape)
        return self._end(name, self.b.op("dense", name, x, weight, bias), relu=relu)

    def pool(self, op: str, height: int, width: int) -> str:
        """A pool whose windows lie side by side."""
        self.serial += 1
        self.top = self.b.op(op, f"pool{self.serial}", self.top, size=(height, width), stride=(height, width))
        return self.top

    def graph(self, **outputs: str) -> Graph:
        """The finished Graph; its output is the last layer unless others are named."""
        return self.b.graph(outputs or {"scores": self.top})

    def _weights(self, kind: str, *shape: int) -> tuple[str, str, str]:
        self.serial += 1
        name, spread = f"{kind}{self.serial}", (2 / np.prod(shape[1:])) ** 0.5
        weight = self.b.weight(f"{name}.weight", shape, value=self.random.normal(0, spread, shape))
        bias = self.b.weight(f"{name}.bias", shape[:1], value=self.random.normal(0, 0.1, shape[:1]))
        return name, weight, bias

    def _end(self, name: str, x: str, *, add: str = "", relu: bool) -> str:
        x = self.b.op("add", f"{name}.add", x, add) if add else x
        self.top = self.b.op("relu", f"{name}.relu", x) if relu else x
        return self.top


def mlp() -> Graph:
    """64 numbers through 64, 32 and 10: 6.5 k multiply-adds."""
    net = _Net(64)
    net.dense(64, relu=True)
    net.dense(32, relu=True)
    net.dense(10)
    return net.graph()


def digits() -> Graph:
    """28 × 28 grey pixels, 16 and 32 channels, each halved by a pool: 1.03 M."""
    net = _Net(28, 28, 1)
    for channels in (16, 32):
        net.conv(channels)
        net.pool("maxpool", 2, 2)
    net.dense(10)
    return net.graph()


def dscnn() -> Graph:
    """Keyword spotting of MLPerf Tiny: 49 × 10 features, four depthwise-separable blocks of 64 channels: 2.66 M."""
    net = _Net(49, 10, 1)
    net.conv(64, (10, 4), pad=((4, 5), (1, 1)), stride=2)
    for _ in range(4):
        net.conv(64, depthwise=True)
        net.conv(64, (1, 1), pad=NONE)
    net.pool("meanpool", 25, 5)
    net.dense(12)
    return net.graph()


def resnet8() -> Graph:
    """Images of MLPerf Tiny: 32 × 32 × 3, three residual blocks of 16, 32 and 64 channels: 12.5 M."""
    net = _Net(32, 32, 3)
    x = net.conv(16)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        pad = SAME if stride == 1 else HALVING
        inner = net.conv(channels, pad=pad, stride=stride, x=x)
        side = x if stride == 1 else net.conv(channels, (1, 1), pad=NONE, stride=stride, relu=False, x=x)
        x = net.conv(channels, add=side, x=inner)
    net.pool("meanpool", 8, 8)
    net.dense(10)
    return net.graph()


def vww() -> Graph:
    """Person or none, of MLPerf Tiny: MobileNetV1 of a quarter's width on 96 × 96 × 3: 7.49 M."""
    net = _Net(96, 96, 3)
    net.conv(8, pad=HALVING, stride=2)
    widths = ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1))
    for channels, stride in widths:
        inner = net.b.type(net.top).shape[-1]
        net.conv(inner, pad=SAME if stride == 1 else HALVING, stride=stride, depthwise=True)
        net.conv(channels, (1, 1), pad=NONE)
    net.pool("meanpool", 3, 3)
    net.dense(2)
    return net.graph()


def board() -> Graph:
    """9 × 9 Go in 17 planes: five residual blocks of 32 channels, 82 moves and a value: 7.89 M."""
    net = _Net(9, 9, 17)
    x = net.conv(32)
    for _ in range(5):
        net.conv(32, x=x)
        x = net.conv(32, add=x)
    net.conv(2, (1, 1), pad=NONE, x=x)
    moves = net.dense(82)
    net.conv(1, (1, 1), pad=NONE, x=x)
    net.dense(32, relu=True)
    return net.graph(moves=moves, value=net.dense(1))


LAYERS: Final = 10  # of wavenet


def wavenet() -> Graph:
    """A block of 64 samples of sound through 16 channels and ten layers of dilation 1, 2, … 512: 0.49 M.

    The state, what each layer still needs of the past, is an input and an output: the rows of all layers in order.
    """
    net, block, channels = _Net(64, 1), 64, 16
    b = net.b
    b.input("state", "float32", (2**LAYERS - 1, channels))

    def conv(name: str, x: str, size: int, out: int = channels, dilation: int = 1) -> str:
        spread = (1 / (size * b.type(x).shape[-1])) ** 0.5
        shape = (out, size, b.type(x).shape[-1])
        weight = b.weight(f"{name}.weight", shape, value=net.random.normal(0, spread, shape))
        bias = b.weight(f"{name}.bias", (out,), value=net.random.normal(0, 0.1, out))
        return b.op("conv", name, x, weight, bias, stride=(1,), pad=((0, 0),), dilation=(dilation,), groups=1)

    h, tails, at = conv("first", "x", 1), [], 0
    for layer in range(LAYERS):
        span = 2**layer
        past = b.op("slice", f"past{layer}", "state", axis=0, first=at, last=at + span - 1, step=1)
        joined = b.op("concat", f"joined{layer}", past, h, axis=0)
        tails.append(b.op("slice", f"next{layer}", joined, axis=0, first=block, last=block + span - 1, step=1))
        inner = tanh(b, f"tanh{layer}", conv(f"layer{layer}", joined, 2, dilation=span))
        h = b.op("add", f"sum{layer}", conv(f"mix{layer}", inner, 1), h)
        at += span
    y = conv("last", h, 1, out=1)
    return b.graph({"y": y, "next": b.op("concat", "next", *tails, axis=0)})


NETS: Final[Mapping[str, Callable[[], Graph]]] = {
    "mlp": mlp,
    "digits": digits,
    "dscnn": dscnn,
    "resnet8": resnet8,
    "vww": vww,
    "board": board,
    "wavenet": wavenet,
}
