"""Small sets to fit, and skeletons for them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.fit import Examples, Recipe
from datacc.ir.graph import Graph
from datacc.registry import load

QUICK = Recipe(epochs=12, batch=16, rate=0.02, threads=1)
CLASSES = ("left", "right", "top")


def rows(count: int = 240, seed: int = 0, classes: int = 3) -> Examples:
    """Numbers around one centre per class, far enough apart to be told from each other."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, classes, count).astype(np.int32)
    centres = np.array([[3, 0], [-3, 0], [0, 3]], np.float32)
    inputs = centres[targets] + random.normal(size=(count, 2)).astype(np.float32) * 0.4
    return Examples(inputs={"x": inputs.astype(np.float32)}, targets=targets, augment={})


def pictures(count: int = 60, seed: int = 0) -> Examples:
    """8 × 8 pictures, bright on the left, on the right, or at the top."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, 3, count).astype(np.int32)
    found: NDArray[Any] = random.integers(0, 60, (count, 8, 8, 1)).astype(np.uint8)
    for picture, target in zip(found, targets, strict=True):
        part = (
            (slice(None), slice(0, 3)) if target == 0 else (slice(None), slice(5, 8)) if target == 1 else (slice(0, 3),)
        )
        picture[part] += 150
    return Examples(inputs={"x": found}, targets=targets, augment={})


def texts(count: int = 120, seed: int = 0) -> Examples:
    """Texts of twelve letters by chance, of which a few say the class."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, 3, count).astype(np.int32)
    found = random.integers(97, 123, (count, 12)).astype(np.uint8)
    for text, target in zip(found, targets, strict=True):
        text[4:8] = list(b" " + CLASSES[target].encode()[:3])
    return Examples(inputs={"x": found}, targets=targets, augment={})


def graph(kind: str, options: dict[str, Any], skeleton: str, sizes: dict[str, int], learn: Examples) -> Graph:
    """A skeleton with its data holes filled from learn."""
    type_ = load("types", kind)
    chosen = type_.options(**options)
    answer = load("types", "label").answer("y", CLASSES)
    made: Graph = load("skeletons", skeleton).graph([type_.front("x", chosen)], answer, sizes)
    return made.fill(type_.data("x", learn.inputs["x"], chosen))


def row_graph(learn: Examples, width: int = 6, depth: int = 1) -> Graph:
    return graph("record", {"columns": ("a", "b")}, "mlp.v1", {"width": width, "depth": depth}, learn)


def picture_graph(learn: Examples) -> Graph:
    return graph("image", {"height": 8, "width": 8}, "conv.v1", {"width": 4, "depth": 1}, learn)
