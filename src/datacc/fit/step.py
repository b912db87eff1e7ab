"""One fitting step as a Graph: forward by the statistics of the batch, loss, gradients; and a look without learning."""

from dataclasses import replace
from math import prod

from datacc.fit.adjoints import wholes
from datacc.fit.backward import gradients
from datacc.fit.losses import CONSTANT
from datacc.fit.tape import Tape
from datacc.ir.graph import Graph, Node, needed

__all__ = ["SHARE", "look_graph", "step_graph", "wholes"]

SHARE = "share"  # a whole hole (1,): what one row counts for in the mean over the batch, 1 / B


def step_graph(graph: Graph, loss: Graph) -> Graph:
    """The whole step of a Graph with holes, whose features are the node that `graph.loss` names.

    Outputs: `loss`, whole (1,), the mean over the batch; `features`; for every learnt hole its gradient, whole; for
    every mean and variance hole what the batch has. Inputs are those of the Graph, and `target` and `weight` of the
    loss. Holes of its own: `share` (1,), and `<mean>.before` (C,) for every mean, that of the step before.
    """
    tape, found = Tape(), {}
    for node in _forward(graph):
        tape.put(_by_batch(tape, graph, node, found) if _is_open(graph, node) else node)
    names = tape.add(loss, {"features": graph.loss})
    row = names[dict(loss.outputs)["loss"]]
    share = tape.hole(SHARE, (1,))
    mean = tape.op("affine", tape.op("sum", row, keep=1), share, tape.constant(0))
    learnt = [node.name for node in graph.holes if node.role == "learnt" and node.name in tape.nodes]
    constant = [names[name] for name in CONSTANT if name in names]
    slopes = gradients(tape, row, learnt, seed=share, constant=constant)
    return tape.graph([("loss", mean), ("features", graph.loss), *slopes.items(), *found.items()])


def look_graph(graph: Graph) -> Graph:
    """Forward by given means and variances. Outputs: `features`; sums over what every normalise with holes reads.

    The sums stand under the names of the mean and variance holes: of x − before and of its square.
    """
    tape, found = Tape(), {}
    for node in _forward(graph):
        if _is_open(graph, node):
            before = tape.hole(f"{node.inputs[3]}.before", tape.shape(node.inputs[1]))
            found |= dict(zip(node.inputs[3:], _sums(tape, node.inputs[0], before), strict=True))
        tape.put(node)
    return tape.graph([("features", graph.loss), *found.items()])


def _forward(graph: Graph) -> list[Node]:
    """What the features need."""
    keep = needed(graph, [graph.loss])
    return [node for node in graph.nodes if node.name in keep]


def _is_open(graph: Graph, node: Node) -> bool:
    """Whether a node normalises by statistics that nobody has filled yet."""
    return node.op == "normalise" and graph.by_name[node.inputs[3]].is_hole


def _sums(tape: Tape, x: str, before: str) -> tuple[str, str]:
    """Σ (x − before) and Σ (x − before)² over the batch and all pixels."""
    centred = tape.op("affine", x, tape.constant(1), _negative(tape, before))
    return tape.op("sum", centred, keep=1), tape.op("sum", tape.op("multiply", centred, centred), keep=1)


def _by_batch(tape: Tape, graph: Graph, node: Node, found: dict[str, str]) -> Node:
    """The same normalise by mean and variance of the batch (Ioffe and Szegedy 2015), which are kept in `found`.

    Sums are shifted by the mean of the step before, so that E[x²] − E[x]² subtracts small numbers only.
    """
    x, _, _, mean_hole, variance_hole = node.inputs
    before = tape.hole(f"{mean_hole}.before", tape.shape(node.inputs[1]))
    total, squares = _sums(tape, x, before)
    zero = tape.constant(0)
    each = tape.op("affine", tape.hole(SHARE, (1,)), tape.constant(1 / prod(tape.shape(x)[:-1])), zero)
    shift = tape.op("affine", total, each, zero)
    mean = tape.op("add", before, shift)
    square = tape.op("affine", squares, each, zero)
    variance = tape.op("relu", tape.op("add", square, _negative(tape, tape.op("multiply", shift, shift))))
    found |= {mean_hole: mean, variance_hole: variance}
    return replace(node, inputs=(*node.inputs[:3], mean, variance))


def _negative(tape: Tape, value: str) -> str:
    return tape.op("affine", value, tape.constant(-1), tape.constant(0))
