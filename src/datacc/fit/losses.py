"""Losses as Graphs: from a row's features, its target and its weight to one number."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.compose import total
from datacc.ir.graph import Graph

# Nodes of losses that are taken as constants: their gradient is zero by algebra, whatever the numbers.
CONSTANT: Final[Mapping[str, str]] = {"loss.largest": "what is subtracted before e^x changes no logarithm of a sum"}


def cross_entropy(classes: int, smoothing: float = 0.0) -> Graph:
    """weight · (log Σ e^features − Σ target · features); target (K,) a distribution, smoothed towards the even one.

    Label smoothing after Szegedy et al. (2016), as torch has it.
    """
    b = Builder()
    features, target, weight = _inputs(b, classes, classes)
    less = _scaled(b, "loss.less", b.op("maximum", "loss.largest", features), -1)
    centred = b.op("add", "loss.centred", features, less)
    spread = b.op("log", "loss.log", total(b, "loss.sum", b.op("exp", "loss.exp", centred)))
    smoothed = _scaled(b, "loss.smoothed", target, 1 - smoothing, smoothing / classes)
    agreed = total(b, "loss.agreed", b.op("multiply", "loss.products", smoothed, centred))
    return _weighted(b, b.op("add", "loss.row", spread, _scaled(b, "loss.disagreed", agreed, -1)), weight)


def squared(count: int) -> Graph:
    """weight · Σ (features − target)²; both (K,)."""
    b = Builder()
    features, target, weight = _inputs(b, count, count)
    error = _error(b, features, target)
    return _weighted(b, total(b, "loss.row", b.op("multiply", "loss.squares", error, error)), weight)


def pinball(count: int, quantile: float) -> Graph:
    """weight · Σ (q · max(e, 0) + (1 − q) · max(−e, 0)) with e = target − features (Koenker and Bassett 1978).

    Raises `GraphError` unless 0 < quantile < 1.
    """
    if not 0 < quantile < 1:
        raise GraphError(f"a quantile of {quantile} is not between 0 and 1")
    b = Builder()
    features, target, weight = _inputs(b, count, count)
    above = _error(b, features, target)  # features − target
    over = _scaled(b, "loss.over", b.op("relu", "loss.above", above), 1 - quantile)
    below = b.op("relu", "loss.below", _scaled(b, "loss.turned", above, -1))
    under = _scaled(b, "loss.under", below, quantile)
    return _weighted(b, total(b, "loss.row", b.op("add", "loss.each", over, under)), weight)


def binary(count: int) -> Graph:
    """weight · Σ (log(1 + e^f) − target · f), several yes-or-no labels at once; never overflows.

    log(1 + e^f) = max(f, 0) + log(1 + e^−|f|).
    """
    b = Builder()
    features, target, weight = _inputs(b, count, count)
    above = b.op("relu", "loss.above", features)
    below = b.op("relu", "loss.below", _scaled(b, "loss.turned", features, -1))
    size = _scaled(b, "loss.size", b.op("add", "loss.magnitude", above, below), -1)
    more = _scaled(b, "loss.more", b.op("exp", "loss.exp", size), 1, 1)
    cost = b.op("add", "loss.cost", above, b.op("log", "loss.log", more))
    right = _scaled(b, "loss.right", b.op("multiply", "loss.agreed", target, features), -1)
    return _weighted(b, total(b, "loss.row", b.op("add", "loss.each", cost, right)), weight)


def _inputs(b: Builder, features: int, targets: int) -> tuple[str, str, str]:
    return (
        b.input("features", "float32", (features,)),
        b.input("target", "float32", (targets,)),
        b.input("weight", "float32", (1,)),
    )


def _error(b: Builder, features: str, target: str) -> str:
    return b.op("add", "loss.error", features, _scaled(b, "loss.wanted", target, -1))


def _weighted(b: Builder, row: str, weight: str) -> Graph:
    return b.graph({"loss": b.op("multiply", "loss", row, weight)})


def _scaled(b: Builder, name: str, x: str, scale: float, offset: float = -0.0) -> str:
    """x · scale + offset; an offset of −0 changes no number."""
    parts = {"scale": scale, "offset": offset}
    weights = [b.weight(f"{name}.{part}", (1,), role="fixed", value=np.array(value)) for part, value in parts.items()]
    return b.op("affine", name, x, *weights)
