"""ONNX models for tests: of one call, and as torch exports them; onnxruntime says what they mean."""

import io
import warnings
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from datacc.ir.interpret import interpret
from datacc.ir.onnx.convert import Converted, convert
from datacc.ir.onnx.read import parse

Arrays = dict[str, NDArray[Any]]


def model(nodes: list[Any], inputs: dict[str, Any], outputs: list[str], opset: int = 17, **weights: Any) -> Any:
    """A model of these nodes; `inputs` give float32 shapes, `weights` the initialisers."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def exported(net: torch.nn.Module, *shapes: tuple[int, ...], **options: Any) -> bytes:
    """The bytes that torch exports of a net in inference."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net.eval(), tuple(torch.randn(shape) for shape in shapes), file, dynamo=False, **options)
    return file.getvalue()


def converted(data: Any, **options: Any) -> Converted:
    """The Graph of a model."""
    return convert(parse(data if isinstance(data, bytes) else data.SerializeToString(), **options))


def reference(data: Any, inputs: Arrays) -> Arrays:
    """What onnxruntime gives, without graph optimisation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    raw = data if isinstance(data, bytes) else data.SerializeToString()
    session = onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs), strict=True))


def inputs_of(data: Any, seed: int = 0) -> Arrays:
    """Normal numbers for every input; open dimensions are 1."""
    proto = onnx.load_from_string(data) if isinstance(data, bytes) else data
    random = np.random.default_rng(seed)
    known = {tensor.name for tensor in proto.graph.initializer}
    return {
        value.name: random.normal(size=[d.dim_value or 1 for d in value.type.tensor_type.shape.dim]).astype(np.float32)
        for value in proto.graph.input
        if value.name not in known
    }


def rows_of(graph: Any, inputs: Arrays) -> Arrays:
    """The same numbers as the program takes them: one row, no batch axis of their own."""
    return {node.name: inputs[node.name].reshape(1, *node.type.shape) for node in graph.inputs}


def agrees(data: Any, tolerance: float = 2e-5) -> Converted:
    """The conversion, once it has been seen to give, bytes in the same order, what onnxruntime gives."""
    found, inputs = converted(data), inputs_of(data)
    answers = interpret(found.graph, rows_of(found.graph, inputs))
    wanted = reference(data, inputs)
    assert [field for field, _ in found.graph.outputs] == list(wanted)
    for name, array in wanted.items():
        largest = max(1.0, float(np.abs(array).max()))
        np.testing.assert_allclose(answers[name].reshape(-1), array.reshape(-1), rtol=0, atol=tolerance * largest)
    return found
