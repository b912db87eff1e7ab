"""A Graph as peers take it: ONNX with a batch of one, channels first from the input on: nothing is transposed."""

import numpy as np
import onnx

from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.onnx.write import export

from .peers import Net


def net_of(name: str, graph: Graph) -> Net:
    """The net with a random input and its expected outputs."""
    [source] = graph.inputs
    x = np.random.default_rng(1).normal(0, 1, source.type.shape).astype(np.float32)
    expected = {field: array[0] for field, array in interpret(graph, {source.name: x[None]}).items()}
    return Net(name=name, graph=graph, model=static(export(graph, name)), x=x, expected=expected)


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
