"""Where the gains of a table's rows begin: the fewer examples read a row, the more it may say of them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.fit import Examples
from datacc.fit.initial import Weights
from datacc.ir.graph import Graph, Node, needed
from datacc.ir.interpret import interpret

ROWS: Final = 64  # that the interpreter holds at a time
ALIKE: Final = frozenset(("affine", "clip", "exp", "reshape"))  # what a gain may go through before it multiplies


def gains(graph: Graph, learn: Examples, rare: float) -> Weights:
    """For every table of one column that is to be learnt, (R, 1): −`rare` · ln((1 + n) / 2), where n examples read a
    row.

    A row that none of them reads begins as one that all read, for nothing is known of it. So weights of which such a
    table holds the logarithms begin at a power of the inverse document frequency (Spärck Jones 1972).
    """
    tables = _tables(graph) if rare else []
    found = {node.inputs[1]: np.zeros(graph.by_name[node.inputs[1]].type.shape[0], np.int64) for node in tables}
    for table, rows in _read(graph, tables, learn.inputs, len(learn)):
        found[table][rows] += 1
    return {table: _logarithms(counts, len(learn), rare) for table, counts in found.items()}


def _tables(graph: Graph) -> list[Node]:
    """The nodes that read a table of one column, which is to be learnt, at rows that nothing learnt decides."""
    return [
        node
        for node in graph.nodes
        if node.op == "gather"
        and graph.by_name[node.inputs[1]].is_hole
        and node.type.shape[1:] == (1,)
        and _is_given(graph, node.inputs[0])
    ]


def _is_given(graph: Graph, name: str) -> bool:
    return not any(graph.by_name[one].is_hole for one in needed(graph, [name]))


def _read(
    graph: Graph, tables: list[Node], inputs: Mapping[str, NDArray[Any]], count: int
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """For each example and table the rows that it reads, each once; not those whose gain is multiplied with 0."""
    gates = {node.name: _gate(graph, node) for node in tables}
    names = dict.fromkeys([*(node.inputs[0] for node in tables), *filter(None, gates.values())])
    asked = replace(graph, outputs=tuple((name, name) for name in names), states=(), loss="")
    for start in range(0, count if tables else 0, ROWS):
        values = interpret(asked, {name: array[start : start + ROWS] for name, array in inputs.items()})
        for node in tables:
            rows = np.clip(values[node.inputs[0]], 0, graph.by_name[node.inputs[1]].type.shape[0] - 1)
            gate, rows = gates[node.name], rows.reshape(len(rows), -1)
            open_ = values[gate].reshape(rows.shape) != 0 if gate else np.ones(rows.shape, bool)
            yield from ((node.inputs[1], np.unique(one[some])) for one, some in zip(rows, open_, strict=True))


def _gate(graph: Graph, node: Node) -> str:
    """What multiplies the gains that a node reads, one by one, if that is nothing learnt."""
    while len(users := graph.users[node.name]) == 1 and users[0].op in ALIKE:
        (node,) = users
    others = [name for user in users for name in user.inputs if name != node.name]
    is_gate = [user.op for user in users] == ["multiply"] and len(others) == 1 and _is_given(graph, others[0])
    return others[0] if is_gate and graph.by_name[others[0]].type.count == node.type.count else ""


def _logarithms(counts: NDArray[np.int64], examples: int, rare: float) -> NDArray[np.float32]:
    """By one logarithm for each count that there is, rounded: the same on every machine."""
    distinct, which = np.unique(counts, return_inverse=True)
    each = [-rare * math.log((1 + (count or examples)) / 2) for count in distinct.tolist()]
    return np.array(each, np.float32)[which][:, None]
