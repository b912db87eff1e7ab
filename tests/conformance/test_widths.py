"""Every skeleton can be widened without a change of answer, and loses first what nothing depends on."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.compiler.resize import importance, resized, unlike
from datacc.errors import GraphError
from datacc.ir.check import check
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.registry import load, names
from tests.conformance.samples import front
from tests.ir.graphs import inputs_for
from tests.laws import about

SIDES = {
    "mlp.v1": ("image", "record"),
    "table.v1": ("record", "record"),
    "text.v1": ("text",),
    "text.v2": ("text",),
    "text.v3": ("text",),
    "bytes.v1": ("text",),
}
OTHERS = {
    "text.v1": {"bits": 5, "grams": 2},
    "text.v2": {"bits": 5, "grams": 2, "word": 3},
    "text.v3": {"bits": 5, "grams": 2, "word": 3, "members": 2},
    "bytes.v1": {"each": 5, "reach": 3},
}  # sizes that no width is: instead of a depth
MORE = {"table.v1": {"bins": 2}}  # and beside it
EACH = pytest.mark.parametrize("name", names("skeletons"))
ANSWER = load("types", "label").answer("y", ("a", "b", "c"))


def form(name: str, width: int, depth: int = 1) -> Graph:
    """A skeleton with holes, on every input that it takes at once."""
    sides = [front(kind, f"x{n}") for n, kind in enumerate(SIDES.get(name, ("image",)))]
    sizes = {"width": width, **OTHERS.get(name, {"depth": depth}), **MORE.get(name, {})}
    graph: Graph = load("skeletons", name).graph(sides, ANSWER, sizes)
    return graph


def complete(graph: Graph, seed: int) -> Graph:
    """Weights of a size that keeps values near 1, as fitting does."""
    random = np.random.default_rng(seed)

    def value(shape: tuple[int, ...], role: str) -> NDArray[Any]:
        if role == "variance":
            return random.uniform(0.3, 3, shape)
        return random.normal(size=shape) / np.sqrt(max(1, np.prod(shape[1:]) if len(shape) > 1 else 1))

    return graph.fill({hole.name: value(hole.type.shape, hole.role) for hole in graph.holes})


@EACH
@settings(max_examples=about(15))
@given(seed=st.integers(0, 2**31 - 1), width=st.integers(1, 9), more=st.integers(1, 20), depth=st.integers(1, 2))
def test_widening_changes_no_answer(name: str, seed: int, width: int, more: int, depth: int) -> None:
    before = complete(form(name, width, depth), seed)
    rows = inputs_for(before, rows=8, seed=seed)
    wider = check(resized(before, form(name, width + more, depth), rows, seed), holes=())
    assert work(wider) > work(before)
    first, second = interpret(before, rows), interpret(wider, rows)
    assert np.abs(first["y_scores"] - second["y_scores"]).max() <= 1e-6
    sure = np.diff(np.sort(first["y_scores"], axis=-1)[:, -2:], axis=-1)[:, 0] > 1e-5
    np.testing.assert_array_equal(first["y"][sure], second["y"][sure])


@EACH
def test_what_is_new_is_not_a_copy_and_can_learn(name: str) -> None:
    before = complete(form(name, 3), 0)
    wider = resized(before, form(name, 8), inputs_for(before), 0)
    for node in wider.weights:
        old = before.by_name[node.name]
        assert node.value is not None
        np.testing.assert_array_equal(node.value[tuple(slice(n) for n in old.type.shape)], old.value)
        if node.role == "learnt" and len(node.type.shape) > 1 and node.dims[0]:
            rows = node.value[old.type.shape[0] :].reshape(node.type.shape[0] - old.type.shape[0], -1)
            assert len(np.unique(rows, axis=0)) == len(rows), "two new channels that see the same would stay the same"
            assert rows.any(axis=1).all()


@EACH
@settings(max_examples=about(15))
@given(seed=st.integers(0, 2**31 - 1), width=st.integers(2, 8), data=st.data())
def test_channels_that_nothing_reads_go_first(name: str, seed: int, width: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(1, width - 1))
    before = complete(form(name, width), seed)
    random, lengths = np.random.default_rng(seed), {}
    for node in before.weights:
        lengths |= {dim: n for dim, n in zip(node.dims, node.type.shape, strict=True) if dim}
    alive = {dim: np.sort(random.permutation(n)[: n * kept // width]) for dim, n in lengths.items()}
    values: dict[str, NDArray[Any]] = {}
    for node in before.weights:
        if node.value is not None and len(node.dims) > 1 and node.dims[-1]:
            values[node.name] = np.zeros_like(node.value)
            values[node.name][..., alive[node.dims[-1]]] = node.value[..., alive[node.dims[-1]]]
    before = before.fill(values)
    rows = inputs_for(before, rows=8, seed=seed)
    slim = check(resized(before, form(name, kept), rows, 0), holes=())
    assert work(slim) < work(before)
    first, second = interpret(before, rows), interpret(slim, rows)
    assert np.abs(first["y_scores"] - second["y_scores"]).max() <= 1e-5


def test_importance_is_the_spread_times_what_reads_it() -> None:
    graph = complete(form("mlp.v1", 5), 3)
    rows = inputs_for(graph, rows=40)
    seen: dict[str, NDArray[Any]] = {}
    interpret(graph, rows, seen=lambda node, value: seen.setdefault(node.name, value))
    weight = graph.by_name["top.weight"].value
    assert weight is not None
    expected = seen["hidden1.relu"].astype(float).std(axis=0) * np.abs(weight).sum(axis=0)
    np.testing.assert_allclose(importance(graph, rows)["hidden1"], expected, rtol=1e-6)


def test_what_differs_in_more_than_widths_is_refused() -> None:
    before = complete(form("mlp.v1", 4), 0)
    assert unlike(before, form("mlp.v1", 9)) == ""
    assert unlike(before, form("mlp.v1", 4, depth=2)) != ""
    sides = [front(kind, f"x{n}") for n, kind in enumerate(SIDES["mlp.v1"])]
    fewer = load("types", "label").answer("y", ("a", "b"))
    two = load("skeletons", "mlp.v1").graph(sides, fewer, {"width": 4, "depth": 1})
    assert unlike(before, two) == "top.weight"
    with pytest.raises(GraphError, match="more than their widths"):
        resized(before, two, inputs_for(before), 0)
