"""Back-propagation: from a Graph that ends in a loss to one that also holds the gradient of every weight.

The loss of a row is one number. Around every value of the Graph stands a *field* of the same shape: how much the loss
grows with each of its elements. At the loss the field is known; every op knows how to hand the field at its result on
to its arguments (the chain rule, one line of `RULES` an op). So one walk from the end to the beginning finds all
fields, each once, however many paths lead through a value: what several readers hand on is added up. That is dynamic
programming over the Graph (Linnainmaa 1970; Rumelhart, Hinton and Williams 1986). The fields at the holes are the
gradient.

What comes out is nodes again, of the ops and of the six adjoints (`adjoints.py`): emitted, run and tested like any.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import pi, prod
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from datacc.errors import GraphError
from datacc.fit.tape import Tape
from datacc.ir.graph import Graph, Node
from datacc.ir.total import is_total


@dataclass(frozen=True)
class Field:
    """The field at a value, as a node: of the value's own shape; or, as it need not be written out to be known,
    `spread`, (…, 1) for all channels of a pixel alike; or `whole`, the same for all rows and pixels of the batch.
    """

    node: str
    form: str = "full"


Handed = Iterator[tuple[str, Field]]


def backward(graph: Graph, *, loss: str, wanted: Sequence[str], seed: str, constant: Collection[str] = ()) -> Graph:
    """The Graph and all that the gradient needs; outputs (weight, node of its gradient) for all that the loss needs.

    Arguments as those of `gradients`.
    """
    tape = Tape(graph.nodes)
    return tape.graph(gradients(tape, loss, wanted, seed=seed, constant=constant).items())


def gradients(
    tape: Tape, loss: str, wanted: Sequence[str], *, seed: str, constant: Collection[str] = ()
) -> dict[str, str]:
    """Add to `tape` the gradient of the weights `wanted`; its node for each that the loss depends on.

    `loss` is a row value (1,); `seed` a whole value (1,), what each row's loss counts for. Values in `constant` are
    taken as if they did not change. Raises `GraphError` for weights that spread in a way that has no sum.
    """
    nodes = list(tape.nodes.values())
    moving = _moving(nodes, wanted, constant)
    fields: dict[str, Field] = {loss: Field(seed, "whole")}
    for node in reversed(nodes):
        if node.name not in fields or node.name not in moving or node.op in NO_GRADIENT:
            continue
        if node.op != "weight":
            for name, field in RULES[node.op](_Chain(tape, node, moving), fields[node.name]):
                fields[name] = _plus(tape, name, fields[name], field) if name in fields else field
    return {name: _written(tape, name, fields[name]) for name in wanted if name in fields}


def _moving(nodes: Sequence[Node], wanted: Collection[str], constant: Collection[str]) -> frozenset[str]:
    """What changes when the wanted weights change: nothing else needs a field."""
    moving = set(wanted)
    for node in nodes:
        if node.name not in constant and moving.intersection(node.inputs):
            moving.add(node.name)
    return frozenset(moving)


# ---- Fields: added up, multiplied, written out.


def _plus(tape: Tape, value: str, a: Field, b: Field) -> Field:
    """The sum of two fields at one value, in the smallest form that holds it."""
    if a.form == b.form:
        return Field(_added(tape, a.node, b.node), a.form)
    row, other = (a, b) if a.form == "full" or b.form == "whole" else (b, a)
    if other.form == "whole" and (row.form == "full" or tape.shape(other.node) == (1,)):
        return Field(_added(tape, row.node, other.node), row.form)
    if row.form == "full":
        return Field(tape.op("add", row.node, other.node))
    return Field(tape.op("add", _written(tape, value, other), row.node))


def _added(tape: Tape, a: str, b: str) -> str:
    """a + b; a whole value may spread over the other."""
    if tape.shape(a) == tape.shape(b) and tape.is_whole(a) == tape.is_whole(b):
        return tape.op("add", a, b)
    large, small = (a, b) if not tape.is_whole(a) or tape.shape(b) == (1,) else (b, a)
    return tape.op("affine", large, tape.constant(1), small)


def _written(tape: Tape, value: str, field: Field) -> str:
    """The field in full shape."""
    if field.form == "full" or (tape.is_whole(value) and tape.shape(field.node) == tape.shape(value)):
        return field.node
    zeros = _zeros(tape, value)
    if field.form == "whole":
        return tape.op("affine", zeros, tape.constant(1), field.node)
    return tape.op("add", zeros, field.node)


def _zeros(tape: Tape, value: str) -> str:
    """Exact zeros of a value's shape: a gate that nothing passes."""
    return tape.op("gate", value, value, low=float("inf"), high=float("inf"))


