"""Compositions mean what torch's functions of the same names mean, extremes included."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from datacc.ir.build import Builder
from datacc.ir.compose import sigmoid, softmax, tanh, total
from datacc.ir.interpret import interpret

ORACLES: dict[str, tuple[Callable[[Builder, str, str], str], Callable[[Any], Any]]] = {
    "total": (total, lambda x: x.sum(-1, keepdim=True)),
    "softmax": (softmax, lambda x: torch.softmax(x, -1)),
    "sigmoid": (sigmoid, torch.sigmoid),
    "tanh": (tanh, torch.tanh),
}


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4), (2, 3, 2, 5)])
@pytest.mark.parametrize("name", ORACLES)
def test_compositions(name: str, shape: tuple[int, ...]) -> None:
    compose, oracle = ORACLES[name]
    b = Builder()
    graph = b.graph({"y": compose(b, "y", b.input("x", "float32", shape))})
    x = np.random.default_rng(0).normal(0, 4, (50, *shape)).astype(np.float32)
    expected = oracle(torch.from_numpy(x).double()).numpy()
    np.testing.assert_allclose(interpret(graph, {"x": x})["y"], expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", ["softmax", "sigmoid", "tanh"])
def test_extremes(name: str) -> None:
    compose, oracle = ORACLES[name]
    b = Builder()
    graph = b.graph({"y": compose(b, "y", b.input("x", "float32", (3,)))})
    x = np.array([[1e30, 0, -1e30], [88, 89, 90], [-1e-30, 1e-30, 0], [3e38, 3e38, -3e38]], np.float32)
    expected = oracle(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(interpret(graph, {"x": x})["y"], expected, atol=1e-6)
