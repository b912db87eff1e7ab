"""What is exported as ONNX computes in onnxruntime what the Graph means."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.onnx.write import export
from tests.ir.graphs import LOOSE, assert_alike, graphs, inputs_for


def run(data: bytes, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs), strict=True))


@given(graphs(), st.integers(0, 9))
def test_onnxruntime_agrees(graph: Graph, seed: int) -> None:
    inputs = inputs_for(graph, seed=seed)
    found = run(export(graph, "random"), inputs)
    expected = interpret(graph, inputs)
    names = [field for field, _ in graph.outputs] + [f"{given}_next" for given, _ in graph.states]
    assert list(found) == names
    for (field, value), name in zip(expected.items(), names, strict=True):
        assert found[name].dtype == value.dtype
        if field != "best":
            assert_alike(found[name], value, LOOSE)


def picture_graph() -> Graph:
    b = Builder()
    x = b.op("cast", "float", b.input("x", "uint8", (6, 6, 3)))
    for k, channels in enumerate((3, 4), start=1):
        weight = b.weight(f"w{k}", (channels, 3, 3, b.type(x).shape[-1]), value=np.linspace(-1, 1, b.type(x).shape[-1]))
        bias = b.weight(f"b{k}", (channels,), value=np.arange(channels))
        x = b.op("conv", f"conv{k}", x, weight, bias, stride=(1, 1), pad=((1, 1), (1, 1)), dilation=(1, 1))
        x = b.op("maxpool", f"pool{k}", b.op("relu", f"relu{k}", x), size=(2, 2), stride=(2, 2))
    b.op("dense", "top", x, b.weight("w", (2, 1, 1, 4), value=1), b.weight("b", (2,), value=0))
    return b.graph({"best": b.op("argmax", "argmax", "top"), "x": "top"})


def test_one_transpose_is_enough() -> None:
    model = onnx.load_from_string(export(picture_graph(), "picture"))
    assert [node.op_type for node in model.graph.node].count("Transpose") == 1


def test_names_shapes_and_batch_axis_are_those_of_the_program() -> None:
    model = onnx.load_from_string(export(picture_graph(), "picture"))
    [given] = model.graph.input
    assert (given.name, given.type.tensor_type.elem_type) == ("x", onnx.TensorProto.UINT8)
    dims = given.type.tensor_type.shape.dim
    assert [dims[0].dim_param, *(dim.dim_value for dim in dims[1:])] == ["rows", 6, 6, 3]
    assert [output.name for output in model.graph.output] == ["best", "x_2"]
    assert model.graph.name == "picture"


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32"])
def test_integers_stay_exact(dtype: str) -> None:
    b = Builder()
    x = b.input("x", dtype, (4, 3))
    outputs = {
        "best": b.op("argmax", "argmax", x),
        "most": b.op("maximum", "maximum", x),
        "pooled": b.op("maxpool", "pool", x, size=(2,), stride=(1,)),
        "again": b.op("cast", "again", b.op("cast", "float", x), to=dtype),
    }
    graph = b.graph(outputs)
    inputs = inputs_for(graph)
    found = run(export(graph, "integers"), inputs)
    for field, expected in interpret(graph, inputs).items():
        assert found[field].dtype == expected.dtype
        np.testing.assert_array_equal(found[field], expected)


def test_casts_to_integers_mean_the_same() -> None:
    b = Builder()
    b.input("x", "float32", (8,))
    graph = b.graph({to: b.op("cast", to, "x", to=to) for to in ("uint8", "int8", "int16", "int32")})
    inputs = {"x": np.array([[0.5, 1.5, -2.5, 3e9, -3e9, np.inf, -np.inf, np.nan]], np.float32)}
    found = run(export(graph, "casts"), inputs)
    for field, expected in interpret(graph, inputs).items():
        np.testing.assert_array_equal(found[field], expected)


def test_the_first_of_equals_wins() -> None:
    b = Builder()
    b.input("x", "float32", (4,))
    graph = b.graph({"best": b.op("argmax", "argmax", "x")})
    inputs = {"x": np.array([[1, 2, 2, 0], [3, 3, 3, 3]], np.float32)}
    assert interpret(graph, inputs)["best"].tolist() == [[1], [0]]
    assert run(export(graph, "ties"), inputs)["best"].tolist() == [[1], [0]]


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert export(picture_graph(), "picture") == export(picture_graph(), "picture")


def test_a_hole_is_refused() -> None:
    b = Builder()
    x = b.input("x", "float32", (4,))
    top = b.op("dense", "top", x, b.weight("w", (2, 4)), b.weight("b", (2,)))
    with pytest.raises(GraphError, match="hole"):
        export(b.graph({"y": top}), "open")


def test_without_the_extra_there_is_one_line(tmp_path: Any) -> None:
    script = "import sys; sys.modules['onnx'] = None\nimport datacc.registry as r\nr.load('targets', 'onnx')"
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, env=found)
    assert ran.stderr.splitlines()[-2:] == [
        "datacc.errors.MissingExtra: ONNX needs the package onnx",
        "  try: pip install 'datacc[onnx]'",
    ]
