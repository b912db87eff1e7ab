"""The one representation of a network: frozen nodes in execution order, weights among them, holes where unlearnt.

Types have no batch axis. Shapes are channels-last: (H, W, C) pictures, (T, C) sequences, (F,) vectors; weights are
(O, *K, I), and a dense weight is (O, *input shape), so that nothing is ever flattened.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.store import canonical, digest

Attr = int | float | str | tuple[Any, ...]
Role = Literal["", "learnt", "mean", "variance", "data", "calibrated", "fixed"]

DTYPES: Final = ("float32", "uint8", "int8", "int16", "int32")
HALF_BYTE: Final = "int4"  # of tables alone: an int8 whose low half is 0, of which a program stores the high one
SOURCES: Final = ("input", "weight")


@frozen
class Type:
    """The element type and shape of one value, without a batch axis."""

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"

    @property
    def count(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def numpy(self) -> np.dtype[Any]:
        """What NumPy holds an element in."""
        return np.dtype("int8" if self.dtype == HALF_BYTE else self.dtype)

    @property
    def nbytes(self) -> int:
        """The number of bytes in a program, unpadded; half bytes begin anew with every row."""
        if self.dtype == HALF_BYTE:
            return prod(self.shape[:-1]) * -(-self.shape[-1] // 2)
        return self.count * self.numpy.itemsize


def float32(*shape: int) -> Type:
    """The float32 type of this shape."""
    return Type(dtype="float32", shape=shape)


@frozen(eq=False)
class Node:
    """One value: an input, a weight, or an op applied to earlier nodes.

    `attrs` are sorted pairs with every attribute of the op present. For weights: `value` None is a hole, `role`
    says who fills it, and `dims` names each axis ("" for an axis that `narrow` must not cut).
    """

    name: str
    op: str
    type: Type
    inputs: tuple[str, ...] = ()
    attrs: tuple[tuple[str, Attr], ...] = ()
    value: NDArray[Any] | None = None
    role: Role = ""
    dims: tuple[str, ...] = ()

    def __getitem__(self, attribute: str) -> Any:
        """The value of an attribute; KeyError when the op has none of that name."""
        return dict(self.attrs)[attribute]

    @property
    def is_hole(self) -> bool:
        """Whether this is a weight that nobody has filled yet."""
        return self.op == "weight" and self.value is None


@frozen(eq=False)
class Graph:
    """Nodes in execution order, named outputs (field, node), states (input node, output node), and the loss node."""

    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str], ...] = ()
    loss: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """Nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def users(self) -> Mapping[str, tuple[Node, ...]]:
        """For each node name, the nodes that read it, in execution order."""
        users: dict[str, list[Node]] = {node.name: [] for node in self.nodes}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                users[name].append(node)
        return {name: tuple(nodes) for name, nodes in users.items()}

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The input nodes, in order; states included."""
        return tuple(node for node in self.nodes if node.op == "input")

    @property
    def given(self) -> tuple[Node, ...]:
        """The input nodes that are no state."""
        kept = {given for given, _ in self.states}
        return tuple(node for node in self.inputs if node.name not in kept)

    @property
    def weights(self) -> tuple[Node, ...]:
        """The weight nodes, in order."""
        return tuple(node for node in self.nodes if node.op == "weight")

    @property
    def holes(self) -> tuple[Node, ...]:
        """The weights without a value."""
        return tuple(node for node in self.nodes if node.is_hole)

    @property
    def ends(self) -> tuple[str, ...]:
        """The nodes that must be computed: outputs, new states and the loss."""
        names = [name for _, name in (*self.outputs, *self.states)] + ([self.loss] if self.loss else [])
        return tuple(dict.fromkeys(names))

    def fill(self, values: Mapping[str, NDArray[Any]]) -> "Graph":
        """Another Graph with these weights' values; names that are no weight of this Graph are a KeyError."""
        unknown = set(values) - {node.name for node in self.weights}
        if unknown:
            raise KeyError(f"no such weights: {sorted(unknown)}")
        return replace(self, nodes=tuple(_filled(node, values) for node in self.nodes))

    @cached_property
    def digest(self) -> str:
        """The digest of structure and weight values; equal Graphs have equal digests."""
        arrays = (n.value.tobytes() for n in self.nodes if n.value is not None)
        return digest(canonical(header(self)), *arrays)


def _filled(node: Node, values: Mapping[str, NDArray[Any]]) -> Node:
    if node.name not in values:
        return node
    return replace(node, value=np.array(values[node.name], dtype=node.type.numpy, order="C", copy=True))


def header(graph: Graph) -> dict[str, Any]:
    """The structure of a Graph as plain JSON values, weight values left out."""
    return {
        "nodes": [
            {
                "name": node.name,
                "op": node.op,
                "inputs": list(node.inputs),
                "attrs": dict(node.attrs),
                "dtype": node.type.dtype,
                "shape": list(node.type.shape),
                "role": node.role,
                "dims": list(node.dims),
                "filled": node.value is not None,
            }
            for node in graph.nodes
        ],
        "outputs": [list(pair) for pair in graph.outputs],
        "states": [list(pair) for pair in graph.states],
        "loss": graph.loss,
    }


def needed(graph: Graph, ends: Iterable[str], known: Container[str] = ()) -> frozenset[str]:
    """The names of all nodes that `ends` depend on, themselves included; not of those behind what is `known`."""
    keep: set[str] = set()
    todo = list(ends)
    while todo:
        name = todo.pop()
        if name not in keep:
            keep.add(name)
            todo.extend(() if name in known else graph.by_name[name].inputs)
    return frozenset(keep)
