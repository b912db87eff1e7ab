"""Putting Graphs end to end: fronts, body and answer become one program."""

from dataclasses import replace

from datacc.errors import GraphError
from datacc.ir.graph import Graph, Node


def join(first: Graph, second: Graph) -> Graph:
    """`second` on top of `first`: inputs of `second` that `first` has as outputs are connected.

    The outputs are those of `second`, the loss is that of whichever has one; other inputs of both stay inputs.
    Node names must be distinct. Raises `GraphError` for a clash or types that do not fit.
    """
    links = _links(first, second)
    names = {node.name for node in first.nodes}
    added = []
    for node in second.nodes:
        if node.name in links:
            continue
        if node.name in names:
            raise GraphError("both Graphs have a node of this name", where=f"node {node.name!r}")
        added.append(replace(node, inputs=tuple(links.get(name, name) for name in node.inputs)))
    return Graph(
        nodes=first.nodes + tuple(added),
        outputs=tuple((field, links.get(name, name)) for field, name in second.outputs),
        states=first.states + tuple((given, links.get(left, left)) for given, left in second.states),
        loss=links.get(second.loss, second.loss) or first.loss,
    )


def _links(first: Graph, second: Graph) -> dict[str, str]:
    """Input of the second → node of the first that feeds it."""
    outputs = dict(first.outputs)
    links = {}
    for node in second.inputs:
        if node.name in outputs:
            source = first.by_name[outputs[node.name]]
            if source.type != node.type:
                raise GraphError(f"{source.name!r} gives {source.type}, {node.name!r} wants {node.type}")
            links[node.name] = source.name
    if not links:
        raise GraphError(f"nothing connects {sorted(outputs)} with {[node.name for node in second.inputs]}")
    return links


def side_by_side(graphs: tuple[Graph, ...]) -> Graph:
    """Several Graphs in one, not connected; names of nodes and outputs must be distinct."""
    nodes: dict[str, Node] = {}
    outputs: dict[str, str] = {}
    for graph in graphs:
        clash = set(nodes) & set(graph.by_name) | set(outputs) & set(dict(graph.outputs))
        if clash:
            raise GraphError(f"two Graphs share the names {sorted(clash)}")
        nodes.update(graph.by_name)
        outputs.update(dict(graph.outputs))
    states = tuple(pair for graph in graphs for pair in graph.states)
    return Graph(nodes=tuple(nodes.values()), outputs=tuple(outputs.items()), states=states)
