"""A Graph under construction in which nothing is computed twice, and the arithmetic of values of which few vary.

At a node of shape S a gradient is *full* (a row value of shape S), *spread* (a row value (…, 1): the same along the
last axis) or *whole* (no batch axis: the same for every row, and along the axes that it lacks). Each stays as small as
the arithmetic allows.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from math import inf, prod
from typing import Any, Final

import numpy as np

from datacc.errors import GraphError
from datacc.fit.adjoints import ADJOINTS, STEP_OPS
from datacc.ir.build import Builder, complete
from datacc.ir.graph import SOURCES, Graph, Node

Shape = tuple[int, ...]
# Elementwise ops: on whole values they give a whole value.
ELEMENTWISE: Final = frozenset("affine relu clip gate add multiply divide exp log sqrt sin".split())

_CONSTANT: Final = "constant."  # begins the names of weights that are one number throughout


def is_whole(op: str, whole_inputs: Sequence[bool]) -> bool:
    """Whether a node is a whole value, given which of its inputs are."""
    summing = op in ADJOINTS and ADJOINTS[op].is_summing
    return op == "weight" or summing or (op in ELEMENTWISE and all(whole_inputs))


class Tape(Builder):
    """A Builder over both tables. A new op with the inputs and attributes of an older node is that node.

    It begins with the nodes of `start`; new nodes take no name of `reserved`.
    """

    table = STEP_OPS

    def __init__(self, start: Graph | None = None, reserved: Collection[str] = ()) -> None:
        super().__init__()
        self.start = start or Graph(nodes=(), outputs=())
        self._reserved = frozenset(reserved)
        self.whole: set[str] = set()
        self.near = "step"  # what the next nodes are named for
        self._known: dict[Any, str] = {}
        self._constants: dict[tuple[Shape, bytes], str] = {}
        for node in self.start.nodes:
            self.put(node)

    def under(self, name: str) -> Builder:
        """No tape has parts of their own: its nodes are known by what they compute. Raises `GraphError`."""
        raise GraphError("a tape names its nodes itself", where=f"part {name!r}")

    def put(self, node: Node) -> str:
        """A node as it is. Raises `GraphError` when its name is taken."""
        if node.value is not None and node.name.startswith(_CONSTANT):
            self._constants[(node.type.shape, node.value.reshape(-1)[:1].tobytes())] = node.name
        elif node.op not in SOURCES:
            self._known.setdefault((node.op, node.inputs, node.attrs), node.name)
        if is_whole(node.op, [name in self.whole for name in node.inputs]):
            self.whole.add(node.name)
        return self._put(node)

    def do(self, op: str, *inputs: str, **attrs: Any) -> str:
        """The op on earlier nodes, old or new."""
        key = (op, inputs, complete(op, attrs, op, self.table))
        if key not in self._known:
            self._known[key] = self.op(op, self._fresh(f"{self.near}.{op}"), *inputs, **attrs)
            if is_whole(op, [name in self.whole for name in inputs]):
                self.whole.add(self._known[key])
        return self._known[key]

    def constant(self, value: float, shape: Shape = (1,)) -> str:
        """A weight of this shape that is one number throughout."""
        key = (shape, np.float32(value).tobytes())
        if key not in self._constants:
            name = self._fresh(f"{_CONSTANT}{len(self._constants)}")
            self._constants[key] = self.weight(name, shape, role="fixed", value=np.array(value))
            self.whole.add(name)
        return self._constants[key]

    def hole(self, name: str, shape: Shape) -> str:
        """A weight that whoever runs the step fills. Raises `GraphError` when its name is taken."""
        self.whole.add(name)
        return self.weight(name, shape, role="fixed")

    def _fresh(self, name: str) -> str:
        number, found = 1, name
        while found in self.nodes or found in self._reserved:
            number += 1
            found = f"{name}.{number}"
        return found

    # Small words of arithmetic.

    def shape(self, name: str) -> Shape:
        """The shape of a value, without a batch axis."""
        return self.type(name).shape

    def scaled(self, x: str, scale: str) -> str:
        """x · a whole value that spreads over it. A scale of a scale is one scale."""
        one, zero = self.constant(1), self.constant(0)
        if scale == one:
            return x
        before = self.nodes[x]
        if before.op == "affine" and before.inputs[2] == zero and x not in self.whole:
            first = before.inputs[1]
            if self.spreads(scale, first):
                return self.do("affine", before.inputs[0], self.do("affine", first, scale, zero), zero)
        return self.do("affine", x, scale, zero)

    def shifted(self, x: str, offset: str) -> str:
        """x + a whole value that spreads over it; of a scaled x the scale and the offset are one affine."""
        one, zero = self.constant(1), self.constant(0)
        before = self.nodes[x]
        if before.op == "affine" and before.inputs[2] == zero:
            return self.do("affine", before.inputs[0], before.inputs[1], offset)
        return self.do("affine", x, one, offset)

    def spreads(self, small: str, large: str) -> bool:
        """Whether one value's axes match the other's from the last one backwards, or are 1."""
        a, b = self.shape(small), self.shape(large)
        return len(a) <= len(b) and all(n in (1, m) for n, m in zip(reversed(a), reversed(b), strict=False))

    def total(self, x: str) -> str:
        """The sum over the last axis of a row value, (…, K) → (…, 1): a product with ones."""
        *rows, last = self.shape(x)
        if not rows:
            return self.do("dense", x, self.constant(1, (1, last)), self.constant(0))
        flat = self.do("reshape", x, shape=(prod(rows), last)) if len(rows) > 2 else x
        axes = len(self.shape(flat)) - 1
        ones = self.constant(1, (1, *(1,) * axes, last))
        moves = {"stride": (1,) * axes, "pad": ((0, 0),) * axes, "dilation": (1,) * axes}
        found = self.do("conv", flat, ones, self.constant(0), **moves)
        return found if flat == x else self.do("reshape", found, shape=(*rows, 1))

    def zeros(self, like: str) -> str:
        """Exact zeros of this value's shape: a gate that lets nothing through."""
        return self.do("gate", like, like, low=inf, high=inf)

    # The arithmetic of gradients; `like` is a node of shape S.

    def full(self, g: str, like: str) -> str:
        """A gradient as a full one."""
        if (g in self.whole) <= (like in self.whole) and self.shape(g) == self.shape(like):
            return g
        zeros = self.zeros(like)
        return self.do("affine", zeros, self.constant(1), g) if g in self.whole else self.do("add", zeros, g)

    def times(self, a: str, b: str, like: str) -> str:
        """a · b, in either order."""
        if a in self.whole and (b not in self.whole or self.spreads(a, b)):
            a, b = b, a
        if b in self.whole:
            return self.scaled(a if self.spreads(b, a) else self.full(a, like), b)
        if not self.spreads(b, a):
            a, b = b, a
        return self.do("multiply", a, b)

    def added(self, terms: Sequence[str], like: str) -> str:
        """The sum, in the order given: full ones, then spread ones, then whole ones."""
        counts = Counter(terms)
        once = [self.scaled(term, self.constant(n)) for term, n in counts.items()]
        rows = sorted((t for t in once if t not in self.whole), key=lambda t: self.shape(t) != self.shape(like))
        wholes = sorted((t for t in once if t in self.whole), key=lambda t: -self.type(t).count)
        total, *rest = rows + wholes
        for term in rest:
            if term not in self.whole:
                total = self.do("add", total, term)
            else:
                total = self.shifted(total if self.spreads(term, total) else self.full(total, like), term)
        return total

    def reduced(self, g: str, like: str, to: str) -> str:
        """The gradient of a value that was spread over the last axis of `like`, or was not."""
        if self.shape(to) == self.shape(like):
            return g
        if self.shape(g)[-1] == 1:
            return self.scaled(g, self.constant(self.shape(like)[-1]))
        return self.total(self.full(g, like))

    def summed(self, g: str, like: str, shape: Shape) -> str:
        """The gradient of a whole value of this shape, which was spread over all rows and leading axes of `like`."""
        if like in self.whole:
            if self.shape(g) != shape:
                raise GraphError(f"no gradient of {shape} from a whole value {self.shape(g)}", where=f"node {like!r}")
            return g
        g, full = self.full(g, like), self.shape(like)
        if shape == full[len(full) - len(shape) :]:
            return self.do("sum", g, keep=len(shape))
        if shape == (1,):
            return self.do("sum", g, keep=0)
        wanted = (1,) * (len(full) - len(shape)) + shape
        lost = [axis for axis, (n, m) in enumerate(zip(wanted, full, strict=True)) if n != m]
        kept = [axis for axis in range(len(full)) if axis not in lost]
        first = self.do("transpose", g, axes=(*lost, *kept))
        return self.do("sum", self.do("reshape", first, shape=(prod(full[a] for a in lost), *shape)), keep=len(shape))
