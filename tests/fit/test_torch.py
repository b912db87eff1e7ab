"""Fitting: it learns, the same bytes for the same seed, with the gradients of a plain torch module."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as nn
import torch.nn.utils as nn_utils

from datacc.errors import FitError, GraphError
from datacc.fit import Examples, Fitted, Progress, Recipe
from datacc.fit.driver import fit as drive
from datacc.fit.initial import initial
from datacc.fit.torch import ENTRY, FITTING_FORMS, FORMS, _Optimiser
from datacc.ir import meaning
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret, walk
from tests.fit.sets import QUICK, picture_graph, pictures, row_graph, rows


def fit(graph: Graph, learn: Examples, tune: Examples, seed: int = 0, **options: Any) -> Fitted:
    return drive(ENTRY, graph, learn, tune, options.pop("recipe", QUICK), seed, **options)


def right(graph: Graph, examples: Examples) -> float:
    return float((interpret(graph, examples.inputs)["y"][:, 0] == examples.targets).mean())


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_what_can_be_told_apart_is_learnt(depth: int) -> None:
    learn, tune, unseen = rows(), rows(60, 1), rows(200, 2)
    fitted = fit(row_graph(learn, depth=depth), learn, tune)
    assert fitted.graph.holes == ()
    assert fitted.tune == right(fitted.graph, tune) >= 0.97
    assert right(fitted.graph, unseen) >= 0.97


def test_pictures_are_learnt() -> None:
    learn, unseen = pictures(120), pictures(100, 2)
    fitted = fit(picture_graph(learn), learn, pictures(30, 1))
    assert right(fitted.graph, unseen) >= 0.95


def test_the_same_seed_gives_the_same_bytes() -> None:
    learn, tune = pictures(), pictures(20, 1)
    varied = replace(learn, augment={"x": lambda batch, random: batch + random.integers(0, 9, dtype=np.uint8)})
    graph = picture_graph(learn)
    digests = {fit(graph, varied, tune, seed, recipe=replace(QUICK, epochs=3)).graph.digest for seed in (1, 1, 2)}
    assert len(digests) == 2


def test_nothing_but_holes_is_changed() -> None:
    learn = rows()
    graph = row_graph(learn)
    fitted = fit(graph, learn, rows(30, 1), recipe=replace(QUICK, epochs=1)).graph
    for before, after in zip(graph.nodes, fitted.nodes, strict=True):
        assert (before.name, before.op, before.type, before.role) == (after.name, after.op, after.type, after.role)
        if before.value is not None:
            assert after.value is not None
            np.testing.assert_array_equal(before.value, after.value)


def test_mean_and_variance_are_those_of_learn() -> None:
    learn = rows()
    graph = fit(row_graph(learn), learn, rows(30, 1)).graph
    found = {}

    def seen(node, value):  # type: ignore[no-untyped-def]
        found[node.name] = value
        return value

    interpret(graph, learn.inputs, seen=seen)
    before = found["hidden1.dense"].astype(np.float64)
    np.testing.assert_allclose(graph.by_name["hidden1.mean"].value, before.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(graph.by_name["hidden1.variance"].value, before.var(axis=0), rtol=1e-3)


def test_gradients_are_those_of_a_plain_module() -> None:
    learn = pictures(16)
    graph = picture_graph(learn)
    weights = {node.name: node.value for node in graph.weights if node.value is not None} | initial(graph, 3, {})
    values = {name: torch.from_numpy(weight).requires_grad_() for name, weight in weights.items()}
    x, targets = torch.from_numpy(learn.inputs["x"]), torch.from_numpy(learn.targets).long()
    features = walk(graph, {**values, "x": x}, [graph.loss], forms=FITTING_FORMS)[graph.loss]
    nn.cross_entropy(features, targets).backward()

    conv = torch.nn.Conv2d(1, 4, 3, padding=1, bias=False)
    norm = torch.nn.BatchNorm2d(4)
    top = torch.nn.Linear(4 * 4 * 4, 3)
    weight = values["top.weight"].detach().movedim(-1, 1)
    with torch.no_grad():
        conv.weight.copy_(values["conv1.weight"].detach().movedim(-1, 1))
        top.weight.copy_(weight.reshape(3, -1))
        top.bias.zero_()
    pixels = x.movedim(-1, 1).float() / 255
    hidden = nn.max_pool2d(torch.relu(norm(conv(pixels))), 2)
    plain = top(hidden.flatten(1))
    nn.cross_entropy(plain, targets).backward()

    torch.testing.assert_close(features, plain, atol=1e-5, rtol=1e-5)
    for name, expected in {
        "conv1.weight": conv.weight.grad.movedim(1, -1),
        "conv1.gain": norm.weight.grad,
        "conv1.shift": norm.bias.grad,
        "top.weight": top.weight.grad.reshape(weight.shape).movedim(1, -1),
        "top.bias": top.bias.grad,
    }.items():
        torch.testing.assert_close(values[name].grad, expected, atol=1e-5, rtol=1e-4)


def test_a_loss_that_is_no_number_is_a_fit_error() -> None:
    learn = rows()
    broken = replace(learn, inputs={"x": np.full_like(learn.inputs["x"], np.nan)})
    with pytest.raises(FitError, match=r"the loss became nan at step 1 of") as caught:
        fit(row_graph(learn), broken, rows(30, 1))
    assert caught.value.tries


def test_no_examples_are_a_fit_error() -> None:
    learn = rows()
    with pytest.raises(FitError, match="no examples"):
        fit(row_graph(learn), learn.rows(np.zeros(0, np.int64)), learn)


@pytest.mark.parametrize("count", [1, 2, 17])
def test_few_examples_will_do(count: int) -> None:
    """One row, batches of one row, and no tune rows at all."""
    learn = rows(count)
    nothing = learn.rows(np.zeros(0, np.int64))
    for recipe in (replace(QUICK, epochs=2), replace(QUICK, epochs=2, batch=1)):
        fitted = fit(row_graph(rows()), learn, nothing, recipe=recipe)
        assert fitted.graph.holes == ()
        assert fitted.tune == 0.0


def test_the_best_look_at_tune_is_kept() -> None:
    """Labels are noise, so the score on tune goes up and down; the Graph scores what the best look did."""
    random = np.random.default_rng(0)
    learn, tune = rows(90), rows(40, 1)
    noise = replace(learn, targets=random.integers(0, 3, 90).astype(np.int32))
    fitted = fit(row_graph(learn), noise, tune, recipe=replace(QUICK, epochs=10, rate=0.3))
    scores = [score for _, score in fitted.history]
    assert len(scores) >= 3
    assert fitted.tune == max(scores) == pytest.approx(right(fitted.graph, tune))


def test_progress_is_told() -> None:
    told: list[Progress] = []
    learn = rows(240)
    fit(row_graph(learn), learn, rows(20, 1), watch=told.append)
    assert told[-1].step == told[-1].steps == 180
    assert told[0].tune is None
    assert told[-1].tune is not None
    assert [one.step for one in told] == sorted({one.step for one in told})


def test_data_holes_must_be_filled_before() -> None:
    learn = rows()
    graph = row_graph(learn)
    opened = replace(
        graph, nodes=tuple(replace(node, value=None) if node.role == "data" else node for node in graph.nodes)
    )
    with pytest.raises(GraphError, match="data hole is still open"):
        fit(opened, learn, learn)


def oracle(recipe: Recipe, theirs: list[torch.Tensor]) -> torch.optim.Optimizer:
    groups = [
        {"params": theirs[:1], "weight_decay": recipe.decay},
        {"params": theirs[1:], "weight_decay": 0.0},
    ]
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=1.0)
    return torch.optim.SGD(groups, lr=1.0, momentum=recipe.momentum, nesterov=True)


@pytest.mark.parametrize("clip", [0.0, 0.5])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_updates_are_those_of_torch(optimiser: str, clip: float) -> None:
    recipe = replace(QUICK, optimiser=optimiser, decay=0.1, clip=clip, average=0.9)
    torch.manual_seed(0)
    start = [torch.randn(4, 3), torch.randn(4)]
    ours = _Optimiser({"weight": start[0].numpy(), "bias": start[1].numpy()}, recipe)
    theirs = [weight.clone().requires_grad_() for weight in start]
    other = oracle(recipe, theirs)
    x, running = torch.randn(8, 3), [torch.zeros_like(weight) for weight in start]
    for step in range(50):
        rate = 0.02 * (1 - step / 60)
        now = ours.weights()
        ((x @ now["weight"].T + now["bias"]) ** 2).mean().backward()
        ours.step(rate)
        other.zero_grad()
        ((x @ theirs[0].T + theirs[1]) ** 2).mean().backward()
        if clip:
            nn_utils.clip_grad_norm_(theirs, clip)
        for group in other.param_groups:
            group["lr"] = rate
        other.step()
        running = [0.9 * m + 0.1 * w.detach() for m, w in zip(running, theirs, strict=True)]
    for got, wanted in zip(ours.weights().values(), theirs, strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-4)
    for got, wanted in zip(ours.weights(average=True).values(), running, strict=True):
        torch.testing.assert_close(got, wanted / (1 - 0.9**50), atol=1e-5, rtol=1e-4)


def test_a_fit_imports_no_compiler_of_torch() -> None:
    code = (
        "import sys\n"
        "from datacc.fit.driver import fit\n"
        "from datacc.fit.torch import ENTRY\n"
        "from tests.fit.sets import QUICK, row_graph, rows\n"
        "learn = rows()\n"
        "fit(ENTRY, row_graph(learn), learn, learn, QUICK, 0)\n"
        "assert 'torch' in sys.modules and not {'torch._dynamo', 'torch._inductor'} & set(sys.modules)\n"
    )
    top = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(top), str(top / "src")])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_pictures_of_one_channel_are_read_in_one_order() -> None:
    """torch 2.13 answers nonsense at some strides where the strides of memory leave the order of axes open."""
    random = np.random.default_rng(0)
    x, weight = random.standard_normal((2, 4, 4, 1), np.float32), random.standard_normal((1, 3, 3, 1), np.float32)
    bias = np.zeros(1, np.float32)
    attrs: Any = {"stride": (1, 2), "pad": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
    found = FORMS["conv"](*map(torch.from_numpy, (x, weight, bias)), **attrs)
    np.testing.assert_allclose(found.numpy(), meaning.conv(x, weight, bias, **attrs), atol=1e-5)
