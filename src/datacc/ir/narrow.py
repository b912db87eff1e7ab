"""Another Graph of other widths: named weight axes are cut, and every type is inferred again."""

from collections.abc import Mapping
from dataclasses import replace

from datacc.errors import GraphError
from datacc.ir.build import infer
from datacc.ir.graph import SOURCES, Graph, Node, Type


def narrow(graph: Graph, widths: Mapping[str, int]) -> Graph:
    """The Graph whose weight axes named in `widths` keep only their first elements. Raises `GraphError`."""
    empty = sorted(name for name, width in widths.items() if width < 1)
    if empty:
        raise GraphError(f"widths {empty} are below 1")
    types: dict[str, Type] = {}
    nodes = []
    for node in graph.nodes:
        cut = _cut(node, widths)
        if node.op not in SOURCES:
            args = tuple(types[name] for name in node.inputs)
            cut = replace(cut, type=infer(node.op, args, dict(node.attrs), node.name))
        types[node.name] = cut.type
        nodes.append(cut)
    return replace(graph, nodes=tuple(nodes))


def _cut(node: Node, widths: Mapping[str, int]) -> Node:
    if node.op != "weight" or not any(dim in widths for dim in node.dims):
        return node
    shape = tuple(min(n, widths.get(dim, n)) for dim, n in zip(node.dims, node.type.shape, strict=True))
    value = None if node.value is None else node.value[tuple(slice(n) for n in shape)].copy()
    return replace(node, type=replace(node.type, shape=shape), value=value)
