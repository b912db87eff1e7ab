"""A label that abstains: scores sharpened as SciPy does, and a flag that is confidence against limit, exactly."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from datacc.arrange import arrange
from datacc.compiler.simplify import simplify
from datacc.emit import emit
from datacc.ir.check import check
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.registry import load
from datacc.runtime.link import link
from datacc.runtime.native import Native
from datacc.spec.interface import Interface, Port

CLASSES = ("a", "b", "c", "d")
FEATURES = np.random.default_rng(0).normal(0, 3, (500, 4)).astype(np.float32)
LABEL = load("types", "label")


def answer(sharpness: float = 1.0, limit: float = 0.0) -> Graph:
    graph: Graph = LABEL.answer("y", CLASSES, LABEL.options(abstain=True))
    return graph.fill({"y.sharpness": np.array([sharpness]), "y.limit": np.array([limit])})


def confidences(sharpness: float = 1.0) -> np.ndarray:
    return interpret(answer(sharpness), {"y.features": FEATURES})["y_confidence"][:, 0]


@pytest.mark.parametrize("sharpness", [0.2, 1.0, 3.0])
def test_scores_are_the_softmax_of_sharpened_features(sharpness: float) -> None:
    found = interpret(answer(sharpness), {"y.features": FEATURES})
    wanted = softmax(FEATURES.astype(np.float64) * sharpness, axis=1)
    np.testing.assert_allclose(found["y_scores"], wanted, atol=1e-6)
    np.testing.assert_array_equal(found["y"][:, 0], FEATURES.argmax(axis=1))


def test_without_abstaining_nothing_is_added() -> None:
    plain = LABEL.answer("y", CLASSES)
    assert plain.digest == LABEL.answer("y", CLASSES, LABEL.options()).digest
    assert [field for field, _ in plain.outputs] == ["y", "y_confidence", "y_scores"]
    assert not [node for node in plain.weights if node.role == "calibrated"]


def test_the_two_numbers_are_neutral_until_they_are_calibrated() -> None:
    graph = check(LABEL.answer("y", CLASSES, LABEL.options(abstain=True)), holes=())
    assert {node.name for node in graph.weights if node.role == "calibrated"} == {"y.sharpness", "y.limit"}
    plain = interpret(LABEL.answer("y", CLASSES), {"y.features": FEATURES})
    found = interpret(graph, {"y.features": FEATURES})
    np.testing.assert_array_equal(found["y_scores"], plain["y_scores"])
    assert (found["y_known"] == 1).all()


@given(st.sampled_from(confidences().tolist()) | st.floats(0, 1, width=32), st.integers(-2, 2))
def test_known_is_the_confidence_against_the_limit_to_the_last_bit(limit: float, steps: int) -> None:
    value = np.float32(limit)
    for _ in range(abs(steps)):
        value = np.nextafter(value, np.float32(np.sign(steps) * 2))
    found = interpret(answer(limit=float(value)), {"y.features": FEATURES})
    assert found["y_known"].dtype == np.int32
    np.testing.assert_array_equal(found["y_known"], (found["y_confidence"] >= value).astype(np.int32))


@given(st.floats(0, 1, width=32), st.floats(0, 1, width=32))
def test_a_higher_limit_never_knows_more(one: float, other: float) -> None:
    lower, higher = (
        interpret(answer(limit=limit), {"y.features": FEATURES})["y_known"] for limit in sorted((one, other))
    )
    assert (higher <= lower).all()


@pytest.mark.parametrize("quantile", [0.0, 0.1, 0.5, 1.0])
def test_the_compiled_flag_is_that_of_numpy(quantile: float, tmp_path: Path) -> None:
    """Of the program's own confidence, for a limit that is one of them: there is no nearer case."""
    sharpness, cpu = 0.7, "x86-64-v2"
    limit = float(np.quantile(confidences(sharpness), quantile, method="nearest"))
    graph = simplify(answer(sharpness, limit))
    ports = tuple(
        Port(name=field, dtype=graph.by_name[name].type.dtype, shape=graph.by_name[name].type.shape)
        for field, name in graph.outputs
    )
    features = Port(name="y.features", dtype="float32", shape=(4,))
    interface = Interface(name="answers", cpu=cpu, inputs=(features,), answers=ports)
    plan = arrange(graph, cpu)
    native = Native(link(emit(plan, interface), cpu, tmp_path).path, interface, plan.arena)
    found = native.batch({"y.features": FEATURES})
    np.testing.assert_array_equal(found["y_known"], (found["y_confidence"] >= np.float32(limit)).astype(np.int32))
    assert abs(int(found["y_known"].sum()) - round(len(FEATURES) * (1 - quantile))) <= 2


@pytest.mark.parametrize("wrong", ["yes", 1, "true", None])
def test_abstain_is_true_or_false(wrong: object) -> None:
    with pytest.raises(ValueError, match="abstain"):
        LABEL.options(abstain=wrong)
