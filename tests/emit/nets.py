"""Nets of the kinds that skeletons make, with random weights, for tests: of digits, of records, a residual one."""

from collections.abc import Iterable

import numpy as np

from datacc.ir.build import Builder
from datacc.ir.compose import softmax
from datacc.ir.graph import Graph


class Net:
    """A Builder with one-line layers; weights are small random numbers that depend on the seed alone."""

    def __init__(self, seed: int = 0) -> None:
        self.b, self.random = Builder(), np.random.default_rng(seed)

    def weight(self, name: str, *shape: int) -> str:
        spread = (2 / max(1, int(np.prod(shape[1:])))) ** 0.5
        return self.b.weight(name, shape, value=self.random.normal(0, spread, shape))

    def picture(self, height: int, width: int, channels: int) -> str:
        x = self.b.op("cast", "float", self.b.input("picture", "uint8", (height, width, channels)))
        scale = self.b.weight("scale", (1,), role="fixed", value=np.array([1 / 255]))
        return self.b.op("affine", "scaled", x, scale, self.b.weight("offset", (1,), role="fixed", value=np.zeros(1)))

    def conv(
        self,
        name: str,
        x: str,
        out: int,
        size: int = 3,
        *,
        stride: int = 1,
        groups: int = 1,
        relu: bool = True,
        add: str = "",
    ) -> str:
        channels, pad = self.b.type(x).shape[-1], size // 2
        weight = self.weight(f"{name}.weight", out, size, size, channels // groups)
        x = self.b.op(
            "conv", name, x, weight, self.weight(f"{name}.bias", out),
            stride=(stride, stride), pad=((pad, pad), (pad, pad)), dilation=(1, 1), groups=groups,
        )  # fmt: skip
        x = self.b.op("add", f"{name}.add", x, add) if add else x
        return self.b.op("relu", f"{name}.relu", x) if relu else x

    def dense(self, name: str, x: str, out: int, *, relu: bool = False) -> str:
        weight = self.weight(f"{name}.weight", out, *self.b.type(x).shape)
        x = self.b.op("dense", name, x, weight, self.weight(f"{name}.bias", out))
        return self.b.op("relu", f"{name}.relu", x) if relu else x

    def answers(self, features: str, name: str = "label") -> Graph:
        scores = softmax(self.b, "softmax", features)
        outputs = {
            name: self.b.op("argmax", "argmax", features),
            f"{name}_confidence": self.b.op("maximum", "maximum", scores),
            f"{name}_scores": scores,
        }
        return self.b.graph(outputs, loss=features)


def digits(channels: Iterable[int] = (16, 32), side: int = 28, classes: int = 10) -> Graph:
    """Convolutions and pools on a grey picture, then a dense layer."""
    net = Net()
    x = net.picture(side, side, 1)
    for i, width in enumerate(channels, 1):
        x = net.conv(f"conv{i}", x, width)
        x = net.b.op("maxpool", f"pool{i}", x, size=(2, 2), stride=(2, 2))
    return net.answers(net.dense("logits", x, classes))


def record(features: int = 30, widths: Iterable[int] = (32, 16), classes: int = 2) -> Graph:
    """A standardised row of numbers through dense layers."""
    net = Net()
    x = net.b.input("record", "float32", (features,))
    x = net.b.op("affine", "standard", x, net.weight("mean", features), net.weight("deviation", features))
    for i, width in enumerate(widths, 1):
        x = net.dense(f"dense{i}", x, width, relu=True)
    return net.answers(net.dense("logits", x, classes))


def residual() -> Graph:
    """Three residual blocks on a small colour picture, the middle one with a stride, then the mean."""
    net = Net()
    x = net.conv("stem", net.picture(16, 16, 3), 16)
    for i, (width, stride) in enumerate(((16, 1), (24, 2), (24, 1)), 1):
        side = x if stride == 1 else net.conv(f"side{i}", x, width, 1, stride=stride, relu=False)
        x = net.conv(f"second{i}", net.conv(f"first{i}", x, width, stride=stride), width, add=side)
    x = net.b.op("meanpool", "mean", x, size=(8, 8), stride=(8, 8))
    return net.answers(net.dense("logits", x, 5))
