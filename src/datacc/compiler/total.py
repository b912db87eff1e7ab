"""Sums of floats in an order that no machine can change: halves added to halves, until one number is left."""

import numpy as np

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Node


def is_total(graph: Graph, node: Node) -> bool:
    """Whether a dense layer only adds up its input: one output, all weights 1, no bias."""
    weight, bias = (graph.by_name[name].value for name in node.inputs[1:])
    if node.op != "dense" or weight is None or bias is None or node.type.shape != (1,) or weight.ndim != 2:
        return False
    return bool((weight == np.float32(1)).all() and not bias.any())


def total(b: Builder, node: Node, x: str) -> str:
    """The node (1,) that adds up x (F,): the second half is added to the first, an odd one joins the next round."""
    size = b.type(x).shape[0]
    while size > 1:
        half = size // 2
        name = f"{node.name} ({size} to {size - half})"
        parts = [
            b.op("slice", f"{name}, {which}", x, axis=0, first=first, last=first + half - 1)
            for which, first in (("first", 0), ("second", half))
        ]
        added = b.op("add", name, *parts)
        if size % 2:
            rest = b.op("slice", f"{name}, rest", x, axis=0, first=size - 1, last=size - 1)
            added = b.op("concat", f"{name}, joined", added, rest, axis=0)
        x, size = added, size - half
    return x
