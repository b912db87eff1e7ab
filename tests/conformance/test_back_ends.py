"""Every fitting back end does what the driver asks of one: steps, looks, states, and the same bytes again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from datacc.fit import BackEnd, Examples, Fitting, Recipe
from datacc.fit._batches import Batches
from datacc.fit.driver import fit
from datacc.fit.initial import initial
from datacc.fit.losses import cross_entropy
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import interpret, walk
from datacc.registry import load, names
from tests.fit.sets import picture_graph, pictures, row_graph, rows

RECIPE = Recipe(epochs=4, batch=16, rate=0.02, threads=1)
OPTIMISERS = {
    "adamw": RECIPE,
    "sgd": replace(RECIPE, optimiser="sgd", momentum=0.8),
    "clipped": replace(RECIPE, clip=0.01),
    "averaged": replace(RECIPE, average=0.9),
}
KINDS = {"rows": (row_graph(rows(), depth=2), rows(64)), "pictures": (picture_graph(pictures()), pictures(64))}

EACH = pytest.mark.parametrize("name", names("fit"))
KIND = pytest.mark.parametrize("kind", KINDS)


class Begun:
    """A fit of one kind that has begun, and its batches."""

    def __init__(self, name: str, kind: str, recipe: Recipe = RECIPE) -> None:
        self.graph, learn = KINDS[kind]
        back_end: BackEnd = load("fit", name)
        assert back_end.lacks(self.graph, None) == ""
        self.start = initial(self.graph, 5, {})
        self.learn, self.batches = learn, Batches(learn, 16, 3, 0)
        self.fitting: Fitting = back_end.open(self.graph, cross_entropy(3, 0.03), recipe, self.start, 16)

    def run(self, first: int, last: int) -> NDArray[np.float32]:
        chunk = self.batches.chunk(first, last)
        rates = np.full(last - first + 1, 0.02)
        return self.fitting.run(chunk.inputs, chunk.targets, chunk.weights, rates)


def reference_loss(
    graph: Graph, weights: Mapping[str, NDArray[Any]], inputs: Mapping[str, Any], targets: Any, smoothing: float
) -> float:
    """Cross-entropy with statistics of the batch, by the reference interpreter."""

    def by_batch(node: Node, args: list[Any]) -> list[Any]:
        axes = tuple(range(args[0].ndim - 1))
        return [*args[:3], args[0].mean(axes), args[0].var(axes)] if node.op == "normalise" else args

    values = {node.name: node.value for node in graph.weights} | dict(weights) | dict(inputs)
    features = walk(graph, values, [graph.loss], given=by_batch)[graph.loss].astype(np.float64)
    logs = features - np.log(np.exp(features).sum(-1, keepdims=True))
    smoothed = targets * (1 - smoothing) + smoothing / targets.shape[-1]
    return float(-(smoothed * logs).sum(-1).mean())


@EACH
@KIND
def test_the_loss_is_that_of_the_reference(name: str, kind: str) -> None:
    begun = Begun(name, kind)
    one = begun.batches.chunk(1, 1).step(1)
    (loss,) = begun.run(1, 1)
    expected = reference_loss(begun.graph, begun.start, one.inputs, one.targets, 0.03)
    assert loss == pytest.approx(expected, rel=1e-4)


@EACH
@KIND
def test_a_step_goes_down_the_slope_that_differences_show(name: str, kind: str) -> None:
    """Plain descent by a tiny rate moves each weight by rate · gradient; the gradient is known from differences."""
    plain = replace(RECIPE, optimiser="sgd", momentum=0.0, decay=0.0)
    begun = Begun(name, kind, plain)
    chunk, rate = begun.batches.chunk(1, 1), 1e-3
    one = chunk.step(1)
    before = begun.fitting.weights()
    begun.fitting.run(chunk.inputs, chunk.targets, chunk.weights, np.array([rate]))
    after = begun.fitting.weights()
    random, small = np.random.default_rng(0), 2e-3
    direction = {field: random.choice([-1, 1], value.shape).astype(np.float32) for field, value in before.items()}
    losses = []
    for sign in (1, -1):
        there = {field: value + sign * small * direction[field] for field, value in before.items()}
        losses.append(reference_loss(begun.graph, {**begun.start, **there}, one.inputs, one.targets, 0.03))
    slope = (losses[0] - losses[1]) / (2 * small)
    moved = sum(
        ((value - after[field]).astype(np.float64) / rate * direction[field]).sum() for field, value in before.items()
    )
    assert moved == pytest.approx(slope, rel=0.03, abs=3e-3)


@EACH
@pytest.mark.parametrize("update", OPTIMISERS)
def test_it_does_not_matter_how_steps_are_cut(name: str, update: str) -> None:
    whole, pieces = (Begun(name, "pictures", OPTIMISERS[update]) for _ in range(2))
    losses = whole.run(1, 6)
    parts = [pieces.run(1, 1), pieces.run(2, 4), pieces.run(5, 6)]
    np.testing.assert_array_equal(losses, np.concatenate(parts))
    assert whole.fitting.state() == pieces.fitting.state()


@EACH
@pytest.mark.parametrize("update", OPTIMISERS)
def test_a_state_brings_everything_back(name: str, update: str) -> None:
    begun, other = (Begun(name, "pictures", OPTIMISERS[update]) for _ in range(2))
    begun.run(1, 3)
    state = begun.fitting.state()
    expected = begun.run(4, 6)
    begun.fitting.restore(state)
    other.fitting.restore(state)
    for one in (begun, other):
        np.testing.assert_array_equal(one.run(4, 6), expected)
    for weight, value in begun.fitting.weights().items():
        np.testing.assert_array_equal(other.fitting.weights()[weight], value)


@EACH
def test_the_average_lags_behind(name: str) -> None:
    begun = Begun(name, "rows", OPTIMISERS["averaged"])
    mean = {weight: np.zeros_like(value) for weight, value in begun.fitting.weights().items()}
    for step in range(1, 5):
        begun.run(step, step)
        now = begun.fitting.weights(average=False)
        mean = {weight: 0.9 * value + 0.1 * now[weight] for weight, value in mean.items()}
    for weight, value in begun.fitting.weights().items():
        np.testing.assert_allclose(value, mean[weight] / (1 - 0.9**4), rtol=1e-4, atol=1e-6)


@EACH
@KIND
def test_a_look_gives_features_and_sums_of_what_normalisation_reads(name: str, kind: str) -> None:
    begun = Begun(name, kind)
    begun.run(1, 2)
    random, values = np.random.default_rng(1), {}
    for hole in begun.graph.holes:
        if hole.role in ("mean", "variance"):
            values[hole.name] = random.uniform(0.5, 1, hole.type.shape).astype(np.float32)
        if hole.role == "mean":
            values[f"{hole.name}.before"] = random.uniform(-1, 1, hole.type.shape).astype(np.float32)
    rows_ = {field: array[:21] for field, array in begun.learn.inputs.items()}  # no whole batch
    features, sums = begun.fitting.look(values, rows_)
    seen: dict[str, NDArray[Any]] = {}

    def given(node: Node, args: list[Any]) -> list[Any]:
        if node.op == "normalise":
            centred = args[0].astype(np.float64) - values[f"{node.inputs[3]}.before"]
            axes = tuple(range(centred.ndim - 1))
            seen[node.inputs[3]], seen[node.inputs[4]] = centred.sum(axes), (centred**2).sum(axes)
        return args

    known = {node.name: node.value for node in begun.graph.weights} | begun.fitting.weights() | values | rows_
    expected = walk(begun.graph, known, [begun.graph.loss], given=given)[begun.graph.loss]
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4)
    assert sums.keys() == seen.keys()
    for field, value in seen.items():
        np.testing.assert_allclose(sums[field], value, rtol=1e-4, atol=1e-2)
        np.testing.assert_array_equal(begun.fitting.look(values, rows_, [field])[1][field], sums[field])


@EACH
@KIND
def test_the_same_arguments_give_the_same_bytes(name: str, kind: str) -> None:
    graph, learn = KINDS[kind]
    tune: Examples = learn.rows(np.arange(20))
    first, again, other = (fit(load("fit", name), graph, learn, tune, RECIPE, seed) for seed in (1, 1, 2))
    assert first.graph.digest == again.graph.digest != other.graph.digest
    assert first.by == load("fit", name).version


@EACH
@KIND
def test_threads_change_nothing_where_that_is_promised(name: str, kind: str) -> None:
    counts = (1, 2, 4) if load("fit", name).steady else (1, 1)
    begun = [Begun(name, kind, replace(RECIPE, threads=count)) for count in counts]
    losses = [one.run(1, 5).tolist() for one in begun]
    assert all(one == losses[0] for one in losses)
    assert len({one.fitting.state() for one in begun}) == 1


@EACH
def test_it_learns(name: str) -> None:
    learn, unseen = pictures(120), pictures(100, 2)
    found = fit(load("fit", name), picture_graph(learn), learn, pictures(30, 1), replace(RECIPE, epochs=12), 0)
    assert (interpret(found.graph, unseen.inputs)["y"][:, 0] == unseen.targets).mean() >= 0.95
