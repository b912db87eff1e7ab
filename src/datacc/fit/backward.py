"""Back-propagation: from a Graph and its loss to the Graph of the loss's gradients.

A loss L is one number. Every value of the Graph has a gradient, dL/d(value), of the value's own shape. A value acts
on L only through the nodes that read it, so its gradient is the sum of what comes back from each reader, and what comes
back is the reader's own gradient times the reader's derivative: the chain rule. Hence the walk: from the loss to the
inputs, each node once, after all of its readers (dynamic programming over the Graph). A node adds up what its readers
have sent, and sends on to each of its arguments what the rule of its op says. What arrives at a hole is the direction
in which the loss grows there: the gradient as a field over the holes.

The result is a Graph again, of the 24 ops and the six adjoints. Nothing in it is computed twice, nothing that no hole
needs is in it, and gradients that are the same along an axis, or for all rows, are kept as one number (`_tape.py`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from math import inf, pi, prod
from typing import Final

import numpy as np

from datacc.fit._tape import Tape
from datacc.ir.graph import Graph, Node, needed
from datacc.ir.total import is_total

Rule = Callable[[Tape, Node, str, int], str]


def backward(graph: Graph, *, loss: str, wanted: Sequence[str], constant: Collection[str] = (), seed: str) -> Graph:
    """The given nodes, then those of the gradients; outputs are (weight, its gradient) for all `wanted`.

    `loss` (1,) is each row's loss and `seed` (1,) the whole node that is its gradient: the row's share in L. Nodes in
    `constant` send nothing on, because their gradient is zero or shall be. The gradient of a weight that the loss does
    not depend on is zeros.
    """
    tape = Tape(graph)
    moving = _moving(graph, wanted, constant)
    sent: dict[str, list[str]] = {loss: [seed]}  # to each node, what its readers have sent
    for node in reversed(graph.nodes):
        if node.name in moving and node.name in sent and node.op != "weight":
            tape.near = f"d.{node.name}"
            gradient = tape.added(sent[node.name], node.name)
            for k, argument in enumerate(node.inputs):
                if argument in moving:
                    sent.setdefault(argument, []).append(RULES[node.op](tape, node, gradient, k))
    found = {}
    for name in wanted:
        tape.near = f"d.{name}"
        found[name] = tape.added(sent[name], name) if name in sent else tape.scaled(name, tape.constant(0))
    return _without_spares(tape.graph(found), graph)


def _moving(graph: Graph, wanted: Collection[str], constant: Collection[str]) -> set[str]:
    """The nodes that move with the wanted weights: only these have gradients that somebody needs."""
    moving = set(wanted)
    for node in graph.nodes:
        if node.op in RULES and node.name not in constant and moving.intersection(node.inputs):
            moving.add(node.name)
    return moving


def _without_spares(result: Graph, given: Graph) -> Graph:
    keep = needed(result, result.ends) | set(given.by_name)
    return replace(result, nodes=tuple(node for node in result.nodes if node.name in keep))


# The rules. Each is called with the gradient g of y, the value of `node`, and gives what goes back to argument k.


def _affine(t: Tape, node: Node, g: str, k: int) -> str:
    """y = x · scale + offset."""
    x, scale, offset = node.inputs
    if k == 0:
        return t.times(g, scale, node.name)
    if k == 1:
        return t.summed(t.times(x, g, node.name), node.name, t.shape(scale))
    return t.summed(g, node.name, t.shape(offset))


def _dense(t: Tape, node: Node, g: str, k: int) -> str:
    """y = W x + b: dx = Wᵀ g, dW = g xᵀ over all rows, db = g over all rows. A layer is a window without a stride."""
    return _product(t, node, g, k, {"stride": (), "pad": (), "dilation": (), "groups": 1})


def _conv(t: Tape, node: Node, g: str, k: int) -> str:
    """The same at every window."""
    return _product(t, node, g, k, dict(node.attrs))


def _product(t: Tape, node: Node, g: str, k: int, attrs: Mapping[str, object]) -> str:
    x, weight, bias = node.inputs
    if k == 2:
        return t.summed(g, node.name, t.shape(bias))
    if k == 1:
        return t.do("conv_weight", x, t.full(g, node.name), shape=t.shape(weight), **attrs)
    if is_total(t.start, node) and t.nodes[weight].role == "fixed":
        return g  # of a sum over the last axis: the same for all its terms
    return t.do("conv_input", t.full(g, node.name), weight, shape=t.shape(x), **attrs)


def _normalise(t: Tape, node: Node, g: str, k: int) -> str:
    """y = (x − mean) · scale + shift, where scale = gain / √(variance + ε)."""
    x, gain, shift, mean, variance = node.inputs
    spread = t.shifted(variance, t.constant(node["epsilon"]))
    scale = t.do("divide", gain, t.do("sqrt", spread))
    if k == 0:
        return t.times(g, scale, node.name)
    if k == 1:
        ones, zeros = (t.constant(value, t.shape(gain)) for value in (1, 0))
        plain = t.do("normalise", x, ones, zeros, mean, variance, epsilon=node["epsilon"])
        return t.summed(t.times(plain, g, node.name), node.name, t.shape(gain))
    if k == 2:
        return t.summed(g, node.name, t.shape(shift))
    if k == 3:
        return t.scaled(t.do("multiply", _normalise(t, node, g, 2), scale), t.constant(-1))
    by_gain = t.do("multiply", _normalise(t, node, g, 1), gain)
    return t.scaled(t.do("divide", by_gain, spread), t.constant(-0.5))


def _relu(t: Tape, node: Node, g: str, k: int) -> str:
    """g where x > 0."""
    [x] = node.inputs
    return t.do("gate", t.full(g, x), x, low=0.0, high=inf)


def _clip(t: Tape, node: Node, g: str, k: int) -> str:
    """g within the limits, which belong to it."""
    [x] = node.inputs
    below = float(np.nextafter(np.float32(node["low"]), np.float32(-inf)))
    above = float(np.nextafter(np.float32(node["high"]), np.float32(inf)))
    return t.do("gate", t.full(g, x), x, low=below, high=above)


def _add(t: Tape, node: Node, g: str, k: int) -> str:
    """y = a + b."""
    return t.reduced(g, node.name, node.inputs[k])


def _multiply(t: Tape, node: Node, g: str, k: int) -> str:
    """y = a · b."""
    return t.reduced(t.times(node.inputs[1 - k], g, node.name), node.name, node.inputs[k])


def _divide(t: Tape, node: Node, g: str, k: int) -> str:
    """y = a / b: da = g / b, db = −y · da."""
    da = t.do("divide", t.full(g, node.name), node.inputs[1])
    if k == 0:
        return da
    return t.reduced(t.scaled(t.times(node.name, da, node.name), t.constant(-1)), node.name, node.inputs[1])


def _exp(t: Tape, node: Node, g: str, k: int) -> str:
    """y is its own derivative."""
    return t.times(node.name, g, node.name)


def _log(t: Tape, node: Node, g: str, k: int) -> str:
    """g / x."""
    return t.do("divide", t.full(g, node.name), node.inputs[0])


def _sqrt(t: Tape, node: Node, g: str, k: int) -> str:
    """g / 2y."""
    return t.do("divide", t.scaled(t.full(g, node.name), t.constant(0.5)), node.name)


def _sin(t: Tape, node: Node, g: str, k: int) -> str:
    """g · cos x, and the cosine is a sine further on."""
    return t.times(t.do("sin", t.shifted(node.inputs[0], t.constant(pi / 2))), g, node.name)


def _maxpool(t: Tape, node: Node, g: str, k: int) -> str:
    """g to the first largest of each window."""
    return t.do("pool_scatter", t.full(g, node.name), node.inputs[0], **dict(node.attrs))


def _maximum(t: Tape, node: Node, g: str, k: int) -> str:
    """g to the first largest of the last axis: a pool whose windows are whole rows."""
    [x] = node.inputs
    *rows, last = t.shape(x)
    picture = t.do("reshape", x, shape=(prod(rows), last, 1))
    dy = t.do("reshape", t.full(g, node.name), shape=(prod(rows), 1, 1))
    dx = t.do("pool_scatter", dy, picture, size=(1, last), stride=(1, last))
    return t.do("reshape", dx, shape=(*rows, last))


def _meanpool(t: Tape, node: Node, g: str, k: int) -> str:
    """A pool by the mean is a convolution of each channel by equal weights."""
    shape, size = t.shape(node.inputs[0]), node["size"]
    equal = t.constant(1 / prod(size), (shape[-1], *size, 1))
    moves = {"stride": node["stride"], "pad": ((0, 0),) * len(size), "dilation": (1,) * len(size)}
    return t.do("conv_input", t.full(g, node.name), equal, shape=shape, groups=shape[-1], **moves)


def _concat(t: Tape, node: Node, g: str, k: int) -> str:
    """Each argument has its part of g."""
    axis = node["axis"]
    ends = list(accumulate(t.shape(name)[axis] for name in node.inputs))
    first = ends[k] - t.shape(node.inputs[k])[axis]
    return t.do("slice", t.full(g, node.name), axis=axis, first=first, last=ends[k] - 1)


def _slice(t: Tape, node: Node, g: str, k: int) -> str:
    """g where it was taken from, with zeros between, before and behind."""
    [x], axis = node.inputs, node["axis"]
    g = _apart(t, t.full(g, node.name), axis, node["step"])
    zeros, behind = t.zeros(x), t.shape(x)[axis] - 1 - node["last"]
    before = [t.do("slice", zeros, axis=axis, first=0, last=node["first"] - 1)] if node["first"] else []
    after = [t.do("slice", zeros, axis=axis, first=0, last=behind - 1)] if behind else []
    return t.do("concat", *before, g, *after, axis=axis)


def _apart(t: Tape, g: str, axis: int, step: int) -> str:
    """Positions of one axis `step` apart, zeros between: the zeros stand on an axis of their own that is joined."""
    *before, n = t.shape(g)[: axis + 1]
    after = t.shape(g)[axis + 1 :]
    if step == 1 or n == 1:
        return g
    column, zeros = (t.do("reshape", value, shape=(*before, n, 1, *after)) for value in (g, t.zeros(g)))
    joined = t.do("concat", column, *[zeros] * (step - 1), axis=axis + 1)
    flat = t.do("reshape", joined, shape=(*before, n * step, *after))
    return t.do("slice", flat, axis=axis, first=0, last=(n - 1) * step)


def _reshape(t: Tape, node: Node, g: str, k: int) -> str:
    """The same elements in the old shape."""
    return t.do("reshape", t.full(g, node.name), shape=t.shape(node.inputs[0]))


def _transpose(t: Tape, node: Node, g: str, k: int) -> str:
    """The axes back to where they were."""
    return t.do("transpose", t.full(g, node.name), axes=tuple(int(axis) for axis in np.argsort(node["axes"])))


def _gather(t: Tape, node: Node, g: str, k: int) -> str:
    """The rows of g, added up in those of the table."""
    rows, table = node.inputs
    return t.do("sum_by", t.full(g, node.name), rows, size=t.shape(table)[0])


def _sum(t: Tape, node: Node, g: str, k: int) -> str:
    """The same for all that were added; batch statistics are sums, the only adjoint that a forward pass holds."""
    return g


RULES: Final[Mapping[str, Rule]] = {
    "affine": _affine,
    "dense": _dense,
    "conv": _conv,
    "normalise": _normalise,
    "relu": _relu,
    "clip": _clip,
    "add": _add,
    "multiply": _multiply,
    "divide": _divide,
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "sin": _sin,
    "maxpool": _maxpool,
    "maximum": _maximum,
    "meanpool": _meanpool,
    "concat": _concat,
    "slice": _slice,
    "reshape": _reshape,
    "transpose": _transpose,
    "gather": _gather,
    "sum": _sum,
}
WITHOUT_GRADIENT: Final = frozenset({"cast", "argmax", "rescale"})  # steps: flat wherever they have a derivative
