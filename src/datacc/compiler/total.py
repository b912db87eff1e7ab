"""Sums of floats in an order that no machine can change."""

import numpy as np

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Node


def is_total(graph: Graph, node: Node) -> bool:
    """Whether a product only adds up the last axis of its input: one output, all weights 1, no bias."""
    weight, bias = (graph.by_name[name].value for name in node.inputs[1:])
    if weight is None or bias is None or weight.size != weight.shape[-1]:
        return False
    is_each = node.op != "conv" or all(stride == 1 for stride in node["stride"])
    return bool(is_each and (weight == np.float32(1)).all() and not bias.any())


def total(b: Builder, name: str, x: str) -> str:
    """The node (…, 1) of the sums of x (…, F): its second half is added to the first, an odd one waits a round."""
    axis, size = len(b.type(x).shape) - 1, b.type(x).shape[-1]
    while size > 1:
        half = size // 2
        title = f"{name} ({size} to {size - half})"
        parts = [
            b.op("slice", f"{title}, {which}", x, axis=axis, first=first, last=first + half - 1)
            for which, first in (("first", 0), ("second", half))
        ]
        added = b.op("add", title, *parts)
        if size % 2:
            rest = b.op("slice", f"{title}, rest", x, axis=axis, first=size - 1, last=size - 1)
            added = b.op("concat", f"{title}, joined", added, rest, axis=axis)
        x, size = added, size - half
    return x
