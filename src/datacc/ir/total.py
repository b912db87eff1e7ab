"""Products that only add up: every processor adds in the same order, so that sums of floats are the same everywhere."""

import numpy as np

from datacc.ir.graph import Graph, Node


def is_total(graph: Graph, node: Node) -> bool:
    """Whether a product of floats is the sum over the last axis: one output, all weights 1, no bias, no window."""
    if node.op not in ("dense", "conv") or node.type.dtype != "float32" or node.type.shape[-1] != 1:
        return False
    weight, bias = (graph.by_name[name].value for name in node.inputs[1:])
    if weight is None or bias is None or (weight != np.float32(1)).any() or bias.any():
        return False
    if node.op == "dense":
        return weight.ndim == 2
    moves = [*node["stride"], *(1 + side for sides in node["pad"] for side in sides), *weight.shape[1:-1]]
    return node["groups"] == 1 and all(move == 1 for move in moves)
