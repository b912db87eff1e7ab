"""The whole step of a fit as one Graph: forwards with batch statistics, the loss, and backwards to every hole.

Two kinds of values: *row* values have a batch axis when they are computed, *whole* values have none: weights, sums over
the batch, and what is computed elementwise from these alone. In a step Graph a weight argument may be any whole value.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from math import prod
from typing import Final

from datacc.errors import GraphError
from datacc.fit._tape import Tape, is_whole
from datacc.fit.adjoints import STEP_OPS
from datacc.fit.backward import backward
from datacc.ir.build import complete, infer
from datacc.ir.graph import SOURCES, Graph, Node, needed
from datacc.ir.join import join

SHARE: Final = "step.share"  # a whole hole (1,): 1 / rows of the batch
BEFORE: Final = ".before"  # after the name of a mean: a whole hole (C,), the batch's mean in the step before


def wholes(graph: Graph) -> frozenset[str]:
    """The names of the whole values."""
    found: set[str] = set()
    for node in graph.nodes:
        if is_whole(node.op, [name in found for name in node.inputs]):
            found.add(node.name)
    return frozenset(found)


def step_graph(graph: Graph, loss: Graph) -> Graph:
    """Everything that a step computes from a skeleton and its loss Graph (`losses.py`).

    Outputs: `loss` (1,), the mean over the rows; `features`, the row value that the skeleton's loss names; for each
    learnt hole its gradient, and for each mean and variance hole the batch's, by the name of the hole.
    """
    body = join(_body(graph), loss)
    forward, statistics = _by_batch(body)
    row_loss, *constant = (name for _, name in loss.outputs)
    wanted = [node.name for node in forward.holes if node.role == "learnt"]
    step = backward(forward, loss=row_loss, wanted=wanted, constant=constant, seed=SHARE)
    t = Tape(step)
    t.near = "loss"
    mean_loss = t.do("multiply", t.do("sum", row_loss, keep=0), SHARE)
    outputs = {"loss": mean_loss, "features": graph.loss, **dict(step.outputs), **statistics}
    return check_step(_pruned(t.graph(outputs)))


def look_graph(graph: Graph) -> Graph:
    """Forwards only: `features` by given statistics, and sums over what each normalise reads.

    Under the name of a mean the sum of (x − before), under that of a variance the sum of its square.
    """
    body, sums = _body(graph), dict[str, str]()
    t = _begin(body)
    for node in body.nodes:
        if node.op != "weight":
            t.put(node)
        if _is_by_batch(node, graph):
            t.near = node.name
            sums |= dict(zip(node.inputs[3:], _sums(t, node.inputs[0], _before(t, node)), strict=True))
    return check_step(_pruned(t.graph({"features": graph.loss, **sums})))


def by_batch(graph: Graph) -> Graph:
    """The same Graph, but every normalise whose statistics are holes has those of the batch."""
    return _by_batch(graph)[0]


def _by_batch(graph: Graph) -> tuple[Graph, Mapping[str, str]]:
    """Also the node of each statistic, by the hole that it stands for."""
    t, statistics = _begin(graph), dict[str, str]()
    t.hole(SHARE, (1,))
    for node in graph.nodes:
        if _is_by_batch(node, graph):
            t.near = node.name
            found = _statistics(t, node)
            statistics |= dict(zip(node.inputs[3:], found, strict=True))
            node = replace(node, inputs=(*node.inputs[:3], *found))
        if node.op != "weight":
            t.put(node)
    return replace(graph, nodes=tuple(t.nodes.values())), statistics


def _begin(graph: Graph) -> Tape:
    """A tape with the weights of a Graph, whose other nodes follow."""
    t = Tape(reserved=graph.by_name)
    for node in graph.weights:
        t.put(node)
    return t


def _statistics(t: Tape, node: Node) -> tuple[str, str]:
    """Mean and variance of what a normalise reads, over rows and positions.

    By sums of what is shifted by the mean of the step before: near the mean, E[y²] − E[y]² loses no digits.
    """
    x, before = node.inputs[0], _before(t, node)
    first, second = _sums(t, x, before)
    share = t.scaled(SHARE, t.constant(1 / prod(t.shape(x)[:-1])))
    moved, square = t.do("multiply", first, share), t.do("multiply", second, share)
    mean = t.do("add", before, moved)
    minus = t.do("affine", t.do("multiply", moved, moved), t.constant(-1), t.constant(0))
    return mean, t.do("relu", t.do("add", square, minus))


def _before(t: Tape, node: Node) -> str:
    return t.hole(node.inputs[3] + BEFORE, t.shape(node.inputs[3]))


def _sums(t: Tape, x: str, before: str) -> tuple[str, str]:
    """The sums of x − before and of its square."""
    centred = t.do("affine", x, t.constant(1), t.scaled(before, t.constant(-1)))
    return t.do("sum", centred, keep=1), t.do("sum", t.do("multiply", centred, centred), keep=1)


def _is_by_batch(node: Node, graph: Graph) -> bool:
    return node.op == "normalise" and all(graph.by_name[name].is_hole for name in node.inputs[3:])


def _body(graph: Graph) -> Graph:
    """A skeleton as far as its loss reads it, with that as its one output."""
    return _pruned(replace(graph, outputs=(("features", graph.loss),), states=(), loss=""))


def _pruned(graph: Graph) -> Graph:
    keep = needed(graph, graph.ends)
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.name in keep))


def check_step(graph: Graph) -> Graph:
    """The same Graph, or a `GraphError` that names the node: both tables' types, and whole values where they belong."""
    whole, seen = wholes(graph), dict[str, Node]()
    for node in graph.nodes:
        _demand(node, node.name not in seen, "two nodes have this name")
        if node.op not in SOURCES:
            _demand(node, node.op in STEP_OPS, f"there is no op {node.op!r}")
            _demand(node, all(name in seen for name in node.inputs), "reads what no earlier node gives")
            _check_op(node, seen, whole)
        seen[node.name] = node
    missing = [name for name in graph.ends if name not in seen]
    if missing:
        raise GraphError(f"the Graph ends in {missing}, which are no nodes")
    return graph


def _check_op(node: Node, seen: Mapping[str, Node], whole: Collection[str]) -> None:
    attrs = dict(node.attrs)
    _demand(node, node.attrs == complete(node.op, attrs, node.name, STEP_OPS), "attributes are not in standard form")
    found = infer(node.op, tuple(seen[name].type for name in node.inputs), attrs, node.name, STEP_OPS)
    _demand(node, found == node.type, f"the type is {node.type}, the op gives {found}")
    first_weight = len(node.inputs) - STEP_OPS[node.op].weights
    for i, name in enumerate(node.inputs):
        wants_whole = i >= first_weight or (node.name in whole and not _is_summing(node))
        _demand(node, (name in whole) == wants_whole, f"{name!r} is {'row' if wants_whole else 'whole'}")


def _is_summing(node: Node) -> bool:
    return bool(getattr(STEP_OPS[node.op], "is_summing", False))


def _demand(node: Node, condition: bool, what: str) -> None:
    if not condition:
        raise GraphError(what, where=f"node {node.name!r}")
