"""What went wrong in a fit, in words: where a loss stopped being a number, weights that never moved."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.fit import decays
from datacc.fit.initial import Weights
from datacc.fit.losses import FEATURES, TARGET, WEIGHT
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import walk

EXTREME: Final = 1e6  # of an input: beyond, squares and products soon leave float32


def first_not_finite(
    graph: Graph,
    loss: Graph,
    weights: Weights,
    inputs: Mapping[str, NDArray[Any]],
    targets: NDArray[np.float32],
    row_weights: NDArray[np.float32],
) -> str:
    """The first node of a step that is NaN or infinite, by the reference's arithmetic; nothing when none is."""
    fixed = {node.name: node.value for node in graph.weights if node.value is not None}
    values: dict[str, Any] = {**fixed, **weights, **inputs}
    for node in graph.nodes:
        if node.name in values and not np.isfinite(values[node.name]).all():
            return _named(node)
    found: list[Node] = []

    def seen(node: Node, value: Any) -> Any:
        if not found and not np.isfinite(value).all():
            found.append(node)
        return value

    with np.errstate(all="ignore"):
        features = walk(graph, values, [graph.loss], given=_by_batch(graph), seen=seen)[graph.loss]
        given = {node.name: node.value for node in loss.weights}
        given |= {FEATURES: features, TARGET: targets, WEIGHT: row_weights[:, None]}
        walk(loss, given, [name for _, name in loss.outputs], seen=seen)
    return _named(found[0]) if found else ""


def _by_batch(graph: Graph) -> Any:
    open_ = {node.name for node in graph.holes if node.role in ("mean", "variance")}

    def given(node: Node, args: list[Any]) -> list[Any]:
        if node.op != "normalise" or node.inputs[3] not in open_:
            return args
        axes = tuple(range(args[0].ndim - 1))
        return [*args[:3], args[0].mean(axes), args[0].var(axes)]

    return given


def _named(node: Node) -> str:
    return f"{node.op} {node.name!r}"


def likely_cause(inputs: Mapping[str, NDArray[Any]], rate: float) -> tuple[str, ...]:
    """What to try: the inputs when they hold extremes, else the rate."""
    tries = []
    for name, array in inputs.items():
        largest = float(np.abs(array.astype(np.float64)).max(initial=0))
        if not largest < EXTREME:  # NaN among them
            tries.append(f"look for extreme values in the inputs: {name} holds {largest:g}")
    return (*tries, f"a lower rate than {rate} in datacc.lock")


def nothing_moved(before: Weights, after: Weights) -> bool:
    """Whether every weight that decays is a multiple of what it was: nothing else has acted on it."""
    matrices = [name for name, weight in before.items() if decays(weight.shape)]
    return bool(matrices) and all(_is_multiple(before[name], after[name]) for name in matrices)


def _is_multiple(before: NDArray[np.float32], after: NDArray[np.float32]) -> bool:
    old, new = before.astype(np.float64).ravel(), after.astype(np.float64).ravel()
    size = float(old @ old)
    factor = float(old @ new) / size if size else 0.0
    return bool(np.abs(new - factor * old).max() <= 1e-5 * np.abs(old).max(initial=0))
