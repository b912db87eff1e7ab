"""Grouping nodes into steps: what a kernel can do in one go becomes one step."""

from datacc.arrange.chain import chains, is_elementwise
from datacc.arrange.needs import Needs
from datacc.arrange.whole import product_chain, sum_chain
from datacc.ir.graph import SOURCES, Graph, Node
from datacc.ir.ops import OPS
from datacc.ir.plan import Step
from datacc.ir.total import is_total


def group(graph: Graph) -> tuple[Step, ...]:
    """Steps in an order in which everything is computed before it is read.

    A convolution or dense layer takes an addition and a threshold along; the other elementwise ops become chains.
    Nodes that no output needs are left out.
    """
    needs = Needs(graph)
    taken: set[str] = set()
    steps: list[Step] = []
    for node in graph.nodes:
        if node.op in SOURCES or node.name not in needs.names or node.name in taken or is_elementwise(needs, node):
            continue
        step = _step(needs, node, taken)
        taken.update(step.nodes)
        steps.append(step)
    return tuple(sorted((*steps, *chains(needs, taken)), key=lambda step: needs.position[step.out]))


def _step(needs: Needs, node: Node, taken: set[str]) -> Step:
    reads = node.inputs[: len(node.inputs) - OPS[node.op].weights]
    op, nodes, residual, relu, most = node.op, [node.name], "", False, 0.0
    if node.op in ("conv", "dense") and node.type.dtype == "int32":
        chain, residual = product_chain(needs, node, taken)
        nodes = list(chain)
    elif node.op == "rescale":
        chain, reads = sum_chain(needs, node, taken)
        nodes = list(chain)
        op = needs.graph.by_name[nodes[0]].op
    elif node.op in ("conv", "dense") and not is_total(needs.graph, node):
        follower = needs.only_user(nodes[-1])
        is_free = follower is not None and follower.op == "add" and follower.name not in taken
        if follower is not None and is_free and (other := _other(needs, follower, nodes[-1])):
            residual = other
            nodes.append(follower.name)
            follower = needs.only_user(nodes[-1])
        if follower is not None and follower.name not in taken and _is_threshold(node, follower):
            relu, most = True, follower["high"] if follower.op == "clip" else 0.0
            nodes.append(follower.name)
    return Step(op=op, nodes=tuple(nodes), reads=reads, out=nodes[-1], residual=residual, relu=relu, most=most)


def _is_threshold(layer: Node, follower: Node) -> bool:
    """Whether a layer takes its follower along: a threshold at zero; a convolution one with an upper limit too."""
    is_limited = layer.op == "conv" and follower.op == "clip" and follower["low"] == 0 < follower["high"]
    return follower.op == "relu" or is_limited


def _other(needs: Needs, add: Node, one: str) -> str:
    """The other addend; nothing when both are the same, or when either is spread over the other."""
    others = [name for name in add.inputs if name != one]
    alike = all(needs.graph.by_name[name].type == add.type for name in add.inputs)
    return others[0] if others and alike else ""
