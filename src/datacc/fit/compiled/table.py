"""Which file prints each op of a step, and what its function is given."""

from collections.abc import Callable, Mapping
from typing import Final

from datacc.errors import GraphError
from datacc.fit.compiled import convolutions, denses, depthwise, moves, pools
from datacc.fit.compiled.scene import Scene
from datacc.fit.compiled.windows import window
from datacc.ir.graph import Graph, Node

Emit = Callable[[Node, Scene], list[str]]

KERNELS: Final[Mapping[str, Emit]] = {
    "dense": denses.dense,
    "conv": convolutions.conv,
    "conv_input": convolutions.conv_input,
    "conv_weight": convolutions.conv_weight,
    "maxpool": pools.pool,
    "meanpool": pools.pool,
    "pool_scatter": pools.pool_scatter,
    "maximum": pools.maximum,
    "concat": moves.move,
    "slice": moves.move,
    "reshape": moves.move,
    "transpose": moves.move,
    "gather": moves.gather,
    "sum_by": moves.sum_by,
}
_DEPTHWISE: Final[Mapping[str, Emit]] = {
    "conv": depthwise.depthwise,
    "conv_input": depthwise.depthwise_input,
    "conv_weight": depthwise.depthwise_weight,
}
_DENSE: Final[Mapping[str, Emit]] = {"conv_input": denses.dense_input, "conv_weight": denses.dense_weight}
# What the parameters are called, where it is not `in`.
_NAMES: Final = {"conv_weight": ("x", "dy"), "pool_scatter": ("dy", "x"), "sum_by": ("dy", "x")}


def kernel(node: Node, scene: Scene) -> list[str]:
    """The body of a kernel's function. Raises `GraphError` for what has none."""
    if is_grouped(scene.graph, node):
        of = window(scene.graph, node)
        if not of.is_depthwise:
            raise GraphError("convolutions in groups are not fitted natively", where=f"node {node.name!r}")
        return _DEPTHWISE[node.op](node, scene)
    if node.op in _DENSE and not node["stride"]:
        return _DENSE[node.op](node, scene)
    if node.op not in KERNELS:
        raise GraphError(f"{node.op} is not fitted natively", where=f"node {node.name!r}")
    return KERNELS[node.op](node, scene)


def is_grouped(graph: Graph, node: Node) -> bool:
    """Whether a convolution, or its adjoint, has groups."""
    return node.op in _DEPTHWISE and bool(node["stride"]) and node["groups"] > 1


def parameters(node: Node, rows: list[str]) -> list[str]:
    """The names of a kernel's parameters for the row values that it reads."""
    if node.op in _NAMES:
        return list(_NAMES[node.op])
    return ["in"] if len(rows) == 1 else [f"in{i}" for i in range(1, len(rows) + 1)]
