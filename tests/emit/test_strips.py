"""Strips give what whole pictures give: random chains of layers, forced into strips, against the interpreter."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datacc.arrange import arrange
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.runtime.link import link
from datacc.runtime.native import Native
from tests.emit.compiled import CPU, compiled, interface_of, poisoned, written
from tests.emit.nets import Net, digits
from tests.emit.test_states import threaded
from tests.ir.graphs import assert_alike, inputs_for


@pytest.fixture(autouse=True, scope="module")
def _at_any_cost() -> Any:
    """Pictures in these tests are too small for strips to be worth it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datacc.arrange.strips.SLOWER", 1e9)
        yield


@st.composite
def chains(draw: Callable[..., Any]) -> Graph:
    """One to six layers on a picture: convolutions of all kinds, pools, sums with an earlier value, affine maps."""
    net = Net(draw(st.integers(0, 1000)))
    height, width, channels = (draw(st.integers(low, high)) for low, high in ((4, 24), (1, 9), (1, 9)))
    x = net.picture(height, width, channels) if draw(st.booleans()) else net.b.input("x", "float32", (height, width, 3))
    seen = [x]
    for i in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["conv", "conv", "maxpool", "meanpool", "add", "residual", "residual", "affine"]))
        x = _layer(draw, net, kind, f"layer{i}", x, seen)
        seen.append(x)
    return net.b.graph({"y": x})


def _layer(draw: Callable[..., Any], net: Net, kind: str, name: str, x: str, seen: list[str]) -> str:
    height, width, channels = net.b.type(x).shape
    if kind == "conv":
        return _conv(draw, net, name, x)
    if kind in ("maxpool", "meanpool"):
        size = draw(st.integers(1, min(3, height))), draw(st.integers(1, min(2, width)))
        return net.b.op(kind, name, x, size=size, stride=(draw(st.integers(1, 3)), draw(st.integers(1, 2))))
    other = draw(st.sampled_from([value for value in seen if net.b.type(value) == net.b.type(x)]))
    if kind == "residual":
        inner = net.conv(f"{name}.inner", x, channels) if draw(st.booleans()) else x
        return net.conv(name, inner, channels, add=other)
    if kind == "add":
        return net.b.op("relu", f"{name}.relu", net.b.op("add", name, x, other))
    return net.b.op("affine", name, x, net.weight(f"{name}.scale", channels), net.weight(f"{name}.offset", 1))


def _conv(draw: Callable[..., Any], net: Net, name: str, x: str) -> str:
    *sides, channels = net.b.type(x).shape
    size, dilation, pad = [], [], []
    for n in sides:
        dilation.append(draw(st.integers(1, 2)))
        size.append(draw(st.integers(1, max(1, min(4, (n - 1) // dilation[-1] + 1)))))
        reach = dilation[-1] * (size[-1] - 1) + 1
        pad.append((draw(st.integers(0, reach - 1)), draw(st.integers(0, reach - 1))))
    groups = draw(st.sampled_from([1, 1, channels]))
    out = channels if groups > 1 else draw(st.integers(1, 20))
    weight = net.weight(f"{name}.weight", out, *size, channels // groups)
    y = net.b.op(
        "conv", name, x, weight, net.weight(f"{name}.bias", out), groups=groups, dilation=tuple(dilation),
        stride=(draw(st.integers(1, 3)), draw(st.integers(1, 2))), pad=tuple(pad),
    )  # fmt: skip
    return net.b.op("relu", f"{name}.relu", y) if draw(st.booleans()) else y


@given(chains())
def test_random_chains(graph: Graph) -> None:
    inputs = inputs_for(graph)
    with tempfile.TemporaryDirectory() as folder:
        answers = poisoned(compiled(graph, Path(folder)), inputs)
    assert_alike(answers["y"], interpret(graph, inputs)["y"])


def test_random_chains_are_strips_more_often_than_not() -> None:
    """The test before this one is about strips, and about long chains, strides and sums among them."""
    found, over = [], []

    @settings(database=None)
    @given(chains())
    def collect(graph: Graph) -> None:
        plan = arrange(graph, CPU)
        found.append([part for step in plan.steps for part in step.parts])
        chosen = [step for step in plan.steps if step.parts]
        over.extend(step for step in chosen if plan.places[step.out] in [plan.places[value] for value in step.reads])

    collect()
    assert sum(map(bool, found)) > len(found) / 2
    parts = [part for chain in found for part in chain]
    assert max(map(len, found)) >= 4
    assert any(part.lead for part in parts)
    assert any(part.stride > 1 for part in parts)
    assert any(part.step.residual for part in parts)
    rings = [part.source for part in parts if part.source.ring]
    assert len(rings) > len(parts) / 10
    assert len({ring.rows for ring in rings}) > 1
    assert any(part.moved for part in parts)
    assert len(over) >= 3  # results over what they were made of


def test_zeros_that_are_missing_in_a_window_show(tmp_path: Path) -> None:
    graph = digits((8,), 8)
    source = written(graph)
    broken = re.sub(r"(?m)^ +kernel_zero\(rows_.*\n", "", source.c)
    assert broken != source.c
    library = link(replace(source, c=broken), CPU, tmp_path)
    with pytest.raises(AssertionError):
        poisoned(Native(library.path, interface_of(graph)), inputs_for(graph))


def test_rows_of_a_ring_that_are_read_in_another_order_show(tmp_path: Path) -> None:
    graph = digits((8,), 8)
    source = written(graph)
    broken = source.c.replace(".first = first", ".first = first + 1")
    assert broken != source.c
    library = link(replace(source, c=broken), CPU, tmp_path)
    inputs = inputs_for(graph)
    answers = Native(library.path, interface_of(graph)).batch(inputs)
    with pytest.raises(AssertionError):
        assert_alike(answers["label_scores"], interpret(graph, inputs)["label_scores"])


def remembering() -> Graph:
    """A picture replaces the last one, between a convolution that looks at that and the pool of what it saw."""
    net = Net()
    x, before = net.b.input("x", "float32", (12, 9, 8)), net.b.input("before", "float32", (12, 9, 8))
    seen = net.conv("conv", before, 8, size=1)
    now = net.b.op("clip", "now", x, low=-2.0, high=2.0)
    y = net.b.op("maxpool", "pool", seen, size=(2, 2), stride=(2, 2))
    return net.b.graph({"y": y}, states=(("before", now),))


def test_a_state_is_not_written_over_before_it_was_read(tmp_path: Path) -> None:
    graph = remembering()
    inputs = {"x": inputs_for(graph, 4)["x"]}
    assert all("before" not in part.step.reads for step in arrange(graph, CPU).steps for part in step.parts)
    answers = compiled(graph, tmp_path).batch(inputs)
    for i, expected in enumerate(threaded(graph, inputs)):
        assert_alike(answers["y"][i : i + 1], expected["y"])
