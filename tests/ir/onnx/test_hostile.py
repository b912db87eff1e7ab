"""Broken and hostile files: one clear error, in bounded time, and no file outside the model's folder is read."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from datacc.errors import ModelError
from datacc.ir.onnx.convert import convert
from datacc.ir.onnx.read import parse, read_model
from tests.ir.onnx.models import model
from tests.ir.onnx.mutants import survives

RELU = helper.make_node("Relu", ["x"], ["y"])
CI, NIGHTLY, PARTS = 3000, 100_000, 8


def chain(*calls: tuple[str, list[str], list[str]], x: Any = (1, 4), **weights: Any) -> Any:
    nodes = [helper.make_node(op, inputs, outputs) for op, inputs, outputs in calls]
    return model(nodes, {"x": list(x)}, ["y"], **weights)


def functions(bodies: dict[str, list[str]]) -> Any:
    """Functions of the domain `own`, each of which calls others in turn."""
    proto = model([helper.make_node("f0", ["x"], ["y"], domain="own")], {"x": [1, 4]}, ["y"])
    proto.opset_import.append(helper.make_opsetid("own", 1))
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    for name, calls in bodies.items():
        steps = ["a", *(f"t{k}" for k in range(len(calls) - 1)), "b"]
        nodes = [
            helper.make_node(op, [steps[k]], [steps[k + 1]], domain="" if op == "Relu" else "own")
            for k, op in enumerate(calls)
        ]
        proto.functions.append(helper.make_function("own", name, ["a"], ["b"], nodes, imports))
    return proto


def external(location: str, **entries: str) -> Any:
    proto = chain(("Add", ["x", "w"], ["y"]), w=np.ones(4, np.float32))
    [tensor] = proto.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return proto


def deep() -> Any:
    """If within If, as deep as protobuf lets them be."""
    graph = helper.make_graph([RELU], "g", [], [])
    for _ in range(20):
        graph = helper.make_graph([helper.make_node("If", ["x"], ["y"], then_branch=graph)], "g", [], [])
    return model(list(graph.node), {"x": [1, 4]}, ["y"])


def twice(field: str) -> Any:
    proto = chain(("Add", ["x", "w"], ["y"]), w=np.ones(4, np.float32))
    found = getattr(proto.graph, field)
    found.add().CopyFrom(found[0])
    return proto


def big(name: str, *dims: int) -> Any:
    proto = chain(("Add", ["x", "w"], ["y"]), w=np.ones(4, np.float32))
    target = proto.graph.initializer[0].dims if name == "w" else None
    if target is not None:
        target[:] = dims
    else:
        shape = proto.graph.input[0].type.tensor_type.shape
        del shape.dim[:]
        for n in dims:
            shape.dim.add().dim_value = n
    return proto


def bad_strides(value: int) -> Any:
    node = helper.make_node("Conv", ["x", "w"], ["y"], strides=[value, 1])
    return model([node], {"x": [1, 1, 4, 4]}, ["y"], w=np.ones((1, 1, 2, 2), np.float32))


INT = np.int64
CASES: dict[str, tuple[Any, str]] = {
    "cyclic": (chain(("Relu", ["b"], ["a"]), ("Relu", ["a"], ["b"]), ("Relu", ["b"], ["y"])), "a cycle"),
    "itself": (chain(("Relu", ["y"], ["y"])), "a cycle"),
    "missing initialiser": (chain(("Add", ["x", "w"], ["y"])), "initialiser is missing"),
    "missing output": (chain(("Relu", ["x"], ["z"])), "nothing gives this output"),
    "doubled name": (chain(("Relu", ["x"], ["y"]), ("Relu", ["x"], ["y"])), "given twice"),
    "doubled input": (twice("input"), "one name"),
    "doubled initialiser": (twice("initializer"), "two initialisers"),
    "doubled output": (twice("output"), "two outputs"),
    "huge input": (big("x", 1 << 20, 1 << 20), "out of bounds"),
    "overflowing input": (big("x", 1 << 62, 4), "out of bounds"),
    "negative input": (big("x", 1, -4), "out of bounds"),
    "many axes": (big("x", *[1] * 200), "out of bounds"),
    "huge initialiser": (big("w", 1 << 40), "out of bounds"),
    "overflowing initialiser": (big("w", 1 << 32, 1 << 32), "out of bounds"),
    "negative initialiser": (big("w", -1), "out of bounds"),
    "short initialiser": (big("w", 400), "its bytes"),
    "stride 0": (bad_strides(0), "at least 1"),
    "huge stride": (bad_strides(2**62), "at least 1"),
    "wrong type": (chain(("And", ["x", "w"], ["y"]), w=np.ones(4, np.float64)), "of float64"),
    "growth by Expand": (chain(("Expand", ["x", "s"], ["y"]), s=np.array([1 << 30, 4], INT)), "no shape"),
    "growth by Tile": (chain(("Tile", ["x", "s"], ["y"]), s=np.array([1 << 40, 1 << 40], INT)), "how often"),
    "growth by Pad": (chain(("Pad", ["x", "s"], ["y"]), s=np.array([0, 1 << 23, 1 << 23, 0], INT)), "too large"),
    "growth by constants": (chain(("ConstantOfShape", ["s"], ["y"]), s=np.array([1 << 40], INT)), "too large"),
    "growth by Range": (
        chain(("Range", ["a", "b", "c"], ["y"]), a=np.array(0.0), b=np.array(1e18), c=np.array(1e-9)), "too large"
    ),
    "Range of nothing": (
        chain(("Range", ["a", "b", "c"], ["y"]), a=np.array(0.0), b=np.array(np.nan), c=np.array(1.0)), "cannot be"
    ),
    "growth by MatMul": (
        chain(("MatMul", ["a", "b"], ["y"]), a=np.ones((60_000, 1), np.float32), b=np.ones((1, 60_000), np.float32)),
        "too large",
    ),
    "growth by many": (
        chain(
            ("ConstantOfShape", ["s"], ["t0"]), *(("Neg", [f"t{k}"], [f"t{k + 1}"]) for k in range(60)),
            ("Add", ["x", "t60"], ["y"]), s=np.array([1 << 23], INT),
        ),
        "grows too large",
    ),
    "work by MatMul": (
        chain(
            *(("MatMul", [f"t{k}", "t0"], [f"t{k + 1}"]) for k in range(5)), ("Add", ["x", "t5"], ["y"]),
            t0=np.ones((400, 400), np.float32),
        ),
        "grows too large",
    ),
    "division by zero": (
        chain(("Div", [*"ab"], [*"s"]), ("Reshape", [*"xs"], ["y"]), a=np.array([4]), b=np.array([0])), "zero"
    ),
    "function calls itself": (functions({"f0": ["f0"]}), "calls itself"),
    "functions call each other": (functions({"f0": ["f1"], "f1": ["f0"]}), "calls itself"),
    "functions that multiply": (functions({f"f{k}": [f"f{k + 1}"] * 4 for k in range(14)}), "more than"),
    "a long chain of functions": (functions({f"f{k}": [f"f{k + 1}"] for k in range(40)}), "deep"),
    "doubled function": (functions({"f0": ["Relu"]}), "two functions"),
    "deep subgraphs": (deep(), "holds a graph"),
}  # fmt: skip
CASES["doubled function"][0].functions.append(CASES["doubled function"][0].functions[0])


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_a_reason(name: str) -> None:
    proto, reason = CASES[name]
    with pytest.raises(ModelError, match=reason) as refused:
        convert(parse(proto.SerializeToString()))
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("length", [0, 1, 10, 100, -1])
def test_a_cut_off_file_is_refused(length: int) -> None:
    with pytest.raises(ModelError):
        convert(parse(chain(("Add", ["x", "w"], ["y"]), w=np.ones(64, np.float32)).SerializeToString()[:length]))


@pytest.mark.parametrize(
    "location",
    [
        "../secret",
        "/etc/hostname",
        "a/../../secret",
        "",
        "link",
        "way/secret",
        "..\\secret",
        "C:\\x",
        "a\0b",
        "a" * 300,
    ],
)
def test_external_data_stays_in_its_folder(location: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(np.ones(4, np.float32).tobytes())
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link").symlink_to("../secret")
    (folder / "way").symlink_to("..")
    (folder / "model.onnx").write_bytes(external(location).SerializeToString())
    with pytest.raises(ModelError, match="external data"):
        read_model(folder / "model.onnx", {})


def test_external_data_beside_the_model_is_read(tmp_path: Path) -> None:
    weights = np.arange(6, dtype=np.float32)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "w.bin").write_bytes(weights.tobytes())
    (tmp_path / "model.onnx").write_bytes(external("data/w.bin", offset="8", length="16").SerializeToString())
    found = read_model(tmp_path / "model.onnx", {}).constants["w"]
    np.testing.assert_array_equal(found, weights[2:])


@pytest.mark.parametrize("entries", [{"offset": "16"}, {"offset": "-8"}, {"length": "999"}, {"offset": "x"}])
def test_external_data_of_another_size_is_refused(entries: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(np.ones(4, np.float32).tobytes())
    (tmp_path / "model.onnx").write_bytes(external("w", **entries).SerializeToString())
    with pytest.raises(ModelError):
        read_model(tmp_path / "model.onnx", {})


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w")
    (tmp_path / "model.onnx").write_bytes(external("w").SerializeToString())
    with pytest.raises(ModelError):
        read_model(tmp_path / "model.onnx", {})


def test_mutants_are_refused_or_read() -> None:
    taken = sum(survives(seed) for seed in range(CI))
    assert CI // 100 < taken < CI // 2  # both happen


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
def test_many_mutants_are_refused_or_read(part: int) -> None:
    each = NIGHTLY // PARTS
    taken = sum(survives(CI + part * each + k) for k in range(each))
    assert each // 100 < taken < each // 2
