"""Building a Graph node by node: names checked, attributes completed, types inferred."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.errors import GraphError
from datacc.ir.graph import Attr, Graph, Node, Role, Type
from datacc.ir.ops import OPS, Op


def infer(op: str, args: tuple[Type, ...], attrs: dict[str, Any], name: str, table: Mapping[str, Op] = OPS) -> Type:
    """The type of `op` on these arguments. Raises `GraphError` that names the node."""
    try:
        return table[op].shape(*args, **attrs)
    except GraphError as error:
        raise GraphError(error.what, where=f"node {name!r} ({op})") from None
    except (TypeError, ValueError, IndexError) as error:
        raise GraphError(f"arguments do not fit: {error}", where=f"node {name!r} ({op})") from None


def complete(op: str, given: dict[str, Any], name: str, table: Mapping[str, Op] = OPS) -> tuple[tuple[str, Attr], ...]:
    """Attributes with defaults filled in, sorted; so equal nodes are written equally."""
    defaults = table[op].attrs
    attrs = {**defaults, **given}
    wrong = sorted(set(attrs) - set(defaults)) + sorted(key for key, value in attrs.items() if value is None)
    if wrong:
        raise GraphError(f"attributes {wrong} are unknown or missing", where=f"node {name!r} ({op})")
    return tuple(sorted(attrs.items()))


class Builder:
    """A Graph under construction; each method adds one node and returns its name. `table` has the ops that it knows."""

    table: Mapping[str, Op] = OPS
    prefix = ""  # of the names of new nodes, and of the axes of new weights

    def __init__(self, start: Graph | None = None) -> None:
        self.nodes: dict[str, Node] = {} if start is None else dict(start.by_name)

    def under(self, name: str) -> "Builder":
        """One that adds to the same Graph, where what it adds is called `name`, a dot, and as it is asked to."""
        inner = copy(self)
        inner.prefix = f"{self.prefix}{name}."
        return inner

    def type(self, name: str) -> Type:
        """The type of a node that was added before."""
        return self.nodes[name].type

    def input(self, name: str, dtype: str, shape: tuple[int, ...]) -> str:
        """An input of this type, without a batch axis."""
        return self._put(Node(name=name, op="input", type=Type(dtype=dtype, shape=shape)))

    def weight(
        self,
        name: str,
        shape: tuple[int, ...],
        *,
        role: Role = "learnt",
        dims: tuple[str, ...] = (),
        value: NDArray[Any] | None = None,
        dtype: str = "float32",
    ) -> str:
        """A weight; without `value` a hole that `role` says who fills. Raises `GraphError` for inexact integers."""
        dims = tuple(axis and self.prefix + axis for axis in dims or ("",) * len(shape))
        type_ = Type(dtype=dtype, shape=shape)
        if value is not None:
            given, value = value, np.array(np.broadcast_to(value, shape), type_.numpy, order="C")
            if dtype != "float32" and not np.array_equal(value, np.broadcast_to(given, shape)):
                raise GraphError(f"the value does not fit into {dtype}", where=f"weight {name!r}")
        return self._put(Node(name=name, op="weight", type=type_, role=role, dims=dims, value=value))

    def op(self, op: str, name: str, *inputs: str, **attrs: Any) -> str:
        """The op on earlier nodes; its type is inferred. Raises `GraphError`."""
        if op not in self.table:
            raise GraphError(f"there is no op {op!r}", where=f"node {name!r}")
        full = complete(op, attrs, name, self.table)
        type_ = infer(op, tuple(self.nodes[i].type for i in inputs), dict(full), name, self.table)
        return self._put(Node(name=name, op=op, inputs=inputs, attrs=full, type=type_))

    def graph(self, outputs: dict[str, str], *, states: tuple[tuple[str, str], ...] = (), loss: str = "") -> Graph:
        """The finished Graph with these outputs (field → node)."""
        return Graph(nodes=tuple(self.nodes.values()), outputs=tuple(outputs.items()), states=states, loss=loss)

    def _put(self, node: Node) -> str:
        if self.prefix:
            node = replace(node, name=self.prefix + node.name)
        if node.name in self.nodes:
            raise GraphError("two nodes have this name", where=f"node {node.name!r}")
        self.nodes[node.name] = node
        return node.name
