"""Graph → Graph of the same answers with less to do: normalisation folded into weights, dead nodes dropped."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.unread import without_unread
from datacc.ir.check import check
from datacc.ir.graph import SOURCES, Graph, Node, needed

PRODUCTS = ("conv", "dense")


def simplify(graph: Graph) -> Graph:
    """The same function, fewer nodes; a complete Graph in, a complete Graph out, without its loss."""
    return check(drop_unused(without_unread(folded(graph))), holes=())


def folded(graph: Graph) -> Graph:
    """A complete Graph with normalisation and scales in its weights; its loss stays."""
    return fold_affine(fold_normalise(check(graph, holes=())))


def fold_normalise(graph: Graph) -> Graph:
    """A normalise node that alone reads a convolution or dense layer becomes part of its weights."""
    values: dict[str, NDArray[np.float32]] = {}
    gone: dict[str, str] = {}
    for node in graph.nodes:
        if node.op != "normalise" or not _alone(graph, node.inputs[0]):
            continue
        product = graph.by_name[node.inputs[0]]
        gain, shift, mean, variance = (_exact(graph, values, name) for name in node.inputs[1:])
        scale = gain / np.sqrt(variance + node["epsilon"])
        _, weight, bias = product.inputs
        _scale_outputs(graph, values, weight, scale)
        values[bias] = ((_exact(graph, values, bias) - mean) * scale + shift).astype(np.float32)
        gone[node.name] = product.name
    return _without(graph, gone, values)


def fold_affine(graph: Graph) -> Graph:
    """An affine node over standardised columns becomes part of the dense layers that read it.

    A convolution with padding cannot take an offset exactly (its border sees zeros, not offsets), and a sum of
    products of raw columns would lose digits that standardising keeps: so only scales whose offset is zero are
    folded, and those into dense layers and convolutions alike.
    """
    values: dict[str, NDArray[np.float32]] = {}
    gone: dict[str, str] = {}
    for node in graph.nodes:
        if node.op != "affine" or not _foldable(graph, node):
            continue
        scale = _exact(graph, values, node.inputs[1])
        for user in graph.users[node.name]:
            weight = user.inputs[1]
            values[weight] = (_exact(graph, values, weight) * scale).astype(np.float32)
        gone[node.name] = node.inputs[0]
    return _without(graph, gone, values)


def drop_unused(graph: Graph) -> Graph:
    """Without the loss and whatever no output or state needs; inputs stay, since callers pass them."""
    graph = replace(graph, loss="")
    keep = needed(graph, graph.ends)
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.name in keep or node.op == "input"))


def _foldable(graph: Graph, node: Node) -> bool:
    """Whether every reader is a product with weights of its own, and nothing but a scale is to be folded.

    A scale per channel of a grouped convolution stays: its weights see only some of the channels. So does one per
    pixel before any convolution.
    """
    users = graph.users[node.name]
    offset, scale = (graph.by_name[name].value for name in (node.inputs[2], node.inputs[1]))
    return bool(
        users
        and node.name not in graph.ends
        and offset is not None
        and scale is not None
        and not offset.any()
        and all(user.op in PRODUCTS and user.inputs[0] == node.name for user in users)
        and all(len(graph.users[user.inputs[1]]) == 1 for user in users)
        and all(scale.size == 1 or user.op == "dense" or _per_channel(user, scale) for user in users)
    )


def _per_channel(conv: Node, scale: NDArray[np.float32]) -> bool:
    """Whether every weight of the convolution sees one scale: it may not differ from pixel to pixel."""
    return bool(conv["groups"] == 1 and scale.size == scale.shape[-1])


def _alone(graph: Graph, name: str) -> bool:
    """Whether `name` is a product that one node reads and whose weights nobody else uses."""
    node = graph.by_name[name]
    if node.op not in PRODUCTS or len(graph.users[name]) != 1 or name in graph.ends:
        return False
    return all(len(graph.users[weight]) == 1 for weight in node.inputs[1:])


def _exact(graph: Graph, values: dict[str, NDArray[np.float32]], name: str) -> NDArray[np.float64]:
    """A weight in double precision: as changed so far, else as it stands."""
    value = values.get(name, graph.by_name[name].value)
    return np.asarray(value, np.float64)


def _scale_outputs(
    graph: Graph, values: dict[str, NDArray[np.float32]], weight: str, scale: NDArray[np.float64]
) -> None:
    """Multiply each output's weights (first axis O) by its scale."""
    value = _exact(graph, values, weight)
    values[weight] = (value * scale.reshape(-1, *(1,) * (value.ndim - 1))).astype(np.float32)


def _without(graph: Graph, gone: dict[str, str], values: dict[str, NDArray[np.float32]]) -> Graph:
    """Without the nodes in `gone`, whose readers read its value instead, and with these weights."""

    def follow(name: str) -> str:
        while name in gone:
            name = gone[name]
        return name

    nodes = tuple(
        node if node.op in SOURCES else replace(node, inputs=tuple(follow(name) for name in node.inputs))
        for node in graph.fill(values).nodes
        if node.name not in gone
    )
    outputs = tuple((field, follow(name)) for field, name in graph.outputs)
    states = tuple((given, follow(left)) for given, left in graph.states)
    return replace(graph, nodes=nodes, outputs=outputs, states=states, loss=follow(graph.loss))