@dataclass(frozen=True)
class _Chain:
    """What a rule works with: the tape, the node whose field it hands on, the values that need one."""

    tape: Tape
    node: Node
    moving: Collection[str]

    def __getitem__(self, i: int) -> str:
        """The i-th argument of the node."""
        return self.node.inputs[i]

    def needs(self, i: int) -> bool:
        """Whether the i-th argument wants a field."""
        return self.node.inputs[i] in self.moving

    def op(self, op: str, *inputs: str, **attrs: Any) -> str:
        """Another node."""
        return self.tape.op(op, *inputs, **attrs)

    def full(self, field: Field) -> str:
        """The field of the node, written out."""
        return _written(self.tape, self.node.name, field)

    def scaled(self, value: str, factor: float | str) -> str:
        """value · factor, a number or a whole value."""
        by = factor if isinstance(factor, str) else self.tape.constant(factor)
        return self.op("affine", value, by, self.tape.constant(0))

    def times(self, field: Field, value: str) -> Field:
        """The field of the node times a value of the node's shape, or one that spreads over it."""
        if self.tape.is_whole(value):
            return Field(self.op("multiply", self.full(field), value))
        is_spread = self.tape.shape(value) != self.node.type.shape
        if field.form == "whole" and (not is_spread or self.tape.shape(field.node) == (1,)):
            return Field(self.scaled(value, field.node), "spread" if is_spread else "full")
        if field.form == "spread":
            return Field(self.op("multiply", value, field.node), "spread" if is_spread else "full")
        return Field(self.op("multiply", self.full(field), value))

    def to_argument(self, i: int, field: Field) -> Field:
        """A field of the node's shape as one of an argument that may have spread over it: added up over channels."""
        shape = self.tape.shape(self[i])
        if shape == self.node.type.shape:
            return field
        if self.tape.is_whole(self[i]):
            raise GraphError("the gradient of a whole value that spreads over others", where=f"node {self[i]!r}")
        return Field(self._total(self.full(field)))

    def _total(self, row: str) -> str:
        """The sum over the last axis."""
        shape = self.tape.shape(row)
        lead, ones = len(shape) - 1, self.tape.constant(1, (1, *(1 for _ in shape[:-1]), shape[-1]))
        if not lead:
            return self.op("dense", row, ones, self.tape.constant(0))
        each = (1,) * lead
        return self.op("conv", row, ones, self.tape.constant(0), stride=each, pad=((0, 0),) * lead, dilation=each)

    def summed(self, row: str, i: int) -> Field:
        """A row value added up over the batch, and over whatever the i-th argument, a whole value, spreads over."""
        shape, mine = self.tape.shape(self[i]), self.tape.shape(row)
        if shape == mine[len(mine) - len(shape) :]:
            return Field(self.op("sum", row, keep=len(shape)))
        if shape == (1,):
            return Field(self.op("sum", row, keep=0))
        raise GraphError(f"a weight {shape} that spreads over {mine} cannot be fitted", where=f"node {self[i]!r}")


# ---- The rules, one for each op: what the field at the result says of the fields at the arguments.


def _add(c: _Chain, field: Field) -> Handed:
    """∂(a + b) = ∂a + ∂b."""
    for i in (0, 1):
        if c.needs(i):
            yield c[i], c.to_argument(i, field)


def _multiply(c: _Chain, field: Field) -> Handed:
    """∂(a b) = b ∂a + a ∂b."""
    for i in (0, 1):
        if c.needs(i):
            yield c[i], c.to_argument(i, c.times(field, c[1 - i]))


def _divide(c: _Chain, field: Field) -> Handed:
    """∂(a / b) = ∂a / b − (a / b) / b ∂b."""
    share = Field(c.op("divide", c.full(field), c[1]))
    if c.needs(0):
        yield c[0], share
    if c.needs(1):
        yield c[1], c.to_argument(1, Field(c.scaled(c.op("multiply", share.node, c.node.name), -1)))


def _affine(c: _Chain, field: Field) -> Handed:
    """∂(x s + t) = s ∂x + x ∂s + ∂t; s and t are the same for all rows."""
    if c.needs(0):
        yield c[0], _through(c, field, c[1])
    if c.tape.is_whole(c.node.name):
        yield from _affine_whole(c, field)
        return
    if c.needs(1):
        yield c[1], c.summed(c.op("multiply", c.full(field), c[0]), 1)
    if c.needs(2):
        yield c[2], c.summed(c.full(field), 2)


def _through(c: _Chain, field: Field, scale: str) -> Field:
    """The field times a whole value, in as small a form as it goes."""
    if field.form == "whole" and not c.tape.is_whole(c.node.name):
        large, small = (scale, field.node) if c.tape.shape(field.node) == (1,) else (field.node, scale)
        return Field(c.scaled(large, small), "whole")
    if field.form == "spread" and c.tape.shape(scale) == (1,):
        return Field(c.scaled(field.node, scale), "spread")
    return Field(c.scaled(c.full(field), scale))


