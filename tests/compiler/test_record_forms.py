"""A record with gaps, dates and many categories says as integers, and as ONNX, what its floats say."""

from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from datacc.compiler.calibrate import calibrate
from datacc.compiler.quantise import quantise
from datacc.compiler.simplify import simplify
from datacc.ir.exact import is_exact
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.onnx.write import export
from datacc.skeletons.table_v1 import ENTRY as TABLE
from datacc.types.label import ENTRY as LABEL
from datacc.types.record import ENTRY as RECORD
from datacc.types.record import RecordOptions

MANY = tuple(f"c{k}" for k in range(600))
OPTIONS = RecordOptions(
    columns=("age", "place", "wage", "member", "joined", "colour"),
    categories={"place": MANY, "colour": ("red", "green", "blue")},
    booleans=("member",),
    dates=("joined",),
    missing=("age", "joined"),
    bins=8,
)


def rows(count: int, seed: int) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    found = np.stack(
        [
            random.integers(0, 90, count),
            random.integers(-1, len(MANY), count),
            np.exp(2 * random.normal(size=count)),
            random.integers(0, 2, count),
            random.integers(-4000, 9000, count),
            random.integers(-1, 3, count),
        ],
        axis=1,
    ).astype(np.float32)
    gaps = random.random((count, 2)) < 0.2
    found[:, [0, 4]] = np.where(gaps, np.nan, found[:, [0, 4]])
    return found


def program(sizes: dict[str, int]) -> Graph:
    """A complete one, of random weights."""
    random = np.random.default_rng(3)
    answer = LABEL.answer("label", ("a", "b", "c"), LABEL.options())
    graph = TABLE.graph([RECORD.front("x", OPTIONS)], answer, sizes)
    values: dict[str, Any] = dict(RECORD.data("x", rows(500, 0), OPTIONS))
    for node in graph.holes:
        if node.name not in values:
            spread = np.abs(random.normal(1, 0.1, node.type.shape)) if node.role == "variance" else None
            values[node.name] = random.normal(0, 0.5, node.type.shape) if spread is None else spread
    return graph.fill({name: np.asarray(value, np.float32) for name, value in values.items()})


SIZES = [{"width": 8, "depth": 1, "bins": 4}, {"width": 0, "depth": 0, "bins": 8}]


def as_integers(graph: Graph) -> Graph:
    simple = simplify(graph)
    return quantise(simple, calibrate(simple, {"x": rows(500, 0)}))


@pytest.mark.parametrize("sizes", SIZES)
def test_integers_answer_like_floats(sizes: dict[str, int]) -> None:
    graph, asked = program(sizes), {"x": rows(400, 1)}
    whole = as_integers(graph)
    floats, found = (interpret(one, asked) for one in (graph, whole))
    assert np.mean(floats["label"] == found["label"]) > 0.97
    assert np.abs(floats["label_scores"] - found["label_scores"]).max() < 0.2
    assert np.abs(floats["label_scores"] - found["label_scores"]).mean() < 0.02


def test_without_a_date_every_processor_says_the_same() -> None:
    """The sines of dates are near each other only."""
    assert not is_exact(as_integers(program(SIZES[0])))
    plain = replace(OPTIONS, dates=(), missing=("age",))
    front = RECORD.front("x", plain)
    values = RECORD.data("x", np.nan_to_num(rows(500, 0)), plain)
    assert is_exact(front.fill(values))


@pytest.mark.parametrize("form", ["floats", "integers"])
def test_onnxruntime_says_the_same(form: str) -> None:
    graph, asked = program(SIZES[0]), {"x": rows(400, 1)}
    graph = simplify(graph) if form == "floats" else as_integers(graph)
    session = onnxruntime.InferenceSession(export(graph, "record"), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(None, asked), strict=True))
    for name, wanted in interpret(graph, asked).items():
        np.testing.assert_allclose(found[name].reshape(wanted.shape), wanted, atol=2e-5)
