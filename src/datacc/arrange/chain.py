"""Chains of elementwise ops: what is computed of elements at one place, and read by nothing else, becomes one step."""

from collections.abc import Collection

from datacc.arrange.needs import Needs
from datacc.ir.graph import Node
from datacc.ir.ops import OPS
from datacc.ir.plan import Step

ELEMENTWISE = frozenset(
    {"cast", "affine", "normalise", "relu", "clip", "add", "multiply", "divide", "exp", "log", "sqrt", "sin"}
)


def is_elementwise(needs: Needs, node: Node) -> bool:
    """Whether a node is computed from the floats at one place; a cast may come from integers, or go to them."""
    if node.op not in ELEMENTWISE:
        return False
    source = needs.graph.by_name[node.inputs[0]].type.dtype
    return "float32" in (source, node.type.dtype) if node.op == "cast" else source == "float32"


def chains(needs: Needs, taken: Collection[str]) -> list[Step]:
    """A step for every chain among the elementwise nodes that are not taken; each ends where others read."""
    free = {
        node.name: node
        for node in needs.graph.nodes
        if node.name in needs.names and node.name not in taken and is_elementwise(needs, node)
    }
    steps = []
    while free:
        end = free[next(reversed(free))]
        mine = _chain(needs, free, end)
        steps.append(_step(needs, mine, end))
        for node in mine:
            del free[node.name]
    return steps


def _chain(needs: Needs, free: dict[str, Node], end: Node) -> list[Node]:
    """The free nodes that only `end` and nodes before it in the chain read, in order."""
    mine = {end.name: end}
    shapes = (end.type.shape, (*end.type.shape[:-1], 1))
    for node in reversed(needs.graph.nodes):  # readers come before what they read
        users = [user.name for user in needs.graph.users[node.name] if user.name in needs.names]
        is_inside = users and node.name not in needs.outputs and all(user in mine for user in users)
        if node.name in free and is_inside and node.type.shape in shapes and node.type.dtype == "float32":
            mine[node.name] = node
    return list(reversed(mine.values()))


def _step(needs: Needs, nodes: list[Node], end: Node) -> Step:
    names = tuple(node.name for node in nodes)
    values = (name for node in nodes for name in node.inputs[: len(node.inputs) - OPS[node.op].weights])
    reads = tuple(dict.fromkeys(value for value in values if value not in names))
    return Step(op="each", nodes=names, reads=reads, out=end.name)
