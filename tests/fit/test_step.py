"""Whole steps against torch: its batch normalisation, its losses, its autograd."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as nn

from datacc.errors import GraphError
from datacc.fit.losses import TARGET, WEIGHT, cross_entropy, of_members, squared
from datacc.fit.step import SHARE, by_batch, check_step, look_graph, step_graph, wholes
from datacc.fit.torch import FITTING_FORMS
from datacc.ir.build import Builder
from datacc.ir.graph import SOURCES, Graph
from datacc.ir.interpret import walk
from datacc.registry import load
from datacc.skeletons import answered
from tests.fit.sets import graph as skeleton
from tests.fit.sets import picture_graph, pictures, row_graph, rows
from tests.fit.walks import NUMPY, in_numpy, in_torch

ROWS = 32
SMOOTHING = 0.03


def deep_rows() -> Graph:
    return row_graph(rows(), width=7, depth=3)


def deep_pictures() -> Graph:
    return skeleton("image", {"height": 12, "width": 12}, "conv.v1", {"width": 3, "depth": 2}, larger())


def larger() -> Any:
    found = pictures(ROWS)
    found.inputs["x"] = np.tile(found.inputs["x"], (1, 2, 2, 1))[:, :12, :12]
    return found


CASES = {"mlp.v1": (deep_rows, lambda: rows(ROWS)), "conv.v1": (deep_pictures, larger)}
CASES["small mlp.v1"] = (lambda: row_graph(rows()), lambda: rows(ROWS))
CASES["small conv.v1"] = (lambda: picture_graph(pictures()), lambda: pictures(ROWS))


class Case:
    """A skeleton, a batch, and holes filled at random."""

    def __init__(self, name: str, before: float = 0.0) -> None:
        make, examples = CASES[name]
        self.graph, batch = make(), examples()
        random = np.random.default_rng(4)
        self.learnt = {
            node.name: (random.normal(size=node.type.shape) * 0.5 + ("gain" in node.name)).astype(np.float32)
            for node in self.graph.holes
            if node.role == "learnt"
        }
        self.inputs = batch.inputs
        self.target = np.eye(3, dtype=np.float32)[batch.targets]
        self.weight = random.uniform(0.5, 2, (ROWS, 1)).astype(np.float32)
        self.step = step_graph(self.graph, cross_entropy(3, SMOOTHING))
        self.befores = {
            node.name: np.full(node.type.shape, before, np.float32)
            for node in self.step.holes
            if node.name.endswith(".before")
        }

    def given(self) -> dict[str, Any]:
        batch = {SHARE: np.full(1, 1 / ROWS, np.float32), TARGET: self.target, WEIGHT: self.weight}
        return {**batch, **self.inputs, **self.learnt, **self.befores}

    def found(self) -> dict[str, Any]:
        return in_numpy(self.step, self.given())

    def found_in_double(self) -> dict[str, Any]:
        given = {name: torch.from_numpy(array) for name, array in self.given().items()}
        forms = {"cast": lambda x, to: x.double()}
        values = in_torch(self.step, given, torch.float64, forms)
        return {field: values[name].numpy() for field, name in self.step.outputs}

    def expected(self) -> tuple[float, dict[str, Any]]:
        """By torch in double precision."""
        values: dict[str, Any] = {n.name: torch.from_numpy(n.value) for n in self.graph.weights if n.value is not None}
        values |= {name: torch.from_numpy(array) for name, array in self.inputs.items()}
        values |= {name: torch.from_numpy(array) for name, array in self.learnt.items()}
        values = {name: v.double() if v.is_floating_point() else v for name, v in values.items()}
        for name in self.learnt:
            values[name].requires_grad_()
        forms = {**FITTING_FORMS, "cast": lambda x, to: x.double()}
        for node in self.graph.holes:
            values.setdefault(node.name, torch.zeros(1))
        features = walk(self.graph, values, [self.graph.loss], forms=forms)[self.graph.loss]
        smooth = torch.from_numpy(self.target).double() * (1 - SMOOTHING) + SMOOTHING / 3
        each = -(nn.log_softmax(features, -1) * smooth).sum(-1)
        loss = (each * torch.from_numpy(self.weight[:, 0])).mean()
        grads = torch.autograd.grad(loss, [values[name] for name in self.learnt])
        return float(loss.detach()), dict(zip(self.learnt, (g.numpy() for g in grads), strict=True))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("before", [0.0, 0.3])
def test_a_step_has_the_gradients_of_torch(name: str, before: float) -> None:
    case = Case(name, before)
    loss, gradients = case.expected()
    largest = max(np.abs(g).max() for g in gradients.values())
    for found, own in ((case.found(), 1.0), (case.found_in_double(), 1e-6)):
        assert float(found["loss"][0]) == pytest.approx(loss, rel=1e-5)
        for weight, expected in gradients.items():
            assert found[weight].shape == expected.shape
            # Of the weight's own largest in double precision; of the step's in single, whose sums round.
            size = max(np.abs(expected).max(), own * largest)
            np.testing.assert_allclose(found[weight], expected, rtol=0, atol=1e-5 * size, err_msg=weight)


@pytest.mark.parametrize("name", CASES)
def test_a_step_gives_the_statistics_of_its_batch(name: str) -> None:
    case = Case(name, 0.2)
    found = case.found()
    plain = {**{n.name: n.value for n in case.graph.weights if n.value is not None}, **case.learnt, **case.inputs}
    for node in case.graph.nodes:
        if node.op == "normalise":
            mean, variance = node.inputs[3:]
            values = dict(plain)
            walk(case.graph, values, [node.inputs[0]])
            x = values[node.inputs[0]].astype(np.float64).reshape(-1, node.type.shape[-1])
            np.testing.assert_allclose(found[mean], x.mean(0), rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(found[variance], x.var(0), rtol=1e-4, atol=1e-6)
            plain |= {mean: found[mean], variance: found[variance]}


def test_a_large_mean_costs_the_variance_no_digits_once_it_is_known() -> None:
    """E[y²] − E[y]² in float32 would be wrong by hundreds of per cent here."""
    b = Builder()
    x = b.input("x", "float32", (1,))
    one = [b.weight(name, (1,), value=np.ones(1)) for name in ("gain", "shift")]
    holes = [b.weight(name, (1,), role=name) for name in ("mean", "variance")]  # type: ignore[arg-type]
    graph = by_batch(b.graph({"y": b.op("normalise", "y", x, *one, *holes)}))
    mean, variance = graph.by_name["y"].inputs[3:]
    graph = Graph(nodes=graph.nodes, outputs=(("mean", mean), ("variance", variance)))
    values = (10_000 + np.random.default_rng(0).normal(size=(64, 1))).astype(np.float32)
    before = np.array([9_999.5], np.float32)
    found = in_numpy(graph, {"x": values, SHARE: np.full(1, 1 / 64, np.float32), "mean.before": before})
    np.testing.assert_allclose(found["mean"], values.astype(np.float64).mean(0), rtol=1e-6)
    np.testing.assert_allclose(found["variance"], values.astype(np.float64).var(0), rtol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_a_look_gives_features_and_sums(name: str) -> None:
    case = Case(name)
    random = np.random.default_rng(1)
    look = look_graph(case.graph)
    holes = {n.name: random.uniform(0.5, 1, n.type.shape).astype(np.float32) for n in look.holes}
    given = {**holes, **case.learnt, **case.inputs}
    found = in_numpy(look, given)
    plain = case.graph.fill({name: given[name] for name in (n.name for n in case.graph.holes)})
    values = {n.name: n.value for n in plain.weights} | dict(case.inputs)
    walk(plain, values, [plain.loss])
    np.testing.assert_array_equal(found["features"], values[plain.loss])
    for node in plain.nodes:
        if node.op == "normalise":
            mean, variance = node.inputs[3:]
            off = (values[node.inputs[0]].astype(np.float64) - holes[f"{mean}.before"]).reshape(-1, node.type.shape[-1])
            np.testing.assert_allclose(found[mean], off.sum(0), rtol=1e-4, atol=1e-3)
            np.testing.assert_allclose(found[variance], (off**2).sum(0), rtol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_a_step_holds_no_op_twice_and_nothing_for_nobody(name: str) -> None:
    step = Case(name).step
    counts = Counter((n.op, n.inputs, n.attrs) for n in step.nodes if n.op not in SOURCES)
    assert max(counts.values()) == 1
    assert all(step.users[node.name] or node.name in step.ends for node in step.nodes)
    assert {field for field, _ in step.outputs} == {"loss", "features"} | {n.name for n in Case(name).graph.holes}


def test_the_answer_is_no_part_of_a_step() -> None:
    step = Case("mlp.v1").step
    assert not {"argmax", "divide"} & {n.op for n in step.nodes if not n.name.startswith("d.")}


def test_whole_values_are_those_without_a_batch() -> None:
    step = Case("conv.v1").step
    whole = wholes(step)
    rank = {n.name: len(n.type.shape) for n in step.nodes}
    case = Case("conv.v1")
    values: dict[str, Any] = {n.name: n.value for n in step.weights if n.value is not None}
    values |= {SHARE: np.ones(1, np.float32), TARGET: case.target, WEIGHT: case.weight}
    values |= {**case.inputs, **case.learnt, **case.befores}
    walk(step, values, step.ends, forms=NUMPY)
    assert whole == {name for name, value in values.items() if value.ndim == rank[name]}


def test_other_losses_have_steps_too() -> None:
    step = step_graph(row_graph(rows()), squared(3))
    assert "pool_scatter" not in {node.op for node in step.nodes}


def test_the_check_names_a_row_value_in_a_weights_place() -> None:
    b = Builder()
    x = b.input("x", "float32", (2,))
    graph = b.graph({"y": b.op("affine", "y", x, x, x)})
    with pytest.raises(GraphError, match="'x' is row"):
        check_step(graph)


def test_what_one_member_learns_has_nothing_to_do_with_another() -> None:
    answer, random = load("types", "label").answer("y", ("a", "b", "c")), np.random.default_rng(6)
    weights = random.normal(size=(2, 3, 5)).astype(np.float32)
    fed = {
        "x": random.normal(size=(ROWS, 5)).astype(np.float32),
        TARGET: np.eye(3, dtype=np.float32)[random.integers(0, 3, ROWS)],
        WEIGHT: np.ones((ROWS, 1), np.float32),
    }

    def gradients(members: int, first: int) -> list[Any]:
        """Those of dense layers without a bias that learns, of so many members from this one on."""
        b = Builder()
        x, bias = b.input("x", "float32", (5,)), b.weight("bias", (3,), role="fixed", value=np.zeros(3))
        ones = [b.under(str(k)) for k in range(members)]
        whole = answered(b, [one.op("dense", "top", x, one.weight("weight", (3, 5)), bias) for one in ones], answer)
        step = step_graph(whole, of_members(cross_entropy(3), whole.by_name[whole.loss].type.shape))
        names = [f"{k}.weight" for k in range(members)]
        held = {name: weights[first + k] for k, name in enumerate(names)} | {SHARE: np.full(1, 1 / ROWS, np.float32)}
        found = in_numpy(step.fill(held), fed)
        return [found[name] for name in names]

    together, alone = gradients(2, 0), [*gradients(1, 0), *gradients(1, 1)]
    assert np.abs(alone).max() > 0.01
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-7)
