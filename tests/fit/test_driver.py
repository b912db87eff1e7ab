"""The driver: statistics, the best of tune, several members, and bad input said by name."""

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from datacc.errors import FitError, ResourceError
from datacc.fit import BackEnd, Progress, driver
from datacc.fit._statistics import statistics
from datacc.fit._trouble import nothing_moved
from datacc.fit.driver import fit
from datacc.fit.initial import initial
from datacc.fit.losses import cross_entropy
from datacc.fit.native import ENTRY as NATIVE
from datacc.fit.torch import ENTRY as TORCH
from datacc.ir.interpret import interpret, walk
from tests.fit.drives import BOTH, RECIPE, fitted
from tests.fit.fakes import Fake, Linear
from tests.fit.sets import graph as skeleton
from tests.fit.sets import picture_graph, pictures, row_graph, rows, texts


def test_one_driver_fits_by_any_back_end() -> None:
    found = fitted(rows(), rows(60, 1))
    assert found.by == "fake 1"
    assert found.tune >= 0.97
    assert found.warnings == ()
    assert [step for step, _ in found.history] == [113, 135, 158, 180]


def test_the_best_of_tune_is_kept() -> None:
    """Weights that are spoilt after the first look do not come out."""

    def spoil(fitting: Linear, step: int) -> None:
        if step > 115:
            fitting.values["top.weight"] = np.zeros((3, 2), np.float32)

    found = fitted(rows(), rows(60, 1), Fake(spoil))
    assert found.history[0][1] > found.history[-1][1]
    assert found.tune == found.history[0][1]
    x = rows(60, 1)
    assert (interpret(found.graph, x.inputs)["y"][:, 0] == x.targets).mean() == found.tune


@pytest.mark.parametrize("back_end", [NATIVE, TORCH], ids=["native", "torch"])
def test_several_members_are_scored_and_heard_by_their_mean(back_end: BackEnd) -> None:
    learn, tune = texts(), texts(40, 1)
    sizes = {"bits": 8, "grams": 3, "word": 4, "width": 6, "members": 2}
    form = skeleton("text", {"length": 12}, "text.v3", sizes, learn)
    found = fit(back_end, form, learn, tune, replace(RECIPE, rate=0.01), 0, asked=tune)
    each = interpret(replace(found.graph, outputs=(("each", form.loss),)), tune.inputs)["each"]
    assert each.shape == (len(tune), 2, 3)
    assert not np.allclose(each[:, 0], each[:, 1], atol=0.01), "they are different nets"
    assert found.features is not None
    np.testing.assert_allclose(found.features, each.mean(axis=1), rtol=1e-4, atol=1e-4)
    answers = interpret(found.graph, tune.inputs)["y"][:, 0]
    assert found.tune == pytest.approx((answers == tune.targets).mean())
    assert found.tune > 0.8


@pytest.mark.parametrize("back_end", [NATIVE, TORCH], ids=["native", "torch"])
def test_progress_tells_of_members_what_one_of_them_loses(back_end: BackEnd) -> None:
    """Of three classes that nothing was learnt of yet that is log 3, however many members there are."""
    learn, recipe = texts(), replace(RECIPE, rate=1e-9)
    for members in (1, 4):
        sizes = {"bits": 8, "grams": 3, "word": 4, "width": 6, "members": members}
        told: list[Progress] = []
        fit(
            back_end,
            skeleton("text", {"length": 12}, "text.v3", sizes, learn),
            learn,
            learn,
            recipe,
            0,
            watch=told.append,
        )
        assert [one.loss for one in told] == pytest.approx([math.log(3)] * len(told), rel=0.01)
        assert told


