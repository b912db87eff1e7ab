"""What an integer step takes along: the rescaling of its sums, a rescaled residual, or the way back to floats."""

from collections.abc import Collection

from datacc.arrange.needs import Needs
from datacc.ir.graph import Graph, Node

BYTES = ("uint8", "int8")


def product_chain(needs: Needs, node: Node, taken: Collection[str]) -> tuple[tuple[str, ...], str]:
    """The nodes that an integer product computes, itself first, and the value of bytes that it adds ("": none)."""
    after = needs.only_user(node.name)
    if after is None or after.name in taken:
        return (node.name,), ""
    if after.op == "cast" and after["to"] == "float32":
        affine = needs.only_user(after.name)
        takes = affine is not None and affine.op == "affine" and _per_channel(needs.graph, affine)
        return (node.name, after.name, *([affine.name] if takes and affine is not None else [])), ""
    if after.op != "rescale":
        return (node.name,), ""
    if after["to"] in BYTES:
        return (node.name, after.name), ""
    added = _sum(needs, after, taken)
    if added is None:
        return (node.name,), ""
    other, add, last = added
    return (node.name, after.name, other.name, add.name, last.name), other.inputs[0]


def sum_chain(needs: Needs, node: Node, taken: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For a rescaled value of bytes that is only added to another: addition, both, and last rescaling; what is read."""
    added = _sum(needs, node, taken) if needs.graph.by_name[node.inputs[0]].type.dtype in BYTES else None
    if added is None:
        return (node.name,), (node.inputs[0],)
    other, add, last = added
    return (add.name, node.name, other.name, last.name), (node.inputs[0], other.inputs[0])


def _sum(needs: Needs, one: Node, taken: Collection[str]) -> tuple[Node, Node, Node] | None:
    """The other rescaled value of bytes that `one` is added to, the addition, and what rescales the sum to bytes."""
    add = needs.only_user(one.name)
    if one["to"] != "int32" or add is None or add.op != "add" or add.name in taken:
        return None
    others = [name for name in add.inputs if name != one.name]
    last = needs.only_user(add.name)
    if len(others) != 1 or last is None or last.op != "rescale" or last["to"] not in BYTES:
        return None
    other, graph = needs.graph.by_name[others[0]], needs.graph
    fits = (
        other.op == "rescale"
        and other.name not in taken
        and needs.only_user(other.name) is add
        and graph.by_name[other.inputs[0]].type.dtype in BYTES
        and other.type == one.type
        and graph.by_name[last.inputs[1]].type.shape == (1,)
    )
    return (other, add, last) if fits else None


def _per_channel(graph: Graph, affine: Node) -> bool:
    """Whether scale and offset are one number, or one for each channel."""
    shapes = (graph.by_name[name].type.shape for name in affine.inputs[1:])
    return all(shape in ((1,), affine.type.shape[-1:]) for shape in shapes)
