"""Another Graph of other widths: named weight axes are cut, and every type is inferred again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from datacc.errors import GraphError
from datacc.ir.build import infer
from datacc.ir.graph import SOURCES, Graph, Node, Type


def narrow(graph: Graph, widths: Mapping[str, int]) -> Graph:
    """The Graph whose weight axes named in `widths` keep only their first elements. Raises `GraphError`."""
    empty = sorted(name for name, width in widths.items() if width < 1)
    if empty:
        raise GraphError(f"widths {empty} are below 1")
    return keep(graph, {name: range(width) for name, width in widths.items()})


def lengths(graph: Graph) -> dict[str, int]:
    """Named weight axis → how many elements it has."""
    axes = (pair for node in graph.weights for pair in zip(node.dims, node.type.shape, strict=True))
    return {dim: length for dim, length in axes if dim}


def keep(graph: Graph, kept: Mapping[str, Sequence[int]]) -> Graph:
    """The Graph whose named weight axes keep only the elements at these places, in this order. Raises `GraphError`.

    Places beyond an axis are left out.
    """
    types: dict[str, Type] = {}
    nodes = []
    for node in graph.nodes:
        cut = _cut(node, kept)
        if node.op not in SOURCES:
            args = tuple(types[name] for name in node.inputs)
            cut = replace(cut, type=infer(node.op, args, dict(node.attrs), node.name))
        types[node.name] = cut.type
        nodes.append(cut)
    return replace(graph, nodes=tuple(nodes))


def _cut(node: Node, kept: Mapping[str, Sequence[int]]) -> Node:
    if node.op != "weight" or not any(dim in kept for dim in node.dims):
        return node
    axes = zip(node.dims, node.type.shape, strict=True)
    places = [[place for place in kept.get(dim, range(n)) if place < n] for dim, n in axes]
    value = None if node.value is None else node.value[np.ix_(*places)].copy()
    return replace(node, type=replace(node.type, shape=tuple(map(len, places))), value=value)
