"""Ranges of every value, seen while the reference interpreter goes through rows of learn."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import batch_rows, batched
from datacc.compiler.grid import Range, Ranges
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import interpret

ROWS: Final = 512  # of learn; ids are hashes, so the first ones are a fair sample
SAMPLES: Final = 1 << 16  # of a value's elements in each batch that the limits are taken from


def calibrate(graph: Graph, inputs: Mapping[str, NDArray[Any]], share: float = 1.0) -> Ranges:
    """The range of every value of a complete Graph on inputs (N, *shape); integers are left out.

    With a `share` below 1 limits leave out the rarest values: so much of what was seen lies within.
    """
    seen: dict[str, list[tuple[float, float, NDArray[Any], NDArray[Any]]]] = {}

    def look(node: Node, value: NDArray[Any]) -> NDArray[Any]:
        if value.dtype == np.float32:
            flat = value.reshape(-1, value.shape[-1]).astype(np.float64)
            low, high = _limits(flat.reshape(-1), share)
            seen.setdefault(node.name, []).append((low, high, np.abs(flat).max(axis=0), flat.mean(axis=0)))
        return value

    for rows in batched({name: array[:ROWS] for name, array in inputs.items()}, batch_rows(graph)):
        for node in graph.inputs:
            look(node, np.asarray(rows[node.name]))
        interpret(graph, rows, seen=look)
    return {name: _joined(parts, share) for name, parts in seen.items()}


def _limits(values: NDArray[Any], share: float) -> tuple[float, float]:
    if share >= 1:
        return float(values.min()), float(values.max())
    some = values[:: max(1, len(values) // SAMPLES)]
    low, high = np.quantile(some, (1 - share, share))
    return float(low), float(high)


def _joined(parts: list[Any], share: float) -> Range:
    """All batches together: the outermost limits, or their mean when rare values are left out."""
    lows, highs, sizes, means = (np.array(column) for column in zip(*parts, strict=True))
    outer = share >= 1
    return Range(
        low=float(lows.min() if outer else lows.mean()),
        high=float(highs.max() if outer else highs.mean()),
        size=sizes.max(axis=0),
        mean=means.mean(axis=0),
    )
