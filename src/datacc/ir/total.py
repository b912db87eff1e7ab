"""Products that only add up, or only repeat: of floats too they are the same on every processor."""

import numpy as np

from datacc.ir.graph import Graph, Node


def is_total(graph: Graph, node: Node) -> bool:
    """Whether a product of floats is the sum over the last axis: one output, all weights 1, no bias, no window."""
    if node.type.shape[-1:] != (1,) or not _is_plain(graph, node):
        return False
    weight = graph.by_name[node.inputs[1]].value
    return node.op == "conv" or (weight is not None and weight.ndim == 2)


def is_repeat(graph: Graph, node: Node) -> bool:
    """Whether a product of floats gives every number again and again: all weights 1, of one input channel."""
    return node.op == "conv" and graph.by_name[node.inputs[0]].type.shape[-1] == 1 and _is_plain(graph, node)


def _is_plain(graph: Graph, node: Node) -> bool:
    """Whether it is a product of floats by weights that are 1, without bias or window."""
    if node.op not in ("dense", "conv") or node.type.dtype != "float32":
        return False
    weight, bias = (graph.by_name[name].value for name in node.inputs[1:])
    if weight is None or bias is None or (weight != np.float32(1)).any() or bias.any():
        return False
    if node.op == "dense":
        return True
    moves = [*node["stride"], *(1 + side for sides in node["pad"] for side in sides), *weight.shape[1:-1]]
    return node["groups"] == 1 and all(move == 1 for move in moves)
