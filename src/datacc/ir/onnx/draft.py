"""An ONNX model under construction: which tensor holds which value, channels-first or channels-last."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from datacc.ir.graph import Graph, Type

DTYPES: Final = {
    "float32": TensorProto.FLOAT,
    "uint8": TensorProto.UINT8,
    "int8": TensorProto.INT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
}


class Draft:
    """A model under construction: which ONNX tensor holds which value, channels-first or channels-last."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Any] = []
        self.weights: dict[str, NDArray[Any]] = {}
        self.tensors: dict[tuple[str, bool], str] = {}  # (value, is it channels-first) → tensor
        self.taken = {node.name for node in graph.inputs}
        self.results = [(self.fresh(field), value) for field, value in graph.outputs]
        self.results += [(self.fresh(f"{given}_next"), value) for given, value in graph.states]

    def type(self, value: str) -> Type:
        """The type of a value of the Graph."""
        return self.graph.by_name[value].type

    def fresh(self, wanted: str) -> str:
        """`wanted`, or with the first number that makes it a new name."""
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        return name

    def is_first(self, values: Iterable[str]) -> bool:
        """Whether any of these values stands channels-first already."""
        return any((value, True) in self.tensors for value in values)

    def tensor(self, value: str, *, first: bool) -> str:
        """The tensor that holds `value` in this order of axes; transposed once where it stands only in the other."""
        rank = len(self.type(value).shape)
        if rank == 1:
            first = False  # a vector is the same in both orders
        if (value, first) not in self.tensors:
            order = [0, rank, *range(1, rank)] if first else [0, *range(2, rank + 1), 1]
            self.add("Transpose", value, [self.tensors[value, not first]], first=first, perm=order)
        return self.tensors[value, first]

    def add(self, op: str, value: str, inputs: list[str], *, first: bool, **attributes: Any) -> None:
        """An ONNX node whose result is `value` in this order of axes."""
        first = first and len(self.type(value).shape) > 1
        tensor = self.fresh(value)
        self.nodes.append(helper.make_node(op, inputs, [tensor], name=tensor, **attributes))
        self.tensors[value, first] = tensor

    def between(self, op: str, wanted: str, inputs: list[str], **attributes: Any) -> str:
        """An ONNX node whose result is no value of the Graph; the name of its tensor."""
        tensor = self.fresh(wanted)
        self.nodes.append(helper.make_node(op, inputs, [tensor], name=tensor, **attributes))
        return tensor

    def array(self, weight: str) -> NDArray[Any]:
        """What a weight holds."""
        value = self.graph.by_name[weight].value
        assert value is not None  # `check` has seen to it
        return value

    def weight(self, name: str, array: NDArray[Any]) -> str:
        """An initialiser; one that several nodes read in the same order of axes is stored once."""
        array = np.asarray(array, order="C")
        if name in self.weights and np.array_equal(self.weights[name], array):
            return name
        tensor = self.fresh(name)
        self.weights[tensor] = array
        return tensor
