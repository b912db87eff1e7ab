"""When each value of a step is computed: phases between which all shards meet, because sums must be complete."""

from collections.abc import Mapping

from datacc.fit.adjoints import ADJOINTS
from datacc.fit.step import wholes
from datacc.frozen import frozen
from datacc.ir.graph import SOURCES, Graph, Node

# Ops whose element depends on the elements at the same place alone: computed again where they are needed again.
ELEMENTWISE = frozenset("affine normalise relu clip gate add multiply divide exp log sqrt sin cast".split())
# Of these, dear enough to be kept once computed.
DEAR = frozenset("divide exp log sqrt sin".split())
SUMMING = frozenset(name for name, op in ADJOINTS.items() if op.is_summing)


@frozen(eq=False)
class Phases:
    """The nodes of a Graph by when they are computed.

    `kernels` by phase: row values that are not elementwise, and sums. `wholes`, one more: what is computed once, before
    each phase and after the last, from sums that are complete when all shards have left a phase. `ready` is the phase
    that computes a row value first, or after which a whole value can be read; −1 is before the first.
    """

    graph: Graph
    whole: frozenset[str]
    kernels: tuple[tuple[Node, ...], ...]
    wholes: tuple[tuple[Node, ...], ...]
    ready: Mapping[str, int]


def phases(graph: Graph) -> Phases:
    """The phases of a Graph whose nodes all serve an output."""
    whole = wholes(graph)
    ready: dict[str, int] = {}
    for node in graph.nodes:
        ready[node.name] = _ready(node, whole, ready)
    count = 1 + max((ready[node.name] for node in graph.nodes), default=0)
    kernels: list[list[Node]] = [[] for _ in range(count)]
    once: list[list[Node]] = [[] for _ in range(count + 1)]
    for node in graph.nodes:
        if node.op in SOURCES:
            continue
        if node.name in whole and node.op not in SUMMING:
            once[ready[node.name] + 1].append(node)
        elif node.op not in ELEMENTWISE:
            kernels[ready[node.name]].append(node)
    return Phases(
        graph=graph, whole=whole, kernels=tuple(map(tuple, kernels)), wholes=tuple(map(tuple, once)), ready=ready
    )


def _ready(node: Node, whole: frozenset[str], ready: Mapping[str, int]) -> int:
    """The phase that computes a node: after all whole values that a row value reads, with all others."""
    if node.op == "weight":
        return -1
    if node.op == "input":
        return 0
    if node.name in whole and node.op not in SUMMING:
        return max((ready[name] for name in node.inputs), default=-1)
    rows = [ready[name] for name in node.inputs if name not in whole]
    return max([0, *rows, *(ready[name] + 1 for name in node.inputs if name in whole)])
