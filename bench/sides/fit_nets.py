"""The nets that are fitted by every side: one list of layers each, as a Graph of ours and as a module of torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.fit.initial import initial
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.skeletons import normalised

Array = NDArray[Any]
SEED = 3


@dataclass(frozen=True, kw_only=True)
class FitNet:
    """Input shape; layers: ("conv", channels, taps), ("pool",), ("dense", width); `normal`: with batch statistics.

    Every layer but the last ends in a threshold. Inputs of `bytes` are uint8, divided by 255 by the net.
    """

    name: str
    shape: tuple[int, ...]
    layers: tuple[tuple[Any, ...], ...]
    normal: bool = True
    bytes: bool = False

    @property
    def classes(self) -> int:
        """The outputs of the last layer."""
        return int(self.layers[-1][1])

    @property
    def is_dense(self) -> bool:
        """Whether all layers are."""
        return all(layer[0] == "dense" for layer in self.layers)

    def graph(self) -> Graph:
        """The skeleton: all weights are holes."""
        b = Builder()
        x = b.input("x", "uint8" if self.bytes else "float32", self.shape)
        if self.bytes:
            fixed = [b.weight(n, (1,), role="fixed", value=np.array(v)) for n, v in (("scale", 1 / 255), ("zero", 0))]
            x = b.op("affine", "scaled", b.op("cast", "floats", x), *fixed)
        for i, layer in enumerate(self.layers, 1):
            x = self._layer(b, i, x, layer)
        return b.graph({"features": x}, loss=x)

    def _layer(self, b: Builder, i: int, x: str, layer: tuple[Any, ...]) -> str:
        shape, rank = b.type(x).shape, len(b.type(x).shape) - 1
        if layer[0] == "pool":
            return b.op("maxpool", f"pool{i}", x, size=(2,) * rank, stride=(2,) * rank)
        width, is_last = layer[1], i == len(self.layers)
        taps = shape if layer[0] == "dense" else (*(layer[2],) * rank, shape[-1])
        weight, bias = b.weight(f"weight{i}", (width, *taps)), b.weight(f"bias{i}", (width,))
        if layer[0] == "dense":
            x = b.op("dense", f"dense{i}", x, weight, bias)
        else:
            side = (layer[2] // 2, layer[2] // 2)
            attrs: Any = {"stride": (1,) * rank, "pad": (side,) * rank, "dilation": (1,) * rank}
            x = b.op("conv", f"conv{i}", x, weight, bias, **attrs)
        if is_last:
            return x
        return normalised(b, f"normal{i}", x) if self.normal else b.op("relu", f"relu{i}", x)

    def weights(self) -> dict[str, Array]:
        """Where every side begins."""
        return dict(initial(self.graph(), SEED, {}))

    def batches(self, steps: int, batch: int) -> tuple[Array, Array]:
        """Inputs (T, B, *shape) and classes (T, B), random but learnable: the class is in the mean of the input."""
        random = np.random.default_rng(SEED)
        classes = random.integers(0, self.classes, (steps, batch))
        level = classes.reshape(steps, batch, *(1 for _ in self.shape)) / self.classes
        noise = random.standard_normal((steps, batch, *self.shape), np.float32)
        if self.bytes:
            return (255 * np.clip(level + 0.2 * noise, 0, 1)).astype(np.uint8), classes
        return (4 * level + noise).astype(np.float32), classes


NETS: Mapping[str, FitNet] = {
    net.name: net
    for net in (
        FitNet(name="mlp_tumours", shape=(30,), layers=(("dense", 32), ("dense", 32), ("dense", 2))),
        FitNet(name="mlp_64", shape=(64,), layers=(("dense", 64), ("dense", 32), ("dense", 10)), normal=False),
        FitNet(
            name="digits", shape=(28, 28, 1), bytes=True,
            layers=(("conv", 16, 3), ("pool",), ("conv", 32, 3), ("pool",), ("dense", 10)),
        ),
        FitNet(
            name="fashion", shape=(28, 28, 1), bytes=True,
            layers=(("conv", 16, 3), ("pool",), ("conv", 32, 3), ("pool",), ("conv", 64, 3), ("pool",), ("dense", 10)),
        ),
        FitNet(
            name="conv1d", shape=(128, 8),
            layers=(("conv", 32, 5), ("pool",), ("conv", 64, 5), ("pool",), ("dense", 10)),
        ),
    )
}  # fmt: skip
