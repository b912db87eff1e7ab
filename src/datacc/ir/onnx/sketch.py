"""A Graph that grows as the calls of an ONNX model are read: what every name stands for, and how views become nodes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.graph import Type
from datacc.ir.onnx.model import LONGEST_NAME, Array, Call
from datacc.ir.onnx.tensor import Tensor, View, broadcast, groups_of, laid, plain, refined, regrouped

MOST_NODES: Final = 30_000
MOST_ELEMENTS: Final = 1 << 29  # of all values and weights together
MOST_PARTS: Final = 64  # values that one concat puts side by side

NODE_DTYPES: Final = {"bool": "uint8", "int64": "int32", "uint32": "int32"}  # how a node says ONNX's other types
TAKEN: Final = ("float32", "uint8", "int8", "int16", "int32", "int64", "bool")


class Sketch:
    """A Graph under construction; `call` is the ONNX node that is being read."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.b = Builder()
        self.values: dict[str, Tensor] = {}
        self.call = Call(op="", name="", index=0, inputs=(), outputs=())
        self.notes: list[str] = []
        self.folded = 0  # elements, and products of matrices, that were computed beforehand
        self._elements = 0
        self._stood: dict[tuple[Any, ...], str] = {}
        self._zero = ""

    # -- what a call is given ------------------------------------------------------------------------------------

    def has(self, i: int) -> bool:
        """Whether the i-th argument is there."""
        return i < len(self.call.inputs) and bool(self.call.inputs[i])

    def arg(self, i: int) -> Tensor:
        """The i-th argument."""
        self.call.demand(self.has(i), f"argument {i + 1} is missing")
        return self.values[self.call.inputs[i]]

    def known(self, i: int) -> Array:
        """The i-th argument, which must be the same for every input."""
        tensor = self.arg(i)
        if isinstance(tensor, View):
            self.call.refuse(f"argument {i + 1} depends on the input", "a constant there: an initialiser or Constant")
        return tensor.array

    def numbers(self, i: int) -> tuple[int, ...]:
        """The i-th argument as whole numbers."""
        array = self.known(i)
        self.call.demand(array.dtype.kind in "iu" and array.size <= 1 << 16, f"argument {i + 1} holds no whole numbers")
        return tuple(int(n) for n in array.reshape(-1))

    def view(self, i: int) -> View:
        """The i-th argument as a value of the Graph."""
        return self.valued(self.arg(i))

    def floats(self, i: int) -> View:
        """The i-th argument as float32."""
        return self.as_float(self.view(i))

    # -- nodes ---------------------------------------------------------------------------------------------------

    def fresh(self, word: str) -> str:
        """A node name that is not taken, after the call that it is for."""
        name = f"{self.call.outputs[0] if self.call.outputs else self.call.name}"[:LONGEST_NAME] or "value"
        wanted = name if word == self.call.op.lower() and name not in self.b.nodes else f"{name}.{word}"
        number, found = 1, wanted
        while found in self.b.nodes:
            number += 1
            found = f"{wanted}{number}"
        return found

    def op(self, op: str, *inputs: str, **attrs: Any) -> str:
        """One more node. Refuses what breaks the op table, and too many or too large values."""
        try:
            node = self.b.op(op, self.fresh(op), *inputs, **attrs)
        except GraphError as error:
            self.call.refuse(f"it would be {op}, which says: {error.what}")
        self._count(self.b.type(node))
        return node

    def weight(self, array: Any) -> str:
        """A weight of float32. Refuses NaN and infinity."""
        with np.errstate(all="ignore"):
            value = np.asarray(array, np.float32)
        self.call.demand(bool(np.isfinite(value).all()), "a constant is not finite, or too large for float32")
        value = value.reshape(value.shape or (1,))
        node = self.b.weight(self.fresh("weight"), value.shape, role="fixed", value=value)
        self._count(self.b.type(node))
        return node

    def _count(self, type_: Type) -> None:
        self._elements += type_.count
        few = len(self.b.nodes) <= MOST_NODES and self._elements <= MOST_ELEMENTS
        self.call.demand(few, f"the program has more than {MOST_NODES:,} nodes or {MOST_ELEMENTS:,} elements")

    def type(self, node: str) -> Type:
        """The type of a node."""
        return self.b.type(node)

    # -- views ---------------------------------------------------------------------------------------------------

    def each(self, op: str, x: View, **attrs: Any) -> View:
        """An op that goes element by element, in whatever order they stand."""
        return replace(x, node=self.op(op, x.node, **attrs), dtype="float32")

    def as_float(self, x: View) -> View:
        """The value as float32; int32 must be small enough to be exact, which its reader has to know."""
        return x if self.type(x.node).dtype == "float32" else self.each("cast", x, to="float32")

    def affine(self, x: View, scale: Any, offset: Any = 0.0) -> View:
        """x · scale + offset, both known, spread over x by ONNX's rules."""
        x = self.as_float(x)
        for one in (scale, offset):
            fits = broadcast(x.dims, np.shape(one)) == x.dims
            self.call.demand(fits, f"a constant {np.shape(one)} does not spread over {x.dims}")
        factors = [self.weight(_short(laid(x, np.asarray(one)))) for one in (scale, offset)]
        return self.each_with("affine", x, *factors)

    def each_with(self, op: str, x: View, *weights: str) -> View:
        """An op on one value and weights that goes element by element."""
        return replace(x, node=self.op(op, x.node, *weights), dtype="float32")

    def stand(self, x: View, order: Sequence[int]) -> str:
        """The node whose axes are the ONNX axes in this order: x's own, or reshaped, or transposed once and for all."""
        shape = tuple(x.dims[k] for k in order) or (1,)
        flat = [axis for k in order for axis in x.axes[k]]
        if flat == sorted(flat):
            return self.reshape(x.node, shape)
        key = (x.node, tuple(flat), shape)
        if key not in self._stood:
            full = [*(axis for axis in range(len(x.shape)) if axis not in flat), *flat]
            self._stood[key] = self.reshape(self.op("transpose", x.node, axes=tuple(full)), shape)
        return self._stood[key]

    def reshape(self, node: str, shape: Sequence[int]) -> str:
        """The node under another shape."""
        shape = tuple(shape)
        while self.type(node).shape != shape and self.b.nodes[node].op == "reshape":
            node = self.b.nodes[node].inputs[0]
        if self.type(node).shape == shape:
            return node
        key = (node, "reshape", shape)
        if key not in self._stood:
            self._stood[key] = self.op("reshape", node, shape=shape)
        return self._stood[key]

    def ordered(self, x: View, order: Sequence[int]) -> View:
        """The same tensor on a node whose axes are the ONNX axes in this order."""
        node = self.stand(x, order)
        return viewed(node, x.dtype, x.dims, order)

    def regroup(self, x: View, dims: Sequence[int]) -> View:
        """The same elements under other dims: for nothing where that cuts no axis, else reshaped, else moved."""
        found = regrouped(x, dims)
        if found is not None:
            return found
        cut = refined(x, dims)
        if cut is not None:
            return View(node=self.reshape(x.node, cut[0]), dtype=x.dtype, shape=cut[0], axes=cut[1])
        node = self.stand(x, range(len(x.axes)))
        shape = tuple(dims) or (1,)
        return View(node=self.reshape(node, shape), dtype=x.dtype, shape=shape, axes=groups_of(dims))

    def order_of(self, x: View) -> tuple[int, ...]:
        """The order of ONNX axes in which x stands, the ones of size 1 where they are cheapest; else ONNX's own."""
        flat = {group: min(group, default=-1) for group in x.axes}
        order = sorted(range(len(x.axes)), key=lambda k: flat[x.axes[k]])
        stands = [axis for k in order for axis in x.axes[k]]
        return tuple(order) if stands == sorted(stands) else tuple(range(len(x.axes)))

    def repeat(self, node: str, axis: int, count: int) -> str:
        """A node of axis 1 (or any size), `count` times along that axis."""
        if count <= MOST_PARTS:
            return self.op("concat", *([node] * count), axis=axis) if count > 1 else node
        many = self.repeat(node, axis, MOST_PARTS)
        rest = [self.repeat(node, axis, count % MOST_PARTS)] if count % MOST_PARTS else []
        return self.join([self.repeat(many, axis, count // MOST_PARTS), *rest], axis)

    def join(self, nodes: Sequence[str], axis: int) -> str:
        """Nodes side by side, however many."""
        nodes = list(nodes)
        while len(nodes) > MOST_PARTS:
            nodes = [self.join(nodes[k : k + MOST_PARTS], axis) for k in range(0, len(nodes), MOST_PARTS)]
        return self.op("concat", *nodes, axis=axis) if len(nodes) > 1 else nodes[0]

    def expand(self, x: View, dims: Sequence[int]) -> View:
        """x repeated along axes of size 1 until it has these dims."""
        x = self.unsqueezed(x, len(dims))
        if x.dims == tuple(dims):
            return x
        order = self.order_of(x)
        node = self.stand(x, order)
        for at, k in reversed(list(enumerate(order))):
            if x.dims[k] != dims[k]:
                node = self.repeat(node, at, dims[k])
        return viewed(node, x.dtype, tuple(dims), order)

    @staticmethod
    def unsqueezed(x: View, rank: int) -> View:
        """x with axes of size 1 in front until there are `rank`."""
        return replace(x, axes=((),) * (rank - len(x.axes)) + x.axes)

    def cut(self, x: View, axis: int, first: int, last: int, step: int = 1) -> View:
        """Positions `first` … `last` (included) of one ONNX axis."""
        if first == 0 and last == x.dims[axis] - 1 and 1 in (step, x.dims[axis]):
            return x
        if len(x.axes[axis]) != 1:
            x = self.ordered(x, self.order_of(x))
        [at] = x.axes[axis]
        node = self.op("slice", x.node, axis=at, first=first, last=last, step=step)
        shape = self.type(node).shape
        groups = x.axes if shape[at] > 1 else (*x.axes[:axis], (), *x.axes[axis + 1 :])
        return replace(x, node=node, shape=shape, axes=groups)

    # -- constants as values -------------------------------------------------------------------------------------

    def valued(self, tensor: Tensor) -> View:
        """The tensor as a value: a constant becomes the bias of a dense layer on a zero."""
        if isinstance(tensor, View):
            return tensor
        array = tensor.array
        self.call.demand(array.size > 0, "a tensor is empty")
        self.call.demand(str(array.dtype) in TAKEN, f"a constant of {array.dtype} stands beside values")
        whole = array.dtype.kind not in "iu" or bool(np.abs(array.astype(np.float64)).max() <= 1 << 24)
        self.call.demand(whole, "a constant is too large to be exact")
        weight = self.weight(np.zeros((array.size, 1), np.float32))
        node = self.op("dense", self.zero(), weight, self.weight(array.reshape(-1).astype(np.float32)))
        shape = array.shape or (1,)
        view = replace(plain(self.reshape(node, shape), str(array.dtype), shape), axes=groups_of(array.shape))
        return self.stored(view)

    def zero(self) -> str:
        """A node of one zero, whatever the input: not even NaN gets through two casts."""
        if not self._zero:
            [first, *_] = [node.name for node in self.b.nodes.values() if node.op == "input"] or [""]
            self.call.demand(bool(first), "the model has no input")
            node = first
            for axis, n in enumerate(self.type(first).shape):
                node = node if n == 1 else self.op("slice", node, axis=axis, first=0, last=0)
            node = self.reshape(node, (1,))
            if self.type(node).dtype != "uint8":
                node = node if self.type(node).dtype == "float32" else self.op("cast", node, to="float32")
                node = self.op("cast", node, to="uint8")
            weights = (self.weight(np.zeros(1)), self.weight(np.zeros(1)))
            self._zero = self.op("affine", self.op("cast", node, to="float32"), *weights)
        return self._zero

    def stored(self, x: View) -> View:
        """x on a node of the type in which its ONNX type is stored."""
        wanted = NODE_DTYPES.get(x.dtype, x.dtype)
        have = self.type(x.node).dtype
        if have == wanted:
            return x
        node = x.node if have == "float32" or wanted == "float32" else self.op("cast", x.node, to="float32")
        return replace(x, node=self.op("cast", node, to=wanted))


def viewed(node: str, dtype: str, dims: Sequence[int], order: Sequence[int]) -> View:
    """The view of a node whose axes are the ONNX axes of these dims in this order."""
    at = {k: place for place, k in enumerate(order)}
    axes = tuple((at[k],) if n > 1 else () for k, n in enumerate(dims))
    return View(node=node, dtype=dtype, shape=tuple(dims[k] for k in order) or (1,), axes=axes)


def _short(array: Array) -> Array:
    """Without leading axes of size 1; one number where all are the same."""
    if array.size and (array == array.flat[0]).all():
        return array.reshape(-1)[:1]
    lead = next((k for k, n in enumerate(array.shape) if n > 1), array.ndim - 1)
    return array.reshape(array.shape[lead:])
