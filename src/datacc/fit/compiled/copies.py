"""Inputs that kernels would read where the caller has them: they get a copy, which can have padding and sides."""

from dataclasses import replace

import numpy as np

from datacc.fit.compiled.phases import ELEMENTWISE
from datacc.ir.graph import Graph, Node, float32


def with_copies(graph: Graph) -> Graph:
    """The same Graph, but no kernel reads an input of floats itself."""
    wanted = {
        node.name
        for node in graph.inputs
        if node.type.dtype == "float32" and any(user.op not in ELEMENTWISE for user in graph.users[node.name])
    }
    if not wanted:
        return graph
    nodes: list[Node] = [_constant("copies.one", 1), _constant("copies.zero", 0)]
    for node in graph.nodes:
        if node.op in ELEMENTWISE:
            nodes.append(node)
        else:
            nodes.append(replace(node, inputs=tuple(f"{x}.copy" if x in wanted else x for x in node.inputs)))
        if node.name in wanted:
            inputs = (node.name, "copies.one", "copies.zero")
            nodes.append(Node(name=f"{node.name}.copy", op="affine", type=node.type, inputs=inputs))
    return replace(graph, nodes=tuple(nodes))


def _constant(name: str, value: float) -> Node:
    return Node(name=name, op="weight", type=float32(1), role="fixed", dims=("",), value=np.full(1, value, np.float32))
