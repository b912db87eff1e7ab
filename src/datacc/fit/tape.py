"""A Graph that grows by ops and adjoints: types inferred, names given, nothing computed twice."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from datacc.errors import GraphError
from datacc.fit.adjoints import ADJOINTS
from datacc.ir.build import complete, infer
from datacc.ir.graph import Attr, Graph, Node, Type, float32, needed


class Tape:
    """Nodes in execution order. Ops return names; the same op on the same arguments returns the same name."""

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self.nodes: dict[str, Node] = {}
        self._whole: set[str] = set()
        self._known: dict[tuple[Any, ...], str] = {}
        self._count = 0
        for node in nodes:
            self.put(node)

    def put(self, node: Node) -> str:
        """Add a node as it is. Raises `GraphError` when another has its name."""
        if node.name in self.nodes:
            raise GraphError("two nodes have this name", where=f"node {node.name!r}")
        self.nodes[node.name] = node
        sums = node.op in ADJOINTS and ADJOINTS[node.op].is_summing
        if node.op == "weight" or sums or (node.inputs and self._whole.issuperset(node.inputs)):
            self._whole.add(node.name)
        self._known.setdefault((node.op, node.inputs, node.attrs), node.name)
        return node.name

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a value, without a batch axis."""
        return self.nodes[name].type.shape

    def is_whole(self, name: str) -> bool:
        """Whether a value has no batch axis."""
        return name in self._whole

    def op(self, op: str, *inputs: str, **attrs: Any) -> str:
        """The op, or adjoint, on earlier values; the one that is there when there is one. Raises `GraphError`."""
        full = tuple(sorted(attrs.items())) if op in ADJOINTS else complete(op, attrs, op)
        key = (op, inputs, full)
        if key not in self._known:
            self._count += 1
            name = f"{op}.{self._count}"
            self.put(Node(name=name, op=op, type=self._type(op, inputs, full, name), inputs=inputs, attrs=full))
        return self._known[key]

    def _type(self, op: str, inputs: tuple[str, ...], attrs: tuple[tuple[str, Attr], ...], name: str) -> Type:
        types = tuple(self.nodes[one].type for one in inputs)
        if op not in ADJOINTS:
            return infer(op, types, dict(attrs), name)
        try:
            return ADJOINTS[op].shape(*types, **dict(attrs))
        except (GraphError, TypeError) as error:
            raise GraphError(f"arguments do not fit: {error}", where=f"node {name!r} ({op})") from None

    def constant(self, value: float, shape: tuple[int, ...] = (1,)) -> str:
        """A weight that is this number everywhere."""
        name = f"constant {value:.9g}" + ("" if shape == (1,) else f" {'×'.join(map(str, shape))}")
        if name not in self.nodes:
            array = np.full(shape, value, np.float32)
            self.put(self._weight(name, shape, array))
        return name

    def hole(self, name: str, shape: tuple[int, ...]) -> str:
        """A whole value that is given at every call."""
        return name if name in self.nodes else self.put(self._weight(name, shape, None))

    def _weight(self, name: str, shape: tuple[int, ...], value: Any) -> Node:
        return Node(name=name, op="weight", type=float32(*shape), value=value, role="fixed", dims=("",) * len(shape))

    def add(self, graph: Graph, links: dict[str, str]) -> dict[str, str]:
        """Add another Graph's nodes; its inputs in `links` are values that are here. The names that its nodes have now."""
        names = dict(links)
        for node in graph.nodes:
            if node.name not in names:
                name = node.name if node.name not in self.nodes else f"{node.name}'"
                names[node.name] = self.put(replace(node, name=name, inputs=tuple(names[one] for one in node.inputs)))
        return names

    def graph(self, outputs: Iterable[tuple[str, str]]) -> Graph:
        """The Graph of what these outputs (field, node) need."""
        pairs = tuple(outputs)
        everything = Graph(nodes=tuple(self.nodes.values()), outputs=pairs)
        keep = needed(everything, [name for _, name in pairs])
        return Graph(nodes=tuple(node for node in everything.nodes if node.name in keep), outputs=pairs)
