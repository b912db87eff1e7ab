"""The checker that runs around every pass: a Graph that comes out of here obeys the op table."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from datacc.errors import GraphError
from datacc.ir.build import complete, infer
from datacc.ir.graph import DTYPES, HALF_BYTE, SOURCES, Graph, Node
from datacc.ir.ops import OPS

LARGEST: Final = 2**40  # elements of one value; beyond, sizes would overflow what counts them
ROLES = ("learnt", "mean", "variance", "data", "calibrated", "fixed")


def check(graph: Graph, *, holes: Sequence[str] = ROLES) -> Graph:
    """The same Graph, or a `GraphError` that names the node.

    `holes` lists the roles that may still be open; `holes=()` demands a complete program.
    """
    seen: dict[str, Node] = {}
    for node in graph.nodes:
        _demand(node, node.name not in seen, "two nodes have this name")
        _demand(node, node.op in OPS or node.op in SOURCES, f"there is no op {node.op!r}")
        is_half = node.op == "weight" and node.type.dtype == HALF_BYTE
        _demand(node, node.type.dtype in DTYPES or is_half, f"there is no dtype {node.type.dtype!r}")
        _check_shape(node)
        if node.op in SOURCES:
            _check_source(node, holes)
        else:
            _check_op(node, seen)
        seen[node.name] = node
    _check_ends(graph, seen)
    return graph


def _demand(node: Node, condition: bool, what: str) -> None:
    if not condition:
        raise GraphError(what, where=f"node {node.name!r}")


def _check_shape(node: Node) -> None:
    shape = node.type.shape
    _demand(node, len(shape) >= 1, "a value has at least one axis")
    _demand(node, all(type(n) is int and n >= 1 for n in shape), f"an axis of {shape} is empty")
    _demand(node, math.prod(shape) <= LARGEST, f"{shape} is too large")


def _check_source(node: Node, holes: Sequence[str]) -> None:
    _demand(node, not node.inputs and not node.attrs, f"{node.op} takes no arguments")
    if node.op == "input":
        _demand(node, node.value is None and not node.role, "an input has neither value nor role")
        return
    _demand(node, node.role in ROLES, f"there is no role {node.role!r}")
    _demand(node, len(node.dims) == len(node.type.shape), "dims must name every axis")
    _demand(node, node.role == "fixed" or node.type.dtype == "float32", f"a {node.role} weight is float32")
    if node.value is None:
        _demand(node, node.role in holes, f"this {node.role} hole is still open")
        return
    fits = node.value.shape == node.type.shape and node.value.dtype == node.type.numpy
    _demand(node, fits, f"the value is {node.value.dtype}{node.value.shape}, the type {node.type}")
    is_half = node.type.dtype == HALF_BYTE
    _demand(node, not is_half or not (node.value & 15).any(), "the low half of a byte is not 0")
    _demand(node, bool(np.isfinite(node.value).all()), "the value holds NaN or infinity")


def _check_op(node: Node, seen: dict[str, Node]) -> None:
    late = [name for name in node.inputs if name not in seen]
    _demand(node, not late, f"reads {late}, which no earlier node gives")
    first_weight = len(node.inputs) - OPS[node.op].weights
    for i, name in enumerate(node.inputs):
        is_weight, wants = seen[name].op == "weight", i >= first_weight
        _demand(node, is_weight == wants, f"{name!r} stands where a {'weight' if wants else 'value'} is wanted")
    _demand(node, node.attrs == complete(node.op, dict(node.attrs), node.name), "attributes are not in standard form")
    _demand(node, node.value is None and not node.role, "only weights have values and roles")
    _check_integers(node, seen)
    inferred = infer(node.op, tuple(seen[name].type for name in node.inputs), dict(node.attrs), node.name)
    _demand(node, inferred == node.type, f"the type is {node.type}, the op gives {inferred}")


def _check_integers(node: Node, seen: dict[str, Node]) -> None:
    """Limits within which every machine computes the same integers: no product saturates, no sum overflows."""
    limits = {"dense": (63, 2**29 - 1), "conv": (63, 2**29 - 1), "rescale": (2**15 - 1,)}.get(node.op, ())
    first_weight = len(node.inputs) - OPS[node.op].weights
    for name, limit in zip(node.inputs[first_weight:], limits, strict=False):
        value = seen[name].value
        if value is not None and value.dtype != np.float32:
            _demand(node, bool((np.abs(value.astype(np.int64)) <= limit).all()), f"{name!r} goes beyond ±{limit:,}")


def _check_ends(graph: Graph, seen: dict[str, Node]) -> None:
    for name in graph.ends:
        if name not in seen:
            raise GraphError(f"the Graph ends in {name!r}, which is not a node")
        if seen[name].op == "weight":
            raise GraphError(f"the Graph ends in {name!r}, which is a weight")
    if not graph.outputs:
        raise GraphError("a Graph needs outputs")
    names = [field for field, _ in graph.outputs] + [given for given, _ in graph.states]
    if len(set(names)) != len(names):
        raise GraphError("each output and state needs a name of its own")
    for given, left in graph.states:
        if given not in seen or seen[given].op != "input" or seen[given].type != seen[left].type:
            raise GraphError(f"state {given!r} → {left!r} is not an input and a value of the same type")
