"""What a fit is after, by the form of its output: against scikit-learn's measures, and by both back ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.linear_model import LinearRegression

from datacc.fit import Examples, Recipe
from datacc.fit._batches import Batches
from datacc.fit.driver import fit
from datacc.fit.objective import OBJECTIVES
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.registry import load, names

SLOW = Recipe(epochs=60, batch=16, rate=0.02, threads=1)


@given(st.integers(0, 999), st.integers(2, 50), st.floats(0, 2))
def test_a_number_is_scored_by_the_variance_it_explains(seed: int, count: int, noise: float) -> None:
    random = np.random.default_rng(seed)
    targets = random.normal(size=(count, 1)).astype(np.float32)
    features = (targets + noise * random.normal(size=(count, 1))).astype(np.float32)
    score, less = OBJECTIVES["number"].score(features, targets)
    assert score == pytest.approx(max(0.0, metrics.r2_score(targets, features)), abs=1e-6)
    assert less == pytest.approx(-metrics.mean_squared_error(targets, features), rel=1e-5)


@given(st.integers(0, 999), st.integers(1, 50))
def test_labels_are_scored_by_f1_over_all_decisions(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    targets = (random.random((count, 3)) < 0.4).astype(np.float32)
    features = random.normal(size=(count, 3)).astype(np.float32)
    score, less = OBJECTIVES["labels"].score(features, targets)
    wanted = metrics.f1_score(targets, features > 0, average="micro", zero_division=1)
    assert score == pytest.approx(wanted)
    odds = 1 / (1 + np.exp(-features.astype(np.float64)))
    entropy = -(targets * np.log(odds) + (1 - targets) * np.log(1 - odds)).sum(axis=1).mean()
    assert less == pytest.approx(-entropy, rel=1e-5)


@pytest.mark.parametrize("form", OBJECTIVES)
def test_without_rows_nothing_is_scored(form: str) -> None:
    targets = np.zeros(0, np.int32) if form == "label" else np.zeros((0, 3), np.float32)
    assert OBJECTIVES[form].score(np.zeros((0, 3), np.float32), targets) == (0.0, 0.0)


@pytest.mark.parametrize("form", ["number", "labels"])
def test_batches_hold_the_targets_of_their_rows(form: str) -> None:
    width = 1 if form == "number" else 3
    targets = np.arange(40 * width, dtype=np.float32).reshape(40, width)
    learn = Examples(inputs={"x": np.arange(40, dtype=np.float32)[:, None]}, targets=targets, augment={}, form=form)
    chunk = Batches(learn, 8, width, 0).chunk(1, 5)
    rows = chunk.inputs["x"][..., 0].astype(int)
    np.testing.assert_array_equal(chunk.targets, targets[rows])
    assert (chunk.weights == 1).all()
    assert sorted(rows.ravel()) == list(range(40))


def linear(kind: str, classes: tuple[str, ...], learn: Examples, frozen: np.ndarray) -> Graph:
    record = load("types", "record")
    options = record.options(columns=("a", "b"))
    type_ = load("types", kind)
    made: Graph = load("skeletons", "mlp.v1").graph(
        [record.front("x", options)], type_.answer("y", classes, type_.options()), {"width": 0, "depth": 0}
    )
    return made.fill(record.data("x", learn.inputs["x"], options)).fill(type_.data("y", frozen))


@pytest.mark.parametrize("back_end", names("fit"))
def test_a_linear_number_is_least_squares(back_end: str) -> None:
    random = np.random.default_rng(2)
    inputs = random.normal(size=(400, 2)).astype(np.float32)
    true = (1000 + 300 * inputs[:, 0] - 40 * inputs[:, 1] + random.normal(0, 20, 400)).astype(np.float32)
    targets = load("types", "number").targets(true, true[:300])
    learn, tune = (
        Examples(inputs={"x": inputs[part]}, targets=targets[part], augment={}, form="number")
        for part in (slice(0, 300), slice(300, 400))
    )
    found = fit(load("fit", back_end), linear("number", (), learn, true[:300]), learn, tune, SLOW, 0)
    told = interpret(found.graph, {"x": inputs})["y"][:, 0]
    wanted = LinearRegression().fit(inputs[:300], true[:300]).predict(inputs)
    np.testing.assert_allclose(told, wanted, atol=12)  # of 300 · σ, after some passes of mini-batches
    assert found.tune == pytest.approx(metrics.r2_score(true[300:], told[300:]), abs=1e-4)


@pytest.mark.parametrize("back_end", names("fit"))
def test_labels_are_learnt_each_by_itself(back_end: str) -> None:
    random = np.random.default_rng(3)
    inputs = random.normal(size=(400, 2)).astype(np.float32)
    true = np.stack([inputs[:, 0] > 0, inputs[:, 1] > 0, inputs.sum(axis=1) > 0], axis=1).astype(np.float32)
    learn, tune = (
        Examples(inputs={"x": inputs[part]}, targets=true[part], augment={}, form="labels")
        for part in (slice(0, 300), slice(300, 400))
    )
    graph = linear("labels", ("e", "n", "ne"), learn, true[:300])
    found = fit(load("fit", back_end), graph, learn, tune, SLOW, 0)
    told = interpret(found.graph, {"x": inputs[300:]})
    assert found.tune > 0.95
    assert metrics.f1_score(true[300:], told["y"], average="micro") == pytest.approx(found.tune)
    np.testing.assert_array_equal(told["y"], told["y_scores"] > 0.5)
