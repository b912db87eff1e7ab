"""The driver: statistics, the best of tune, bad input said by name, and going on where an interruption came."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.errors import FitError, ResourceError
from datacc.fit import BackEnd, Examples, Fitted, Recipe, Rounding, Start, driver
from datacc.fit._batches import spans
from datacc.fit._statistics import statistics
from datacc.fit._trouble import nothing_moved
from datacc.fit.checkpoint import Checkpoint
from datacc.fit.driver import fit
from datacc.fit.initial import initial, opened
from datacc.fit.losses import cross_entropy
from datacc.fit.native import ENTRY as NATIVE
from datacc.fit.torch import ENTRY as TORCH
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret, walk
from datacc.store import Store
from tests.fit.fakes import Fake, Linear
from tests.fit.sets import graph as skeleton
from tests.fit.sets import picture_graph, pictures, row_graph, rows, texts

RECIPE = Recipe(epochs=12, batch=16, rate=0.3, threads=1, smoothing=0.0)
BOTH = pytest.mark.parametrize("back_end", [Fake(), TORCH], ids=["fake", "torch"])


def fitted(learn: Examples, tune: Examples, back_end: BackEnd | None = None, **more: Any) -> Fitted:
    graph = row_graph(learn, depth=more.pop("depth", 0))
    return fit(back_end or Fake(), graph, learn, tune, more.pop("recipe", RECIPE), more.pop("seed", 0), **more)


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


# ---- Going on.


class Once:
    """Ctrl-C at one step, the first time that it is come to."""

    def __init__(self, step: int) -> None:
        self.step, self.done, self.seen = step, False, 0

    def __call__(self, fitting: Linear, step: int) -> None:
        self.seen += 1
        if step == self.step and not self.done:
            self.done = True
            raise KeyboardInterrupt


def kept(root: Path) -> Checkpoint:
    return Checkpoint(store=Store(root), key="0" * 32)


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("step", [1, 70, 130, 180])
@pytest.mark.parametrize("pause", [0.0, 1e9])
def test_an_interrupted_fit_goes_on_and_gives_the_same(
    step: int, pause: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "MOMENT", pause)
    learn, tune = rows(), rows(60, 1)
    noisy = replace(learn, augment={"x": lambda batch, random: batch + random.normal(size=batch.shape).astype("f4")})
    straight = fitted(noisy, tune, depth=1)
    stop = Once(step)
    back_end = Fake(stop)
    with pytest.raises(KeyboardInterrupt):
        fitted(noisy, tune, back_end, depth=1, checkpoint=kept(tmp_path))
    assert len(files(tmp_path)) == 1
    again = fitted(noisy, tune, back_end, depth=1, checkpoint=kept(tmp_path))
    assert same(straight, again)
    begun = 0 if pause else max(last for _, last in [(0, 0), *spans(180, 64, [113, 135, 158, 180])] if last < step)
    assert stop.seen == step + 180 - begun, "what was done before is not done again"
    assert files(tmp_path) == [], "nothing is left of a fit that has ended"


def weights_of(found: Fitted, names: tuple[str, ...] = ("top.weight", "top.bias")) -> dict[str, Any]:
    return {name: found.graph.by_name[name].value for name in names}


@BOTH
def test_a_fit_goes_on_from_weights_and_looks_before_and_after(back_end: BackEnd) -> None:
    learn, tune = rows(), rows(60, 1)
    first = fitted(learn, tune, back_end)
    start = Start(weights=weights_of(first))
    more = {"recipe": replace(RECIPE, epochs=1, rate=1e-3), "start": start}
    on, again = fitted(learn, tune, back_end, **more), fitted(learn, tune, back_end, **more)
    assert same(on, again)
    assert [step for step, _ in on.history] == [0, 15]
    assert on.history[0][1] == first.tune
    for name, weight in weights_of(on).items():
        np.testing.assert_allclose(weight, start.weights[name], atol=0.05)
        assert (weight != start.weights[name]).any()


@BOTH
def test_the_look_before_is_by_the_statistics_that_are_given(back_end: BackEnd) -> None:
    learn, tune = rows(), rows(60, 1)
    first = fitted(learn, tune, back_end, depth=1)
    values = {node.name: node.value for node in first.graph.weights if node.value is not None}
    roles = {node.name: node.role for node in row_graph(learn, depth=1).holes}
    parts = {kind: {n: values[n] for n, role in roles.items() if (role == "learnt") == kind} for kind in (True, False)}
    assert parts[False], "there are means and variances"
    more = {"recipe": replace(RECIPE, epochs=1, rate=1e-3), "depth": 1}
    start = Start(weights=parts[True], statistics=parts[False])
    on = fitted(learn, tune, back_end, start=start, **more)
    assert on.history[0] == (0, first.tune)
    assert on.history[-1][1] == on.tune
    odd = replace(start, statistics={name: array + 1e6 for name, array in parts[False].items()})
    other = fitted(learn, tune, back_end, start=odd, **more)
    assert other.history[0][1] < first.tune
    assert other.graph.digest == on.graph.digest, "they only look"


@BOTH
@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_the_last_statistics_are_those_of_the_first_rows(back_end: BackEnd, kept: float) -> None:
    """Of as many as fits from nothing look at, and as those do that go on: the others are spread otherwise."""
    learn, tune = rows(2100), rows(60, 1)
    spread = np.repeat(np.array([1, 2, 3], np.float32), [1024, 1024, 52])[:, None]
    learn = replace(learn, inputs={"x": learn.inputs["x"] * spread})
    more = {"recipe": replace(RECIPE, epochs=1), "depth": 1}
    first = fitted(learn, tune, back_end, **more)
    values = {node.name: node.value for node in first.graph.weights if node.value is not None}
    roles = {node.name: node.role for node in row_graph(learn, depth=1).holes}
    parts = {kind: {n: values[n] for n, role in roles.items() if (role == "learnt") == kind} for kind in (True, False)}
    on = fitted(learn, tune, back_end, start=Start(weights=parts[True], statistics=parts[False], kept=kept), **more)
    wider = fitted(learn, tune, back_end, start=Start(weights=parts[True], kept=kept), **more)
    for found, count in ((first, 2048), (on, 1024), (wider, 2048)):
        [layer] = (node for node in found.graph.nodes if node.op == "normalise")
        given = {node.name: node.value for node in found.graph.weights if node.value is not None}
        given |= {"x": learn.inputs["x"][:count]}
        walk(found.graph, given, [layer.inputs[0]])
        read = given[layer.inputs[0]].astype(np.float64)
        for name, value in zip(layer.inputs[3:], (read.mean(0), read.var(0)), strict=True):
            np.testing.assert_allclose(given[name], value, rtol=2e-3, atol=1e-5)


@BOTH
def test_a_share_of_the_earlier_weights_is_kept(back_end: BackEnd) -> None:
    learn, tune = rows(), rows(60, 1)
    start = weights_of(fitted(learn, tune, back_end, recipe=replace(RECIPE, epochs=1)))
    whole, half, none = (
        weights_of(fitted(learn, tune, back_end, start=Start(weights=start, kept=kept))) for kept in (1.0, 0.5, 0.0)
    )
    for name, weight in start.items():
        np.testing.assert_array_equal(whole[name], weight)
        assert np.abs(none[name] - weight).max() > 0.01
        np.testing.assert_array_equal(half[name], np.float32(0.5) * weight + np.float32(0.5) * none[name])


@pytest.mark.parametrize("kept_share", [0.0, 0.5])
def test_a_fit_that_goes_on_survives_an_interruption(
    kept_share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "MOMENT", 0.0)
    learn, tune = rows(), rows(60, 1)
    start = Start(weights=weights_of(fitted(learn, tune, recipe=replace(RECIPE, epochs=1))), kept=kept_share)
    straight = fitted(learn, tune, start=start)
    back_end = Fake(Once(100))
    with pytest.raises(KeyboardInterrupt):
        fitted(learn, tune, back_end, start=start, checkpoint=kept(tmp_path))
    assert same(straight, fitted(learn, tune, back_end, start=start, checkpoint=kept(tmp_path)))


def same(one: Fitted, other: Fitted) -> bool:
    return (one.graph.digest, one.tune, one.history, one.warnings) == (
        other.graph.digest,
        other.tune,
        other.history,
        other.warnings,
    )


@pytest.mark.parametrize(("optimiser", "average"), [("adamw", 0.0), ("sgd", 0.95)])
def test_torch_goes_on_with_the_bytes_of_an_uninterrupted_run(
    optimiser: str, average: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "MOMENT", 0.0)
    learn, tune, graph = pictures(96), pictures(20, 1), picture_graph(pictures(96))
    recipe = replace(RECIPE, optimiser=optimiser, average=average, rate=0.02, epochs=40)

    def stop(progress: Any) -> None:
        if progress.step >= 150:
            raise KeyboardInterrupt

    straight = fit(TORCH, graph, learn, tune, recipe, 3)
    with pytest.raises(KeyboardInterrupt):
        fit(TORCH, graph, learn, tune, recipe, 3, watch=stop, checkpoint=kept(tmp_path))
    seen: list[int] = []
    again = fit(
        TORCH, graph, learn, tune, recipe, 3, watch=lambda one: seen.append(one.step), checkpoint=kept(tmp_path)
    )
    assert same(straight, again)
    assert seen[0] > 64, "it did not begin anew"


def test_a_fine_tune_opens_the_weights_of_its_products_alone() -> None:
    graph: Graph = row_graph(rows(), depth=1)
    whole = graph.fill({node.name: np.ones(node.type.shape, np.float32) for node in graph.holes})
    opened_ = opened(whole, Rounding(values={}, products=frozenset({"top.dense"}), weights=63), 16)
    assert {node.name for node in opened_.holes} == {"top.weight", "top.bias"}
