"""Grouping nodes into steps: what a kernel can do in one go becomes one step."""

from dataclasses import dataclass
from functools import cached_property

from datacc.arrange.whole import product_chain, sum_chain
from datacc.ir.graph import SOURCES, Graph, Node, needed
from datacc.ir.ops import OPS
from datacc.ir.plan import Step


def group(graph: Graph) -> tuple[Step, ...]:
    """Steps in an order in which everything is computed before it is read.

    A convolution or dense layer takes an addition and a threshold along, a cast takes its affine along. Nodes that
    no output needs are left out.
    """
    needs = _Needs(graph)
    taken: set[str] = set()
    steps: list[tuple[int, Step]] = []
    for node in graph.nodes:
        if node.op in SOURCES or node.name not in needs.names or node.name in taken:
            continue
        step = _step(needs, node, taken)
        taken.update(step.nodes)
        steps.append((needs.position[step.out], step))
    return tuple(step for _, step in sorted(steps, key=lambda pair: pair[0]))


@dataclass(frozen=True)
class _Needs:
    """The part of a Graph that its outputs depend on."""

    graph: Graph

    @cached_property
    def outputs(self) -> frozenset[str]:
        return frozenset(name for _, name in self.graph.outputs)

    @cached_property
    def names(self) -> frozenset[str]:
        return needed(self.graph, self.outputs)

    @cached_property
    def position(self) -> dict[str, int]:
        return {node.name: i for i, node in enumerate(self.graph.nodes)}

    def only_user(self, name: str) -> Node | None:
        """The node that reads this value, when nothing else wants it."""
        users = [node for node in self.graph.users[name] if node.name in self.names]
        return users[0] if len(users) == 1 and name not in self.outputs else None


def _step(needs: _Needs, node: Node, taken: set[str]) -> Step:
    reads = node.inputs[: len(node.inputs) - OPS[node.op].weights]
    op, nodes, residual, relu = node.op, [node.name], "", False
    if node.op in ("conv", "dense") and node.type.dtype == "int32":
        chain, residual = product_chain(needs, node, taken)
        nodes = list(chain)
    elif node.op == "rescale":
        chain, reads = sum_chain(needs, node, taken)
        nodes = list(chain)
        op = needs.graph.by_name[nodes[0]].op
    elif node.op in ("conv", "dense"):
        follower = needs.only_user(nodes[-1])
        is_free = follower is not None and follower.op == "add" and follower.name not in taken
        if follower is not None and is_free and (other := _other(follower, nodes[-1])):
            residual = other
            nodes.append(follower.name)
            follower = needs.only_user(nodes[-1])
        if follower is not None and follower.op == "relu":
            relu = True
            nodes.append(follower.name)
    elif node.op == "cast":
        follower = needs.only_user(node.name)
        if follower is not None and follower.op == "affine" and node["to"] == "float32":
            nodes.append(follower.name)
    return Step(op=op, nodes=tuple(nodes), reads=reads, out=nodes[-1], residual=residual, relu=relu)


def _other(add: Node, one: str) -> str:
    """The other addend; nothing when both are the same."""
    others = [name for name in add.inputs if name != one]
    return others[0] if others else ""
