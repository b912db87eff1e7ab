"""The driver where a fit goes on: from a checkpoint, from earlier weights, and a fine-tune of products."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.fit import BackEnd, Fitted, Rounding, Start, driver
from datacc.fit._batches import spans
from datacc.fit.checkpoint import Checkpoint
from datacc.fit.driver import fit
from datacc.fit.initial import opened
from datacc.fit.torch import ENTRY as TORCH
from datacc.ir.graph import Graph
from datacc.ir.interpret import walk
from datacc.store import Store
from tests.fit.drives import BOTH, RECIPE, fitted
from tests.fit.fakes import Fake, Linear
from tests.fit.sets import picture_graph, pictures, row_graph, rows


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