def _affine_whole(c: _Chain, field: Field) -> Handed:
    """The same where x has no batch either."""
    if c.needs(1):
        yield c[1], c.to_argument(1, Field(c.op("multiply", field.node, c[0])))
    if c.needs(2):
        yield c[2], c.to_argument(2, field)


def _product(c: _Chain, field: Field) -> Handed:
    """A sum of products: of each factor, the other; in a convolution, wherever the two have met."""
    if is_total(_as_graph(c.tape), c.node):
        if c.needs(0):
            yield c[0], Field(field.node, "spread" if field.form == "full" else field.form)
        return
    window = {key: c.node[key] if c.node.attrs else () for key in ("stride", "pad", "dilation")}
    window |= {"groups": c.node["groups"] if c.node.attrs else 1}
    dy = c.full(field)
    if c.needs(0):
        yield c[0], Field(c.op("conv_input", dy, c[1], shape=c.tape.shape(c[0]), **window))
    if c.needs(1):
        yield c[1], Field(c.op("conv_weight", c[0], dy, shape=c.tape.shape(c[1]), **window))
    if c.needs(2):
        yield c[2], Field(c.op("sum", dy, keep=1))


def _as_graph(tape: Tape) -> Graph:
    return Graph(nodes=tuple(tape.nodes.values()), outputs=())


def _normalise(c: _Chain, field: Field) -> Handed:
    """y = x̂ · gain + shift with x̂ = (x − mean) / d, d = √(variance + ε): what mean and variance read comes by them."""
    dy, tape = c.full(field), c.tape
    shape = tape.shape(c[1])
    spread = c.op("affine", c[4], tape.constant(1), tape.constant(c.node["epsilon"]))
    scale = c.op("divide", c[1], c.op("sqrt", spread))
    if c.needs(0):
        yield c[0], Field(c.scaled(dy, scale))
    total = c.op("sum", dy, keep=1)
    if c.needs(2):
        yield c[2], Field(total)
    if c.needs(3):
        yield c[3], Field(c.scaled(c.op("multiply", scale, total), -1))
    if not (c.needs(1) or c.needs(4)):
        return
    plain = c.op("normalise", c[0], tape.constant(1, shape), tape.constant(0, shape), c[3], c[4], **dict(c.node.attrs))
    gain = c.op("sum", c.op("multiply", dy, plain), keep=1)
    if c.needs(1):
        yield c[1], Field(gain)
    if c.needs(4):
        yield c[4], Field(c.scaled(c.op("divide", c.op("multiply", gain, c[1]), spread), -0.5))


def _relu(c: _Chain, field: Field) -> Handed:
    """What is above zero passes."""
    yield c[0], Field(c.op("gate", c.full(field), c[0], low=0.0, high=float("inf")))


def _clip(c: _Chain, field: Field) -> Handed:
    """What lies between the limits passes, the limits themselves too."""
    low, high = (np.float32(c.node[key]) for key in ("low", "high"))
    low, high = np.nextafter(low, np.float32("-inf")), np.nextafter(high, np.float32("inf"))
    yield c[0], Field(c.op("gate", c.full(field), c[0], low=float(low), high=float(high)))


def _exp(c: _Chain, field: Field) -> Handed:
    """∂e^x = e^x ∂x."""
    yield c[0], c.times(field, c.node.name)


def _log(c: _Chain, field: Field) -> Handed:
    """∂ log x = ∂x / x."""
    yield c[0], Field(c.op("divide", c.full(field), c[0]))


def _sqrt(c: _Chain, field: Field) -> Handed:
    """∂√x = ∂x / 2√x."""
    yield c[0], Field(c.op("divide", c.scaled(c.full(field), 0.5), c.node.name))


def _sin(c: _Chain, field: Field) -> Handed:
    """∂ sin x = cos x ∂x, and cos x = sin(x + π/2)."""
    turned = c.op("affine", c[0], c.tape.constant(1), c.tape.constant(pi / 2))
    yield c[0], c.times(field, c.op("sin", turned))


def _maxpool(c: _Chain, field: Field) -> Handed:
    """The first largest element of a window answers for all of it."""
    yield c[0], Field(c.op("pool_scatter", c.full(field), c[0], **dict(c.node.attrs)))


