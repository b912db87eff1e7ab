"""A model in ONNX as a teacher, against the same model in NumPy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from datacc.errors import SpecError, TeacherError
from datacc.registry import load
from datacc.spec.program import Field, Teacher
from datacc.teachers import Answer, Question

CLASSES = ("a", "b", "c")
RECORD = Field(name="record", type="record", options={"columns": ["x", "y"]})
PICTURE = Field(name="picture", type="image", options={"height": 4, "width": 5, "channels": 3})


def model(path: Path, shape: Sequence[Any], weights: Any, kind: int = TensorProto.FLOAT, last: str = "") -> str:
    """A product with `weights` of all that comes in, flattened; with `last`, the number of its largest score."""
    taken = helper.make_tensor_value_info("x", kind, shape)
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["f", "rows"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["s"]),
        *([helper.make_node("ArgMax", ["s"], ["n"], axis=1, keepdims=0)] if last else []),
    ]
    given = helper.make_tensor_value_info("n" if last else "s", TensorProto.INT64 if last else TensorProto.FLOAT, None)
    constants = [
        numpy_helper.from_array(weights.astype(np.float32), "w"),
        numpy_helper.from_array(np.array([-1, len(weights)], np.int64), "rows"),
    ]
    graph = helper.make_graph(nodes, "teacher", [taken], [given], constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path / "big.onnx")
    return "big.onnx"


def asked(folder: Path, field: Field, values: list[Any], **more: Any) -> list[Answer]:
    teacher = Teacher(kind="onnx", what="big.onnx", **more)
    questions = [Question(id=str(n), inputs={field.name: value}) for n, value in enumerate(values)]
    return list(load("teachers", "onnx").ask(teacher, folder, [field], CLASSES, questions))


@pytest.mark.parametrize("shape", [["N", 2], [1, 2], [2]])
@pytest.mark.parametrize("last", ["", "number"])
def test_it_answers_as_numpy_does(tmp_path: Path, shape: list[Any], last: str) -> None:
    random = np.random.default_rng(3)
    weights, rows = random.normal(size=(2, 3)), random.normal(size=(150, 2))
    model(tmp_path, shape, weights, last=last)
    found = asked(tmp_path, RECORD, [row.tolist() for row in rows])
    wanted = (rows.astype(np.float32) @ weights.astype(np.float32)).argmax(1)
    assert [answer.label for answer in found] == [CLASSES[n] for n in wanted]
    assert [answer.id for answer in found] == [str(n) for n in range(150)]


@pytest.mark.parametrize("first", [False, True])
def test_channels_may_come_first(tmp_path: Path, first: bool) -> None:
    random = np.random.default_rng(4)
    pictures = random.integers(0, 256, (20, 4, 5, 3), np.uint8)
    weights = random.normal(size=(60, 3))
    model(tmp_path, ["N", 3, 4, 5] if first else ["N", 4, 5, 3], weights, TensorProto.UINT8)
    flat = (np.moveaxis(pictures, -1, 1) if first else pictures).reshape(20, -1).astype(np.float32)
    found = asked(tmp_path, PICTURE, list(pictures))
    assert [answer.label for answer in found] == [CLASSES[n] for n in (flat @ weights.astype(np.float32)).argmax(1)]


def test_its_classes_may_have_an_order_of_their_own(tmp_path: Path) -> None:
    model(tmp_path, ["N", 2], np.eye(2, 3))
    assert [one.label for one in asked(tmp_path, RECORD, [[1, 0], [0, 1]], classes=("c", "a", "b"))] == ["c", "a"]


def test_a_class_too_many(tmp_path: Path) -> None:
    model(tmp_path, ["N", 2], np.eye(2, 5)[:, ::-1])
    with pytest.raises(TeacherError, match="answers class 4, of 3"):
        asked(tmp_path, RECORD, [[1, 0]])


def test_a_model_of_something_else(tmp_path: Path) -> None:
    model(tmp_path, ["N", 7], np.ones((7, 3)))
    with pytest.raises(TeacherError, match="cannot run it"):
        asked(tmp_path, RECORD, [[1, 0]])


def test_a_damaged_model(tmp_path: Path) -> None:
    (tmp_path / "big.onnx").write_bytes(b"no model")
    with pytest.raises(TeacherError, match="cannot load it"):
        asked(tmp_path, RECORD, [[1, 0]])


def test_what_is_trusted_is_this_very_file(tmp_path: Path) -> None:
    kind, teacher = load("teachers", "onnx"), Teacher(kind="onnx", what="big.onnx")
    model(tmp_path, ["N", 2], np.eye(2, 3))
    first = kind.wish(teacher, tmp_path)
    model(tmp_path, ["N", 2], np.eye(2, 3) * 2)
    assert kind.wish(teacher, tmp_path) != first
    (tmp_path / "big.onnx").unlink()
    with pytest.raises(SpecError, match=r"there is no big\.onnx"):
        kind.wish(teacher, tmp_path)


def test_probabilities_are_told_as_such_and_other_scores_by_the_largest(tmp_path: Path) -> None:
    rows = np.random.default_rng(8).dirichlet(np.ones(2), 40)
    weights = np.array([[0.2, 0.3, 0.5], [0.9, 0.1, 0.0]])  # mixes of these are probabilities
    model(tmp_path, ["N", 2], weights)
    found = asked(tmp_path, RECORD, [row.tolist() for row in rows])
    for answer, row in zip(found, rows @ weights, strict=True):
        assert answer.probabilities is not None
        assert list(answer.probabilities) == list(CLASSES)
        np.testing.assert_allclose(list(answer.probabilities.values()), row, atol=1e-5)
    model(tmp_path, ["N", 2], 3 * weights)
    assert all(answer.probabilities is None for answer in asked(tmp_path, RECORD, [row.tolist() for row in rows]))


def test_it_gives_a_number_where_one_is_asked_for(tmp_path: Path) -> None:
    rows = np.random.default_rng(8).normal(size=(20, 2))
    model(tmp_path, ["N", 2], np.array([[2.0], [-1.0]]))
    teacher = Teacher(kind="onnx", what="big.onnx")
    questions = [Question(id=str(n), inputs={"record": row.tolist()}) for n, row in enumerate(rows)]
    found = list(load("teachers", "onnx").ask(teacher, tmp_path, [RECORD], (), questions))
    np.testing.assert_allclose([answer.label for answer in found], rows @ [2.0, -1.0], rtol=1e-5)
    model(tmp_path, ["N", 2], np.eye(2))
    with pytest.raises(TeacherError, match="2 numbers, where one is asked for"):
        list(load("teachers", "onnx").ask(teacher, tmp_path, [RECORD], (), questions))


def test_what_is_not_a_number_is_no_answer(tmp_path: Path) -> None:
    model(tmp_path, ["N", 2], np.array([[1.0, np.inf, 2.0], [0.5, 0.5, 0.5]]))  # 0 times infinity is none
    known, unknown = asked(tmp_path, RECORD, [[1, 1], [0, 1]])
    assert (known.label, unknown.label, unknown.failed) == ("b", None, False)
    assert unknown.why == "a score of it is not a number"
    model(tmp_path, ["N", 2], np.array([[np.inf], [1.0]]))
    teacher = Teacher(kind="onnx", what="big.onnx")
    questions = [Question(id="0", inputs={"record": [1, 1]}), Question(id="1", inputs={"record": [0, 1]})]
    found = list(load("teachers", "onnx").ask(teacher, tmp_path, [RECORD], (), questions))
    assert [(answer.label, answer.why) for answer in found] == [
        (None, "its number is inf"),
        (None, "its number is nan"),
    ]


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0)], r"for 3 examples is float32 \(\)"),
        ([helper.make_node("Transpose", ["x"], ["s"])], r"for 3 examples is float32 \(2, 3\)"),
        ([helper.make_node("Cast", ["x"], ["s"], to=TensorProto.STRING)], "for 3 examples is object"),
        ([helper.make_node("SequenceConstruct", ["x"], ["s"])], "for 3 examples is list"),
        ([helper.make_node("Slice", ["x", "0", "0", "1"], ["s"])], r"for 3 examples is float32 \(3, 0\)"),
    ],
)
def test_a_model_that_answers_no_row_of_numbers_for_each(tmp_path: Path, nodes: list[Any], said: str) -> None:
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])
    kind = {"Cast": TensorProto.STRING}.get(nodes[0].op_type, TensorProto.FLOAT)
    given = helper.make_tensor_value_info("s", kind, None)
    if nodes[0].op_type == "SequenceConstruct":
        given = helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)
    constants = [numpy_helper.from_array(np.array([n], np.int64), str(n)) for n in (0, 1)]
    graph = helper.make_graph(nodes, "teacher", [taken], [given], constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), tmp_path / "big.onnx")
    with pytest.raises(TeacherError, match=said):
        asked(tmp_path, RECORD, [[1, 2], [3, 4], [5, 6]])
