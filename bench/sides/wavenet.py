"""The net `wavenet` as its users would write it for others: ONNX with channels first, and its steps for LiteRT.

A general export would turn states and signals between every two layers; here nobody transposes anything.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from datacc.ir.graph import Graph

BLOCK = 64  # samples that one call answers


def layers(graph: Graph) -> int:
    """How many dilated layers there are."""
    return sum(node.op == "conv" and node.name.startswith("layer") for node in graph.nodes)


def model(graph: Graph) -> bytes:
    """The static model: x (1, 1, T) and state (1, C, S) in, y and next out."""
    writer = _Writer(graph)
    h = writer.conv("first", "x")
    tails, at = [], 0
    for layer in range(layers(graph)):
        span = 2**layer
        past = writer.piece(f"past{layer}", "state", at, at + span)
        joined = writer.do("Concat", f"joined{layer}", past, h, axis=2)
        tails.append(writer.piece(f"next{layer}", joined, BLOCK, BLOCK + span))
        product = writer.conv(f"layer{layer}", joined, dilation=span)
        mixed = writer.conv(f"mix{layer}", writer.do("Tanh", f"tanh{layer}", product))
        h = writer.do("Add", f"sum{layer}", mixed, h)
        at += span
    writer.conv("last", h, out="y")
    writer.do("Concat", "next", *tails, axis=2)
    types = {node.name: node.type.shape for node in graph.inputs}
    types |= {field: graph.by_name[name].type.shape for field, name in graph.outputs}
    values = {name: _described(name, shape) for name, shape in types.items()}
    made = helper.make_model(
        helper.make_graph(
            writer.nodes, "wavenet", [values["x"], values["state"]], [values["y"], values["next"]], writer.weights
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(made, full_check=True)
    plain: bytes = made.SerializeToString(deterministic=True)
    return plain


def _described(name: str, shape: tuple[int, ...]) -> Any:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, shape[1], shape[0]])


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.nodes, self.weights = graph, [], []

    def do(self, op: str, out: str, *inputs: str, **attrs: Any) -> str:
        self.nodes.append(helper.make_node(op, list(inputs), [out], **attrs))
        return out

    def conv(self, name: str, x: str, *, dilation: int = 1, out: str = "") -> str:
        weight, bias = (self.weight(value) for value in self.graph.by_name[name].inputs[1:])
        return self.do("Conv", out or f"{name}.out", x, weight, bias, dilations=[dilation])

    def piece(self, name: str, x: str, first: int, end: int) -> str:
        bounds = [self.constant(f"{name}.{part}", np.array([n])) for part, n in (("first", first), ("end", end))]
        return self.do("Slice", name, x, *bounds, self.constant(f"{name}.axis", np.array([2])))

    def weight(self, name: str) -> str:
        value = self.graph.by_name[name].value
        assert value is not None
        return self.constant(name, np.moveaxis(value, -1, 1) if value.ndim == 3 else value)

    def constant(self, name: str, value: NDArray[Any]) -> str:
        kind = np.int64 if value.dtype.kind == "i" else np.float32
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value, kind), name))
        return name
