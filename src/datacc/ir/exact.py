"""Which Graphs mean the very same bits everywhere: those whose products are of integers."""

from typing import Final

from datacc.ir.graph import Graph
from datacc.ir.total import is_repeat, is_total

# Whose order of sums, or series, is the kernel's own; all others, and these on integers, are the same to the last bit.
NEARLY: Final = frozenset({"conv", "dense", "normalise", "meanpool", "log", "sin"})


def is_exact(graph: Graph) -> bool:
    """Whether every processor, compiler and the interpreter give the same bits."""
    near = [node for node in graph.nodes if node.op in NEARLY and node.type.dtype == "float32"]
    return all(is_total(graph, node) or is_repeat(graph, node) for node in near)
