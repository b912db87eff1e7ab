"""A fine-tune for integers: what it rounds, where it begins, and what it wins back."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from datacc.compiler.calibrate import calibrate
from datacc.compiler.grid import Range
from datacc.compiler.integers import LOST, RATE, as_integers, right
from datacc.compiler.quantise import quantise, rounding
from datacc.compiler.simplify import folded, simplify
from datacc.fit import Examples, Fitted, Recipe, Rounding
from datacc.fit._rounding import Rounded
from datacc.fit.driver import fit
from datacc.fit.torch import ENTRY
from datacc.ir.graph import Graph, Node, float32
from tests.emit.nets import Net

RECIPE = Recipe(epochs=12, batch=16, rate=0.02, threads=1)


def test_values_are_whole_steps_within_limits_and_gradients_pass_there() -> None:
    hooks = Rounded(Rounding(values={"x": (0.5, 0, 3)}, products=frozenset(), weights=63))
    x = torch.tensor([-1.0, 0.2, 0.3, 1.4, 9.0], requires_grad=True)
    y = hooks.seen(Node(name="x", op="relu", type=float32(5)), x)
    np.testing.assert_array_equal(y.detach().numpy(), [0, 0, 0.5, 1.5, 1.5])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 1, 1, 1, 0])


def test_weights_are_whole_steps_of_each_output() -> None:
    hooks = Rounded(Rounding(values={}, products=frozenset({"p"}), weights=3))
    weight = torch.tensor([[3.0, 1.4, -0.6], [0.3, -0.16, 0.0]], requires_grad=True)
    node = Node(name="p", op="dense", type=float32(2))
    _, rounded, _ = hooks.given(node, [torch.zeros(1, 3), weight, torch.zeros(2)])
    np.testing.assert_allclose(rounded.detach().numpy(), [[3, 1, -1], [0.3, -0.2, 0]], atol=1e-6)
    rounded.sum().backward()
    np.testing.assert_array_equal(weight.grad.numpy(), np.ones((2, 3)))


def bars(count: int, seed: int) -> Examples:
    """Noisy pictures of 8 × 8 pixels with a bright row (0), column (1) or diagonal (2)."""
    random = np.random.default_rng(seed)
    pixels, targets = random.integers(0, 90, (count, 8, 8, 1)), random.integers(0, 3, count)
    for n, kind in enumerate(targets):
        at = random.integers(0, 8)
        rows, columns = {0: (at, slice(None)), 1: (slice(None), at), 2: (np.arange(8), np.arange(8))}[int(kind)]
        pixels[n, rows, columns, 0] += 100
    return Examples(inputs={"picture": pixels.astype(np.uint8)}, targets=targets.astype(np.int32), augment={})


def skeleton() -> Graph:
    """A small convolutional net with open weights."""
    net = Net()
    x = net.conv("conv", net.picture(8, 8, 1), 6)
    x = net.b.op("maxpool", "pool", x, size=(2, 2), stride=(2, 2))
    graph = net.answers(net.dense("logits", x, 3))
    nodes = tuple(
        Node(name=n.name, op=n.op, type=n.type, role=n.role, dims=n.dims) if n.role == "learnt" else n
        for n in graph.nodes
    )
    return Graph(nodes=nodes, outputs=graph.outputs, loss=graph.loss)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(ENTRY, skeleton(), bars(400, 0), bars(200, 1), RECIPE, 0)


def coarse(fitted: Fitted) -> tuple[Graph, dict[str, Range]]:
    """The Graph with ranges so wide that few steps are left."""
    simple = simplify(fitted.graph)
    ranges = calibrate(simple, bars(400, 0).inputs)
    seen = ranges["conv.relu"]
    wide = {**ranges, "conv.relu": replace(seen, high=seen.high * 400)}  # no more than on or off
    return simple, wide


def test_a_fine_tune_wins_back_what_coarse_steps_lost(fitted: Fitted) -> None:
    simple, wide = coarse(fitted)
    judge = bars(400, 2)
    before = right(quantise(simple, wide), judge, "label")
    gentle = replace(RECIPE, rate=RECIPE.rate * RATE)
    rounded = rounding(simple, wide)
    again = fit(ENTRY, folded(fitted.graph), bars(400, 0), bars(200, 1), gentle, 0, rounding=rounded)
    after = right(quantise(simplify(again.graph), wide), judge, "label")
    assert right(fitted.graph, judge, "label") > before + 0.2  # much was lost
    assert after > before + 0.15


def test_it_happens_only_where_more_than_the_stated_amount_is_lost(fitted: Fitted) -> None:
    calls = []

    def refit(graph: Graph, recipe: Recipe, rounding: Rounding) -> Fitted:
        calls.append(rounding)
        return fit(ENTRY, graph, bars(400, 0), bars(200, 1), recipe, 0, rounding=rounding)

    made = as_integers(fitted, bars(400, 0), bars(200, 1), "label", refit, RECIPE)
    lost = right(fitted.graph, bars(200, 1), "label") - made.tune
    assert not calls
    assert lost <= LOST
    assert made.floats is fitted.graph