def test_gains_begin_at_one_and_matrices_by_chance_of_the_seed() -> None:
    graph = row_graph(rows(), width=64, depth=1)
    first, again, other = (initial(graph, seed, {}) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["hidden1.weight"], again["hidden1.weight"])
    assert (first["hidden1.weight"] != other["hidden1.weight"]).any()
    assert first["hidden1.weight"].std() == pytest.approx(1.0, rel=0.2)  # He: √(2 / 2 inputs)
    for name, value in {"gain": 1, "variance": 1, "shift": 0, "mean": 0, "bias": 0}.items():
        assert (first[f"hidden1.{name}"] == value).all()


@BOTH
def test_statistics_are_exact_layer_by_layer_even_around_a_large_mean(back_end: BackEnd) -> None:
    learn = rows(300)
    learn = replace(learn, inputs={"x": learn.inputs["x"] * 1e-3})
    graph = row_graph(learn, depth=2)
    weights = initial(graph, 0, {})
    weights["hidden1.bias"] = weights["hidden1.bias"] + 50.0  # so that E[x²] − mean² would lose all digits
    fitting = back_end.open(graph, cross_entropy(3, 0.0), RECIPE, weights, 16)
    found = statistics(fitting, graph, learn)
    values = {node.name: node.value for node in graph.weights if node.value is not None} | weights | learn.inputs
    expected: dict[str, Any] = {}

    def given(node: Any, args: list[Any]) -> list[Any]:
        if node.op != "normalise":
            return args
        x = args[0].astype(np.float64)
        expected[node.inputs[3]], expected[node.inputs[4]] = x.mean(0), x.var(0)
        return [*args[:3], x.mean(0).astype(np.float32), x.var(0).astype(np.float32)]

    walk(graph, values, [graph.loss], given=given)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=2e-3, atol=1e-6)


# ---- What may go wrong.


@BOTH
def test_a_loss_that_is_no_number_names_node_step_and_input(back_end: BackEnd) -> None:
    learn = rows()
    inputs = learn.inputs["x"].copy()
    inputs[17] = np.inf
    with pytest.raises(FitError, match=r"the loss became (nan|inf) at step \d+ of 180: input 'x' is the first") as e:
        fit(back_end, row_graph(learn, depth=1), replace(learn, inputs={"x": inputs}), rows(60, 1), RECIPE, 0)
    assert re.fullmatch("look for extreme values in the inputs: x holds inf", e.value.tries[0])


def test_a_value_that_overflows_is_named() -> None:
    learn = rows()
    inputs = learn.inputs["x"].copy()
    inputs[17] = 3e38
    with pytest.raises(FitError, match=r"at step \d+ of 180: dense 'hidden1.dense' is the first") as caught:
        fit(TORCH, row_graph(learn, depth=1), replace(learn, inputs={"x": inputs}), rows(60, 1), RECIPE, 0)
    assert caught.value.tries[0] == "look for extreme values in the inputs: x holds 3e+38"


def test_the_named_node_is_the_first_that_is_not_finite() -> None:
    """A weight that was spoilt within a chunk is found by coming to its step once more."""

    def spoil(fitting: Linear, step: int) -> None:
        if step == 39:
            fitting.values["hidden1.gain"][2] = np.inf

    learn = rows()
    with pytest.raises(FitError, match=r"at step 40 of 180: weight 'hidden1\.gain' is the first") as caught:
        fitted(learn, rows(60, 1), Fake(spoil), depth=1)
    assert caught.value.tries == ("a lower rate than 0.3 in datacc.lock",)


@pytest.mark.parametrize("step", [130, 150, 180])
def test_after_a_look_the_last_good_weights_are_kept(step: int) -> None:
    def spoil(fitting: Linear, now: int) -> None:
        if now == step - 1:
            fitting.values["top.weight"][0, 0] = np.nan

    learn, tune = rows(), rows(60, 1)
    found = fitted(learn, tune, Fake(spoil))
    assert f"at step {step} of 180" in found.warnings[0]
    kept = max(looked for looked, _ in found.history if looked < step)
    assert re.search(r"the weights of step \d+ are kept", found.warnings[0])
    assert kept >= found.history[0][0]
    assert (interpret(found.graph, tune.inputs)["y"][:, 0] == tune.targets).mean() == found.tune >= 0.9


