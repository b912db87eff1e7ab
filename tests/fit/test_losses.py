"""The losses against torch's, or their formula, and their gradients where numbers are large."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as nn

from datacc.fit import losses
from datacc.fit.backward import backward
from datacc.fit.losses import binary, cross_entropy, of_members, quantiles, squared
from datacc.fit.step import check_step
from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from tests.fit.walks import in_numpy

K, ROWS = 4, 9
RANDOM = np.random.default_rng(3)
FEATURES = (RANDOM.normal(size=(ROWS, K)) * 3).astype(np.float32)
NUMBERS = RANDOM.normal(size=(ROWS, K)).astype(np.float32)
SHARES = RANDOM.uniform(size=(ROWS, K)).astype(np.float32)
CLASSES = RANDOM.integers(0, K, ROWS)
ONE_HOT = np.eye(K, dtype=np.float32)[CLASSES]
WEIGHT = RANDOM.uniform(0.5, 2, (ROWS, 1)).astype(np.float32)


def quantiles_by_torch(features: Any, target: Any) -> Any:
    off = target - features
    pinballs = [torch.maximum(q * off[:, k], (q - 1) * off[:, k]) for k, q in enumerate((0.3, 0.5, 0.95), 1)]
    return off[:, 0] ** 2 + sum(pinballs)


CASES: dict[str, tuple[Graph, Any, Any]] = {
    "cross_entropy": (
        cross_entropy(K, 0.1), ONE_HOT,
        lambda f, t: nn.cross_entropy(f, torch.from_numpy(CLASSES), label_smoothing=0.1, reduction="none"),
    ),
    "cross_entropy of shares": (
        cross_entropy(K), SHARES / SHARES.sum(1, keepdims=True), lambda f, t: nn.cross_entropy(f, t, reduction="none"),
    ),
    "squared": (squared(K), NUMBERS, lambda f, t: nn.mse_loss(f, t, reduction="none").mean(-1)),
    "quantiles": (quantiles((0.3, 0.5, 0.95)), NUMBERS, quantiles_by_torch),
    "binary": (
        binary(K), SHARES, lambda f, t: nn.binary_cross_entropy_with_logits(f, t, reduction="none").sum(-1),
    ),
}  # fmt: skip


def rows(name: str, features: Any, weight: Any = WEIGHT) -> Any:
    graph, target, _ = CASES[name]
    return interpret(graph, {"features": features, losses.TARGET: target, losses.WEIGHT: weight})["loss"]


def gradient(name: str, features: Any) -> Any:
    """By way of a learnt offset (K,) that is nothing: one row at a time."""
    loss, target, _ = CASES[name]
    b = Builder()
    plain, offset = b.input("plain", "float32", (K,)), b.weight("offset", (K,), value=np.zeros(K))
    one = b.weight("one", (1,), role="fixed", value=np.ones(1))
    for node in loss.nodes:
        if node.name == "features":
            b.op("affine", "features", plain, one, offset)
        else:
            b._put(node)
    graph = b.graph(dict(loss.outputs))
    row, *constant = (node for _, node in loss.outputs)
    step = check_step(backward(graph, loss=row, wanted=["offset"], constant=constant, seed="one"))
    parts = [
        {"plain": features[[i]], losses.TARGET: target[[i]], losses.WEIGHT: WEIGHT[[i]]} for i in range(len(features))
    ]
    return np.stack([in_numpy(step, part)["offset"] for part in parts])


@pytest.mark.parametrize("name", CASES)
def test_a_loss_is_what_torch_says(name: str) -> None:
    _, target, reference = CASES[name]
    expected = reference(torch.from_numpy(FEATURES), torch.from_numpy(target)).numpy()
    found = rows(name, FEATURES, np.ones_like(WEIGHT))
    assert found.shape == (ROWS, 1)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(rows(name, FEATURES), found * WEIGHT, rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1.0, 100.0])
def test_its_gradient_is_that_of_torch_even_where_numbers_are_large(name: str, size: float) -> None:
    _, target, reference = CASES[name]
    features = torch.from_numpy(FEATURES * np.float32(size)).requires_grad_()
    loss = (reference(features, torch.from_numpy(target)) * torch.from_numpy(WEIGHT[:, 0])).sum()
    [expected] = torch.autograd.grad(loss, features)
    found = gradient(name, features.detach().numpy())
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-6 * size)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("members", [1, 3])
def test_members_lose_what_each_of_them_loses(name: str, members: int) -> None:
    one, target, _ = CASES[name]
    graph = check(of_members(one, (members, K)), holes=())
    features = np.stack([FEATURES * np.float32(scale) for scale in (1, -2, 5)[:members]], axis=1)
    fed = {"features": features, losses.TARGET: target, losses.WEIGHT: WEIGHT}
    each = [rows(name, np.ascontiguousarray(features[:, member])) for member in range(members)]
    np.testing.assert_allclose(interpret(graph, fed)["loss"], sum(each), rtol=1e-5)
    assert of_members(one, (K,)) is one


@pytest.mark.parametrize("name", CASES)
def test_a_loss_is_a_graph_of_the_table(name: str) -> None:
    check(CASES[name][0], holes=())


@pytest.mark.parametrize("name", ["cross_entropy", "binary"])
def test_no_gradient_is_subnormal(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loss = cross_entropy(K) if name == "cross_entropy" else binary(K)
    first = np.eye(K, dtype=np.float32)[np.zeros(ROWS, int)]
    monkeypatch.setitem(CASES, name, (loss, first, None))
    found = gradient(name, np.float32([0, -10, -50, -95]) + FEATURES)  # the last is where e^x begins to be subnormal
    assert found[:, 1].all()
    assert not ((found != 0) & (np.abs(found) < np.finfo(np.float32).tiny)).any()
