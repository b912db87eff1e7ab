"""Tables that are looked up become bytes: a quarter of the size, and what a sum of many rows says is hardly changed."""

from dataclasses import replace
from typing import Final

import numpy as np

from datacc.compiler.grid import Floats, weight_of
from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.graph import Graph, Node

STEPS: Final = 127  # of a column, from nothing to its largest number


def in_bytes(graph: Graph) -> Graph:
    """A complete Graph whose tables are int8, each column in steps of its own; rows are floats where they are read.

    A Graph without tables of floats comes back as it is.
    """
    tables = {node.name for node in graph.weights if _is_table(graph, node)}
    if not tables:
        return graph
    b, floats = Builder(), dict[str, str]()
    for node in graph.nodes:
        if node.name in tables:
            whole = np.rint(weight_of(graph, node.name) / _steps(graph, node.name))
            b.weight(node.name, whole.shape, value=whole, dtype="int8", role="fixed", dims=node.dims)
        elif node.op == "gather" and node.inputs[1] in tables:
            floats[node.name] = _look_up(b, node, _steps(graph, node.inputs[1]))
        else:
            b.nodes[node.name] = replace(node, inputs=tuple(floats.get(name, name) for name in node.inputs))
    outputs, states = (tuple((a, floats.get(z, z)) for a, z in pairs) for pairs in (graph.outputs, graph.states))
    loss = floats.get(graph.loss, graph.loss)
    return check(Graph(nodes=tuple(b.nodes.values()), outputs=outputs, states=states, loss=loss), holes=())


def _is_table(graph: Graph, node: Node) -> bool:
    users = graph.users[node.name]
    return node.type.dtype == "float32" and bool(users) and all(user.op == "gather" for user in users)


def _steps(graph: Graph, table: str) -> Floats:
    """What one step of each column is worth, (F,), as float32 holds it."""
    size = np.abs(weight_of(graph, table)).max(axis=0)
    steps: Floats = np.where(size > 0, size / STEPS, 1.0).astype(np.float32).astype(np.float64)
    return steps


def _look_up(b: Builder, node: Node, steps: Floats) -> str:
    """The rows as bytes, under the name of the old node, and then as floats."""
    cast = b.op("cast", f"{node.name} (cast)", b.op("gather", node.name, *node.inputs), to="float32")
    scale = b.weight(f"{node.name}.scale", steps.shape, value=steps, role="fixed")
    offset = b.weight(f"{node.name}.offset", (1,), value=np.zeros(1), role="fixed")
    return b.op("affine", f"{node.name} (floats)", cast, scale, offset)
