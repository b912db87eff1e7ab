"""Between which numbers the values of a chain lie, as far as the chain itself says so."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.ir.graph import Node

Range = tuple[float, float]

NORMAL: Final[Range] = (-87.0, 88.0)  # where e to the x is a normal number


def ranges(nodes: Iterable[Node], scalars: Mapping[str, tuple[NDArray[np.float32], ...]]) -> dict[str, Range]:
    """The lowest and highest number of each value that a clip bounds, itself or through scales and thresholds.

    `scalars` are the scale and offset of each affine node that has one number of either. What is no number may still
    come through.
    """
    found: dict[str, Range] = {}
    for node in nodes:
        if node.op == "clip":
            found[node.name] = float(np.float32(node["low"])), float(np.float32(node["high"]))
            continue
        if not node.inputs or (given := found.get(node.inputs[0])) is None:
            continue
        if node.op == "relu":
            found[node.name] = max(0.0, given[0]), max(0.0, given[1])
        elif node.op == "affine" and node.name in scalars:
            scale, offset = (array.reshape(-1)[0] for array in scalars[node.name])
            ends = sorted(float(np.float32(end) * scale + offset) for end in given)  # rounding keeps the order
            found[node.name] = ends[0], ends[1]
    return found


def is_within(inner: Range | None, outer: Range) -> bool:
    """Whether a range is known and lies within another."""
    return inner is not None and outer[0] <= inner[0] and inner[1] <= outer[1]
