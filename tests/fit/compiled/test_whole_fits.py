"""A whole fit beside torch's, from the same weights and batches; the same bits however it is computed."""

import hashlib
from typing import Any

import numpy as np
import pytest

from datacc.fit import Recipe, native
from datacc.fit.compiled.library import best_cpu
from datacc.fit.step import step_graph
from datacc.runtime.machine import features, machine
from datacc.spec.cpus import CPUS
from tests.fit.compiled.problems import Problem, problem
from tests.tools import need

KINDS = ("pictures", "records")
RECIPES: dict[str, dict[str, Any]] = {
    "adamw": {},
    "sgd": {"optimiser": "sgd", "decay": 1e-3},
    "clip": {"clip": 0.5},
    "average": {"average": 0.9},
}


def recipe(threads: int = 2, **more: Any) -> Recipe:
    return Recipe(epochs=1, batch=32, rate=3e-3, threads=threads, **more)


def bits(of: Problem, **how: Any) -> str:
    """The digest of all that the steps leave: weights, moments, losses."""
    fitting = of.open("native", recipe(**how))
    losses = of.run(fitting, 0.01)
    assert np.isfinite(losses).all()
    return hashlib.sha256(losses.tobytes() + _unpadded(fitting)).hexdigest()


def _unpadded(fitting: Any) -> bytes:
    """Weights and both moments as arrays: how memory is padded differs from processor to processor."""
    library, shapes, size = fitting.library, fitting.shapes, fitting.program.step.weights_size
    memories = [library.whole, library.moments[:size], library.moments[size : 2 * size]]
    return b"".join(library.get(name, shape, m).tobytes() for m in memories for name, shape in shapes.items())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", RECIPES)
def test_ten_steps_are_those_of_torch(kind: str, how: str) -> None:
    of = problem(kind, steps=10)
    native, torch = (of.open(name, recipe(**RECIPES[how])) for name in ("native", "torch"))
    np.testing.assert_allclose(of.run(native, 1e-3), of.run(torch, 1e-3), atol=1e-4, rtol=0)
    if how == "sgd":  # AdamW moves by a whole rate where a gradient is nothing but rounding
        ours, theirs = native.weights(), torch.weights()
        for name in theirs:
            np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_steps_of_adamw_are_those_of_torch(kind: str) -> None:
    of = problem(kind, steps=100)
    native, torch = (of.open(name, recipe()) for name in ("native", "torch"))
    ours, theirs = of.run(native, 1e-3), of.run(torch, 1e-3)
    np.testing.assert_allclose(ours, theirs, atol=1e-3, rtol=0)
    assert ours[-10:].mean() < 0.6 * ours[:10].mean()  # and something was learnt


@pytest.mark.parametrize("kind", KINDS)
def test_threads_and_repeats_change_no_bit(kind: str) -> None:
    of = problem(kind, steps=12, batch=72)  # pictures: enough work for threads to share
    assert {bits(of, threads=threads) for threads in (1, 2, 4)} == {bits(of) for _ in range(10)}


@pytest.mark.parametrize("kind", KINDS)
def test_compilers_change_no_bit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    of = problem(kind, steps=12)
    by_zig = bits(of)
    monkeypatch.setenv("DATACC_CC", need("gcc"))
    assert bits(of) == by_zig


@pytest.mark.skipif(machine() != "x86_64", reason="other levels are those of x86-64")
@pytest.mark.parametrize("kind", KINDS)
def test_wider_vectors_change_no_bit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if best_cpu(machine(), features()) == CPUS["x86-64-v3"]:
        pytest.skip("this processor has no wider vectors than those of x86-64-v3")
    of = problem(kind, steps=12)
    wide = bits(of)
    monkeypatch.setattr("datacc.fit.native.best_cpu", lambda *_: CPUS["x86-64-v3"])
    assert bits(of) == wide


@pytest.mark.parametrize("kind", KINDS)
def test_a_restored_fit_goes_on_as_if_nothing_had_been(kind: str) -> None:
    of = problem(kind, steps=12)
    whole, begun, again = (of.open("native", recipe(average=0.9)) for _ in range(3))
    of.run(whole, 0.01)
    of.run(begun, 0.01, last=5)
    again.restore(begun.state())
    of.run(again, 0.01, first=5)
    assert again.state() == whole.state()


def test_what_is_no_number_stops_the_fit_before_it_touches_weights() -> None:
    of = problem("records", steps=6)
    inputs = dict(of.inputs)
    inputs["row"] = inputs["row"].copy()
    inputs["row"][3, 0, 0] = np.inf
    fitting, good = of.open("native", recipe()), of.open("native", recipe())
    losses = fitting.run(inputs, of.targets, of.weights, np.full(6, 0.01))
    assert np.isfinite(losses[:3]).all()
    assert not np.isfinite(losses[3])
    of.run(good, 0.01, last=3)
    for name, array in good.weights().items():
        np.testing.assert_array_equal(fitting.weights()[name], array)


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_moments_of_weights_that_no_longer_learn_end_at_nothing(optimiser: str) -> None:
    of = problem("records", steps=10)
    fitting = of.open("native", recipe(optimiser=optimiser, decay=0.0))
    of.run(fitting, 0.01)
    moments = fitting.library.moments[: 2 * fitting.program.step.weights_size]  # type: ignore[attr-defined]
    assert moments.any()
    for _ in range(400):  # a mean of gradients is subnormal after some 800 steps, their squares after 80,000
        fitting.run(of.inputs, of.targets, np.zeros_like(of.weights), np.zeros(10))
        assert not ((moments != 0) & (np.abs(moments) < np.finfo(np.float32).tiny)).any()
    assert not moments[: len(moments) // 2].any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch", [2, 3, 5])
def test_batches_smaller_than_the_number_of_shards(kind: str, batch: int) -> None:
    of = problem(kind, steps=4, batch=batch)
    native, torch = (of.open(name, recipe(optimiser="sgd")) for name in ("native", "torch"))
    np.testing.assert_allclose(of.run(native, 1e-3), of.run(torch, 1e-3), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("word", ["weight", "target", "share", "features", "loss", "step", "copies"])
def test_inputs_may_be_called_like_anything_of_a_step(word: str) -> None:
    of = problem("records", steps=2, name=word)
    native, torch = (of.open(name, recipe(optimiser="sgd")) for name in ("native", "torch"))
    np.testing.assert_allclose(of.run(native, 1e-3), of.run(torch, 1e-3), atol=1e-4)


def test_forms_in_turn_are_each_what_they_are_alone() -> None:
    """Programs are kept from fit to fit; none is taken for another of another form, loss or recipe."""
    asked = [(problem(kind, steps=5), how) for kind in KINDS for how in RECIPES.values()]
    first = [bits(of, **how) for of, how in asked]
    assert [bits(of, **how) for of, how in reversed(asked)] == first[::-1]
    assert len(set(first)) > len(KINDS)  # an average changes no weight


def test_what_folds_fit_is_derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    derived = []
    monkeypatch.setattr(native, "_last", {})
    monkeypatch.setattr(native, "step_graph", lambda *given: derived.append(given) or step_graph(*given))
    of = problem("records", steps=2)
    assert not native.ENTRY.lacks(of.graph, None)
    assert {bits(of, average=0.9) for _ in range(3)}
    assert len(derived) == 2  # to see whether it can be, and as this recipe has it
