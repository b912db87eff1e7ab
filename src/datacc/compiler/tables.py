"""Tables that are looked up become whole numbers: what a sum of many rows says is hardly changed.

A number is half a byte, an eighth of what a float takes; a whole one where it is all that is told of a row.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.grid import Floats, weight_of
from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.graph import HALF_BYTE, Graph, Node

BYTE: Final = 127  # the largest number
HALF: Final = 7
HIGH: Final = 16  # what one is worth in the high half of a byte
PARTS: Final = 16  # of the step that reaches the largest number of a column: so many of them are tried


def compact(graph: Graph) -> Graph:
    """A complete Graph whose tables are int4 or int8; rows are floats where they are read.

    A table of vectors or scores is int4, one of a single column int8: such a number weighs a whole row. Each column has
    steps of its own. A Graph without tables of floats comes back as it is.
    """
    tables = {node.name for node in graph.weights if _is_table(graph, node)}
    if not tables:
        return graph
    b, floats, steps = Builder(), dict[str, str](), dict[str, Floats]()
    for node in graph.nodes:
        if node.name in tables:
            steps[node.name] = _store(b, node, weight_of(graph, node.name))
        elif node.op == "gather" and node.inputs[1] in tables:
            floats[node.name] = _look_up(b, node, steps[node.inputs[1]])
        else:
            b.nodes[node.name] = replace(node, inputs=tuple(floats.get(name, name) for name in node.inputs))
    outputs, states = (tuple((a, floats.get(z, z)) for a, z in pairs) for pairs in (graph.outputs, graph.states))
    loss = floats.get(graph.loss, graph.loss)
    return check(Graph(nodes=tuple(b.nodes.values()), outputs=outputs, states=states, loss=loss), holes=())


def _is_table(graph: Graph, node: Node) -> bool:
    users = graph.users[node.name]
    return node.type.dtype == "float32" and bool(users) and all(user.op == "gather" for user in users)


def _store(b: Builder, table: Node, weight: Floats) -> Floats:
    """Put the table (R, F) in whole numbers; what one of each column is worth (F,), as float32 holds it."""
    size = np.abs(weight).max(axis=0)
    steps = np.where(size > 0, size / BYTE, 1.0)
    is_halved = weight.shape[1] > 1
    most, unit, dtype = (HALF, HIGH, HALF_BYTE) if is_halved else (BYTE, 1, "int8")
    if is_halved:
        steps *= _wider(np.rint(np.abs(weight) / steps).astype(np.int64)) / HIGH
    steps = steps.astype(np.float32).astype(np.float64)
    whole = np.rint(weight / (steps * unit)).clip(-most, most) * unit
    b.weight(table.name, whole.shape, value=whole, dtype=dtype, role="fixed", dims=table.dims)
    return steps


def _wider(sizes: NDArray[np.int64]) -> Floats:
    """How many steps of a byte (F,) make one of half a byte, so that numbers of these sizes (R, F) lose least.

    Least is the sum of the fourth powers: by squares the largest numbers, which say most, would be cut off.
    """
    counts = np.stack([np.bincount(column, minlength=BYTE + 1) for column in sizes.T])
    wider = np.arange(1, PARTS + 1) * (BYTE / (HALF * PARTS))
    size, wide = np.arange(BYTE + 1), wider[:, None]
    lost = (size - wide * np.minimum(np.rint(size / wide), HALF)) ** 4
    found: Floats = wider[(counts[:, None] * lost).sum(axis=2).argmin(axis=1)]
    return found


def _look_up(b: Builder, node: Node, steps: Floats) -> str:
    """The rows as whole numbers, under the name of the old node, and then as floats."""
    cast = b.op("cast", f"{node.name} (cast)", b.op("gather", node.name, *node.inputs), to="float32")
    scale = b.weight(f"{node.name}.scale", steps.shape, value=steps, role="fixed")
    offset = b.weight(f"{node.name}.offset", (1,), value=np.zeros(1), role="fixed")
    return b.op("affine", f"{node.name} (floats)", cast, scale, offset)
