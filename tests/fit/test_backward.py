"""Gradients of random Graphs against torch's autograd and against differences; the table of rules."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from datacc.fit.adjoints import ADJOINTS
from datacc.fit.backward import RULES, WITHOUT_GRADIENT, backward
from datacc.fit.step import check_step
from datacc.ir.build import Builder
from datacc.ir.compose import total
from datacc.ir.graph import SOURCES, Graph
from datacc.ir.interpret import walk
from datacc.ir.ops import OPS
from tests.conformance.test_ops import SAMPLES, rows
from tests.fit.walks import in_torch, torch_forms
from tests.ir.graphs import graphs, inputs_for

ROWS = 3
RULES_HEAD = "| op | what goes back, for the gradient g of the result y |"


def with_loss(graph: Graph) -> Graph:
    """A loss on top: the sum of the last value times uneven numbers, so that no gradient hides in a symmetry."""
    b = Builder(graph)
    shape = b.type(graph.loss).shape
    uneven = b.weight("uneven", shape, role="fixed", value=np.cos(np.arange(np.prod(shape))).reshape(shape) + 0.1)
    none = b.weight("none", (1,), role="fixed", value=np.zeros(1))
    flat = b.op("reshape", "flat", b.op("affine", "mixed", graph.loss, uneven, none), shape=(int(np.prod(shape)),))
    b.weight("seed", (1,), role="fixed", value=np.ones(1))
    return b.graph(dict(graph.outputs), loss=total(b, "row_loss", flat))


def wanted(graph: Graph) -> list[str]:
    """The weights of floats, but for those that only the tests have."""
    made = ("uneven", "none", "seed", "row_loss")
    return [n.name for n in graph.weights if n.type.dtype == "float32" and not n.name.startswith(made)]


def derived(graph: Graph) -> Graph:
    return check_step(backward(graph, loss=graph.loss, wanted=wanted(graph), seed="seed"))


def tensors(graph: Graph, dtype: torch.dtype, seed: int = 0) -> dict[str, Tensor]:
    found = {name: torch.from_numpy(array) for name, array in inputs_for(graph, ROWS, seed).items()}
    found |= {n.name: torch.from_numpy(n.value.copy()) for n in graph.weights if n.value is not None}
    return {name: value.to(dtype) if value.is_floating_point() else value for name, value in found.items()}


def by_autograd(graph: Graph, values: dict[str, Tensor]) -> dict[str, Tensor]:
    for name in wanted(graph):
        values[name].requires_grad_()
    [dtype] = {values[name].dtype for name in wanted(graph)} or {torch.float32}
    loss = walk(graph, dict(values), [graph.loss], forms=torch_forms(dtype))[graph.loss].sum()
    if not loss.requires_grad:
        return {name: torch.zeros_like(values[name]) for name in wanted(graph)}
    found = torch.autograd.grad(
        loss, [values[name] for name in wanted(graph)], allow_unused=True, materialize_grads=True
    )
    return dict(zip(wanted(graph), found, strict=True))


def assert_gradients(graph: Graph, dtype: torch.dtype, tolerance: float, seed: int = 0) -> None:
    step, values = derived(graph), tensors(graph, dtype, seed)
    expected = by_autograd(graph, values)
    fixed = {name: value.detach() for name, value in values.items()}
    found = in_torch(step, fixed, dtype)
    largest = max((float(one.abs().max()) for one in expected.values()), default=1.0)
    for name, node in step.outputs:
        assert found[node].shape == expected[name].shape, name
        size = max(1.0, float(expected[name].abs().max()))
        if dtype == torch.float32:  # terms as large as these cancel out in others; in double precision each is exact
            size = max(size, largest)
        assert float((found[node] - expected[name]).abs().max()) <= tolerance * size, name


@given(graphs(states=False), st.integers(0, 9))
def test_gradients_are_those_of_autograd_in_double_precision(graph: Graph, seed: int) -> None:
    assert_gradients(with_loss(graph), torch.float64, 1e-6, seed)  # π/2 is a float32


@given(graphs(states=False), st.integers(0, 9))
def test_gradients_are_those_of_autograd(graph: Graph, seed: int) -> None:
    assert_gradients(with_loss(graph), torch.float32, 1e-3, seed)


def sampled(op: str) -> Graph:
    """The conformance sample of an op between two affines, whose weights are wanted."""
    graph = SAMPLES[op]()
    b = Builder()
    renamed: dict[str, str] = {}
    for node in graph.nodes:
        b._put(replace(node, inputs=tuple(renamed.get(name, name) for name in node.inputs)))
        if node.op == "input" and node.type.dtype == "float32":
            scale = b.weight(
                f"{node.name}.scale", node.type.shape[-1:], value=np.linspace(0.7, 1.2, node.type.shape[-1])
            )
            offset = b.weight(f"{node.name}.offset", (1,), value=np.full(1, 0.1))
            positive = (
                b.op("clip", f"{node.name}.clip", node.name, low=0.2, high=3.0)
                if op in ("log", "sqrt", "divide")
                else node.name
            )
            renamed[node.name] = b.op("affine", f"{node.name}.affine", positive, scale, offset)
    return with_loss(b.graph(dict(graph.outputs), loss="op"))


@pytest.mark.parametrize("op", sorted(set(OPS) - WITHOUT_GRADIENT))
def test_the_gradient_of_every_op(op: str) -> None:
    graph = sampled(op)
    assert_gradients(graph, torch.float64, 1e-6)
    assert_gradients(graph, torch.float32, 1e-4)


@pytest.mark.parametrize("op", sorted(set(OPS) - WITHOUT_GRADIENT))
def test_the_gradient_of_every_op_against_differences(op: str) -> None:
    """One central difference in a random direction of all weights together, where nothing else is trusted."""
    graph = sampled(op)
    step, values, random = derived(graph), tensors(graph, torch.float64), torch.Generator().manual_seed(1)
    names = wanted(graph)
    ways = {name: torch.randn(values[name].shape, generator=random, dtype=torch.float64) for name in names}

    def loss(distance: float) -> float:
        moved = {**values, **{name: values[name] + distance * ways[name] for name in names}}
        return float(walk(graph, moved, [graph.loss], forms=torch_forms(torch.float64))[graph.loss].sum())

    found = in_torch(step, values, torch.float64)
    slope = sum(float((found[node] * ways[name]).sum()) for name, node in step.outputs)
    assert slope == pytest.approx((loss(1e-6) - loss(-1e-6)) / 2e-6, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("op", sorted(set(OPS) - WITHOUT_GRADIENT))
def test_the_page_names_the_adjoints_of_every_rule(op: str) -> None:
    mine = {n.op for n in derived(sampled(op)).nodes if n.name.startswith("d.op.")} & set(ADJOINTS)
    named = set(re.findall(r"`(\w+)`", rows(RULES_HEAD)[op][0])) & set(ADJOINTS)
    assert mine == named


@given(graphs(states=False))
def test_nothing_is_computed_twice_or_for_nobody(graph: Graph) -> None:
    graph = with_loss(graph)
    step = derived(graph)
    made = Counter((n.op, n.inputs, n.attrs) for n in step.nodes if n.op not in SOURCES and n.name not in graph.by_name)
    old = {(n.op, n.inputs, n.attrs) for n in graph.nodes}
    assert all(count == 1 for count in made.values())
    assert not old & set(made)
    ends = {name for _, name in step.outputs}
    unread = [
        n.name for n in step.nodes if n.name not in graph.by_name and not step.users[n.name] and n.name not in ends
    ]
    assert unread == []


@pytest.mark.parametrize(("op", "attrs"), [("relu", {}), ("clip", {"low": -1.0, "high": 2.0})])
def test_thresholds_go_with_torch_at_their_very_limits(op: str, attrs: dict[str, float]) -> None:
    b = Builder()
    x, offset = b.input("x", "float32", (5,)), b.weight("offset", (5,), value=np.zeros(5))
    moved = b.op("affine", "moved", x, b.weight("one", (1,), role="fixed", value=np.ones(1)), offset)
    graph = with_loss(b.graph({"y": moved}, loss=b.op(op, "y", moved, **attrs)))
    values = tensors(graph, torch.float32)
    values["x"] = torch.tensor([[-1.0, 0.0, 2.0, np.nextafter(np.float32(2), np.float32(3)), -1.5]])
    expected = by_autograd(graph, values)["offset"]
    step = derived(graph)
    found = in_torch(step, {name: value.detach() for name, value in values.items()}, torch.float32)
    torch.testing.assert_close(found[dict(step.outputs)["offset"]], expected)


def test_every_op_has_a_rule_or_no_gradient() -> None:
    assert set(RULES) - {"sum"} == set(OPS) - WITHOUT_GRADIENT
    assert not set(ADJOINTS) & set(OPS)
    assert len(ADJOINTS) == 6


def test_a_weight_without_effect_has_a_gradient_of_zeros() -> None:
    b = Builder()
    x, spare = b.input("x", "float32", (2,)), b.weight("spare", (3,), value=np.ones(3))
    b.op("affine", "unread", b.input("z", "float32", (3,)), spare, spare)
    graph = with_loss(b.graph({"y": x}, loss=b.op("relu", "y", x)))
    assert_gradients(graph, torch.float64, 0)


def test_a_constant_sends_nothing_on() -> None:
    b = Builder()
    x = b.op("affine", "scaled", b.input("x", "float32", (4,)), *(b.weight(n, (4,), value=np.ones(4)) for n in "wo"))
    largest = b.op("maximum", "largest", x)
    graph = with_loss(b.graph({"y": largest}, loss=b.op("multiply", "y", x, largest)))
    step = backward(graph, loss=graph.loss, wanted=["w"], constant=["largest"], seed="seed")
    assert not any(node.op == "pool_scatter" for node in step.nodes)
    values: dict[str, Any] = tensors(graph, torch.float64)
    found = in_torch(step, values, torch.float64)[dict(step.outputs)["w"]]
    x_values, largest_values = values["x"], (values["x"] + 1).amax(-1, keepdim=True)
    torch.testing.assert_close(found, (x_values * largest_values * values["uneven"]).sum(0))
