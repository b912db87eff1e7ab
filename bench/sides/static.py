"""A Graph as peers take it: ONNX with a batch of one, channels first from the input on: nothing is transposed."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.onnx.write import export

from . import wavenet
from .peers import Net


def net_of(name: str, graph: Graph) -> Net:
    """The net with random inputs and its expected outputs."""
    random = np.random.default_rng(1)
    inputs = {node.name: random.normal(0, 1, node.type.shape).astype(np.float32) for node in graph.inputs}
    expected = {field: array[0] for field, array in interpret(graph, {n: x[None] for n, x in inputs.items()}).items()}
    is_sound = name == "wavenet"
    return Net(
        name=name,
        graph=graph,
        model=wavenet.model(graph) if is_sound else static(export(graph, name)),
        inputs=inputs,
        fed={name: _first(x)[None] for name, x in inputs.items()},
        expected=expected,
        outputs={name: _first(y) for name, y in expected.items()},
    )


def _first(array: NDArray[Any]) -> NDArray[Any]:
    """Channels first."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 0) if array.ndim > 1 else array)


def static(data: bytes) -> bytes:
    """The model with a batch of one whose input is channels first, without the transpose that made it so."""
    model = onnx.load_model_from_string(data)
    graph = model.graph
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    [source] = graph.input
    turns = [node for node in graph.node if node.op_type == "Transpose" and node.input[0] == source.name]
    readers = [node for node in graph.node if source.name in node.input]
    if turns and readers == turns:
        dims = source.type.tensor_type.shape.dim
        shape = [dim.dim_value for dim in dims]
        for dim, size in zip(dims, (shape[0], shape[-1], *shape[1:-1]), strict=True):
            dim.dim_value = size
        for turn in turns:
            for node in graph.node:
                node.input[:] = [source.name if name == turn.output[0] else name for name in node.input]
            graph.node.remove(turn)
    onnx.checker.check_model(model, full_check=True)
    plain: bytes = model.SerializeToString(deterministic=True)
    return plain