def test_weights_that_are_no_numbers_are_seen_at_the_look_after_the_step_that_spoilt_them() -> None:
    def spoil(fitting: Linear, now: int) -> None:
        if now == 135:
            fitting.values["top.weight"][0, 0] = np.nan

    found = fitted(rows(), rows(60, 1), Fake(spoil))
    assert "useless at step 135 of 180: weight 'top.weight' is the first that is not finite" in found.warnings[0]
    assert [step for step, _ in found.history] == [113]


def test_a_dead_net_is_said() -> None:
    learn = rows()
    constant = replace(learn, inputs={"x": np.zeros_like(learn.inputs["x"])})
    graph = row_graph(learn, depth=1)
    closed = graph.fill({"hidden1.shift": np.full(6, -1e3, np.float32)})
    said = fit(TORCH, closed, learn, rows(60, 1), replace(RECIPE, epochs=2), 0).warnings
    assert any("answers the same to every input: the features are constant" in one for one in said)
    assert any("every gradient is zero" in one for one in said)
    said = fitted(constant, constant).warnings
    assert any("answers the same to every input: all examples are alike" in one for one in said)


def test_decay_alone_is_no_learning() -> None:
    before = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(2, np.float32)}
    assert nothing_moved(before, {"w": before["w"] * np.float32(0.9), "b": np.ones(2, np.float32)})
    moved = before["w"].copy()
    moved[1, 1] += 0.01
    assert not nothing_moved(before, {"w": moved, "b": before["b"]})


@BOTH
def test_constant_targets_are_said_and_learnt(back_end: BackEnd) -> None:
    learn = rows()
    learn = replace(learn, targets=np.full_like(learn.targets, 2))
    found = fitted(learn, learn, back_end)
    assert "every learn row has the same target" in found.warnings[0]
    assert found.tune == 1


@BOTH
def test_a_batch_larger_than_the_data_is_all_of_it(back_end: BackEnd) -> None:
    found = fitted(rows(9), rows(30, 1), back_end, recipe=replace(RECIPE, batch=64, epochs=40))
    assert "a batch of 64 rows is larger than the data: 9 rows" in found.warnings[0]
    assert found.history[-1][0] == 40


@BOTH
@pytest.mark.parametrize("depth", [0, 2])
def test_one_example_is_learnt(back_end: BackEnd, depth: int) -> None:
    learn = rows(1)
    found = fitted(learn, learn, back_end, depth=depth, recipe=replace(RECIPE, epochs=30))
    assert found.tune == 1
    assert any("same target" in one for one in found.warnings)
    for node in found.graph.weights:
        assert node.value is not None
        if node.role in ("mean", "variance"):
            assert (node.value == (node.role == "variance")).all()


@BOTH
def test_without_tune_rows_the_last_weights_are_kept(back_end: BackEnd) -> None:
    found = fitted(rows(), rows(0), back_end)
    assert found.history == ((180, 0.0),)
    unseen = rows(60, 1)
    assert (interpret(found.graph, unseen.inputs)["y"][:, 0] == unseen.targets).mean() >= 0.97


def test_no_examples_are_an_error() -> None:
    with pytest.raises(FitError, match="no examples to learn from"):
        fit(Fake(), row_graph(rows()), rows(0), rows(9), RECIPE, 0)


def test_memory_that_does_not_suffice_is_said_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    back_end = Fake()
    monkeypatch.setattr(driver, "limit", lambda: 2**20)
    with pytest.raises(ResourceError, match=r"fitting needs about \d+ MiB of memory; there are 1 MiB"):
        fit(back_end, picture_graph(pictures()), pictures(), pictures(9), replace(RECIPE, batch=512), 0)
    assert not back_end.made
