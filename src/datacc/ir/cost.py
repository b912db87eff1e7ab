"""What a Graph costs by its form alone: multiply-adds and bytes, the same on every machine."""

from collections.abc import Mapping

from datacc.frozen import frozen
from datacc.ir.graph import SOURCES, Graph, Node
from datacc.ir.ops import OPS, Op


@frozen
class NodeCost:
    """One op: its kind (product, threshold, other), multiply-adds, comparisons, bytes of weights and of its result."""

    name: str
    op: str
    kind: str
    work: int
    weights: int
    result: int
    comparisons: int = 0

    @property
    def steps(self) -> int:
        """Multiply-adds and comparisons."""
        return self.work + self.comparisons


def node_costs(graph: Graph, table: Mapping[str, Op] = OPS) -> tuple[NodeCost, ...]:
    """A cost for every op, in execution order; `table` has the ops that the Graph may hold."""
    return tuple(_cost(graph, node, table[node.op]) for node in graph.nodes if node.op not in SOURCES)


def _cost(graph: Graph, node: Node, op: Op) -> NodeCost:
    args = [graph.by_name[name] for name in node.inputs]
    types, attrs = [arg.type for arg in args], dict(node.attrs)
    return NodeCost(
        name=node.name,
        op=node.op,
        kind=op.kind,
        work=op.work(node.type, *types, **attrs),
        comparisons=op.comparisons(node.type, *types, **attrs),
        weights=sum(arg.type.nbytes for arg in args if arg.op == "weight"),
        result=node.type.nbytes,
    )


def work(graph: Graph) -> int:
    """All multiply-adds of one answer."""
    return sum(cost.work for cost in node_costs(graph))


def weight_bytes(graph: Graph) -> int:
    """The bytes of all weights, unpadded."""
    return sum(node.type.nbytes for node in graph.weights)