def _meanpool(c: _Chain, field: Field) -> Handed:
    """All elements of a window alike: a mean is a convolution of every channel by a constant."""
    size, stride = c.node["size"], c.node["stride"]
    shape = c.tape.shape(c[0])
    even = c.tape.constant(1 / prod(size), (shape[-1], *size, 1))
    pad, dilation = ((0, 0),) * len(size), (1,) * len(size)
    window: dict[str, Any] = {"stride": stride, "pad": pad, "dilation": dilation, "groups": shape[-1]}
    inside = tuple((n - k) // s * s + k for n, k, s in zip(shape, size, stride, strict=False))
    seen = c.op("conv_input", c.full(field), even, shape=(*inside, shape[-1]), **window)
    for axis, (n, m) in enumerate(zip(shape, inside, strict=False)):
        seen = _placed(c, seen, axis, 0, m - 1, n)
    yield c[0], Field(seen)


def _maximum(c: _Chain, field: Field) -> Handed:
    """A pool whose window is all channels of a pixel."""
    shape = c.tape.shape(c[0])
    rows, channels = prod(shape[:-1]), shape[-1]
    x = c.op("reshape", c[0], shape=(rows, channels, 1))
    dy = c.op("reshape", c.full(field), shape=(rows, 1, 1))
    window = {"size": (1, channels), "stride": (1, channels)}
    yield c[0], Field(c.op("reshape", c.op("pool_scatter", dy, x, **window), shape=shape))


def _concat(c: _Chain, field: Field) -> Handed:
    """To each its own piece."""
    dy, axis, first = c.full(field), c.node["axis"], 0
    for i, name in enumerate(c.node.inputs):
        size = c.tape.shape(name)[axis]
        if c.needs(i):
            yield name, Field(c.op("slice", dy, axis=axis, first=first, last=first + size - 1))
        first += size


def _slice(c: _Chain, field: Field) -> Handed:
    """Back to where it came from, among zeros."""
    axis, step = c.node["axis"], c.node["step"]
    dy = c.full(field)
    if step > 1:
        dy = _spaced(c, dy, axis, step)
    yield c[0], Field(_placed(c, dy, axis, c.node["first"], c.node["last"], c.tape.shape(c[0])[axis]))


def _placed(c: _Chain, dy: str, axis: int, first: int, last: int, size: int) -> str:
    """dy at positions `first` … `last` of an axis of `size`, zeros elsewhere."""
    sides = [_blank(c, dy, axis, count) for count in (first, size - 1 - last)]
    parts = [part for part in (sides[0], dy, sides[1]) if part]
    return c.op("concat", *parts, axis=axis) if len(parts) > 1 else dy


def _spaced(c: _Chain, dy: str, axis: int, step: int) -> str:
    """dy with step − 1 zeros between neighbours on one axis."""
    shape = c.tape.shape(dy)
    apart = c.op("reshape", dy, shape=(*shape[: axis + 1], 1, *shape[axis + 1 :]))
    wide = c.op("concat", apart, *[_zeros(c.tape, apart)] * (step - 1), axis=axis + 1)
    together = c.op("reshape", wide, shape=(*shape[:axis], shape[axis] * step, *shape[axis + 1 :]))
    return c.op("slice", together, axis=axis, first=0, last=(shape[axis] - 1) * step)


def _blank(c: _Chain, like: str, axis: int, count: int) -> str:
    """`count` zeros along one axis, as long as `like` along the others; nothing for none."""
    if not count:
        return ""
    one = c.op("slice", _zeros(c.tape, like), axis=axis, first=0, last=0)
    return c.op("concat", *[one] * count, axis=axis) if count > 1 else one


def _reshape(c: _Chain, field: Field) -> Handed:
    """The same elements in the old shape."""
    yield c[0], Field(c.op("reshape", c.full(field), shape=c.tape.shape(c[0])))


def _transpose(c: _Chain, field: Field) -> Handed:
    """The axes back in their old order."""
    axes = c.node["axes"]
    yield c[0], Field(c.op("transpose", c.full(field), axes=tuple(axes.index(i) for i in range(len(axes)))))


def _gather(c: _Chain, field: Field) -> Handed:
    """Every row of the table gets the sum of what was read of it."""
    if c.needs(1):
        yield c[1], Field(c.op("sum_by", c.full(field), c[0], size=c.tape.shape(c[1])[0]))


def _sum(c: _Chain, field: Field) -> Handed:
    """A sum over the batch: each of its rows and pixels counts alike."""
    yield c[0], Field(field.node, "whole")


RULES: Final[Mapping[str, Callable[[_Chain, Field], Handed]]] = MappingProxyType(
    {
        "add": _add,
        "multiply": _multiply,
        "divide": _divide,
        "affine": _affine,
        "dense": _product,
        "conv": _product,
        "normalise": _normalise,
        "relu": _relu,
        "clip": _clip,
        "exp": _exp,
        "log": _log,
        "sqrt": _sqrt,
        "sin": _sin,
        "maxpool": _maxpool,
        "meanpool": _meanpool,
        "maximum": _maximum,
        "concat": _concat,
        "slice": _slice,
        "reshape": _reshape,
        "transpose": _transpose,
        "gather": _gather,
        "sum": _sum,
    }
)

# Steps: they change nothing almost everywhere, so that no field passes them.
NO_GRADIENT: Final = frozenset(("cast", "argmax", "rescale"))
