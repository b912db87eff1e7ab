"""Soft-max cross-entropy as a Graph; a stand-in until all losses have a file of their own."""

import numpy as np

from datacc.ir.build import Builder
from datacc.ir.compose import total
from datacc.ir.graph import Graph


def cross_entropy(classes: int, smoothing: float) -> Graph:
    """weight · (log Σ e^features − Σ smoothed target · features)."""
    b = Builder()
    features, target = b.input("features", "float32", (classes,)), b.input("target", "float32", (classes,))
    weight = b.input("weight", "float32", (1,))
    centred = b.op("add", "centred", features, _scaled(b, "less", b.op("maximum", "largest", features), -1, -0.0))
    spread = b.op("log", "spread", total(b, "sum", b.op("exp", "exp", centred)))
    smoothed = _scaled(b, "smoothed", target, 1 - smoothing, smoothing / classes)
    agreed = total(b, "agreed", b.op("multiply", "products", smoothed, centred))
    row = b.op("add", "row", spread, _scaled(b, "disagreed", agreed, -1, -0.0))
    return b.graph({"loss": b.op("multiply", "loss", row, weight)})


def _scaled(b: Builder, name: str, x: str, scale: float, offset: float) -> str:
    parts = {"scale": scale, "offset": offset}
    weights = [b.weight(f"{name}.{part}", (1,), role="fixed", value=np.array(value)) for part, value in parts.items()]
    return b.op("affine", name, x, *weights)
