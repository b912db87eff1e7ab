"""Sums of floats in an order that no machine can change, and the soft-max that is made of them."""

import numpy as np

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Node


def is_total(graph: Graph, node: Node) -> bool:
    """Whether a dense layer only adds up its input: one output, all weights 1, no bias."""
    if node.op != "dense" or node.type.shape != (1,):
        return False
    weight, bias = (graph.by_name[name].value for name in node.inputs[1:])
    if weight is None or bias is None or weight.ndim != 2:
        return False
    return bool((weight == np.float32(1)).all() and not bias.any())


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


def soft_max(b: Builder, name: str, x: str) -> str:
    """The node of exponentials of x (…, K) that sum to one, by ops that are the same everywhere."""
    one, zero = (
        b.weight(f"{name}.{which}", (1,), value=np.array([value]), role="fixed")
        for which, value in (("minus", -1.0), ("zero", 0.0))
    )
    lowered = b.op("affine", f"{name} (lowered)", b.op("maximum", f"{name} (largest)", x), one, zero)
    powers = b.op("exp", f"{name} (powers)", b.op("add", f"{name} (below)", x, lowered))
    return b.op("divide", name, powers, total(b, f"{name} (sum)", powers))
