"""Simplifying: what is folded, what must stay, and that answers stay (random Graphs: tests/ir/test_random.py)."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.simplify import simplify
from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from tests.ir.graphs import assert_alike, inputs_for


class Net:
    """A Graph on a picture of 6 × 6 × 4, with random weights."""

    def __init__(self, seed: int = 0, dtype: str = "uint8") -> None:
        self.b, self.random = Builder(), np.random.default_rng(seed)
        self.top = self.b.input("x", dtype, (6, 6, 4))
        if dtype != "float32":
            self.top = self.b.op("cast", "float", self.top)

    def weight(self, name: str, *shape: int, low: float = -1.0, high: float = 1.0) -> str:
        return self.b.weight(name, shape, value=self.random.uniform(low, high, shape))

    def affine(self, name: str, *shape: int, offset: bool) -> "Net":
        term = self.weight(f"{name}.offset", *shape) if offset else self.b.weight(f"{name}.offset", (1,), value=0)
        self.top = self.b.op("affine", name, self.top, self.weight(f"{name}.scale", *shape), term)
        return self

    def conv(self, name: str, groups: int = 1) -> "Net":
        weight, bias = self.weight(f"{name}.w", 4, 3, 3, 4 // groups), self.weight(f"{name}.b", 4)
        square: dict[str, Any] = {"stride": (1, 1), "pad": ((1, 1), (1, 1)), "dilation": (1, 1)}
        self.top = self.b.op("conv", name, self.top, weight, bias, groups=groups, **square)
        return self

    def normalise(self, name: str) -> "Net":
        channels = self.b.type(self.top).shape[-1]
        vectors = [self.weight(f"{name}.{part}", channels) for part in ("gain", "shift", "mean")]
        variance = self.weight(f"{name}.variance", channels, low=0.5, high=2)
        self.top = self.b.op("normalise", name, self.top, *vectors, variance)
        return self

    def relu(self, name: str) -> "Net":
        self.top = self.b.op("relu", name, self.top)
        return self

    def dense(self, name: str, width: int = 3) -> "Net":
        weight = self.weight(f"{name}.w", width, *self.b.type(self.top).shape)
        self.top = self.b.op("dense", name, self.top, weight, self.weight(f"{name}.b", width))
        return self

    def graph(self, **outputs: str) -> Graph:
        return self.b.graph({"y": self.top, **outputs}, loss=self.top)


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes if node.op not in ("input", "weight")]


def checked(graph: Graph) -> Graph:
    simple = simplify(graph)
    inputs = inputs_for(graph, rows=2)
    for field, value in interpret(graph, inputs).items():
        assert_alike(interpret(simple, inputs)[field], value)
    return simple


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 4]))
def test_a_whole_net_becomes_convolutions_thresholds_and_a_dense_layer(seed: int, groups: int) -> None:
    net = Net(seed).affine("scaled", 1, offset=False)
    net.conv("c1").normalise("n1").relu("r1").conv("c2", groups).normalise("n2").relu("r2").dense("top").normalise("n3")
    simple = checked(net.graph())
    assert ops(simple) == ["cast", "conv", "relu", "conv", "relu", "dense"]
    assert work(simple) < work(net.graph())


def test_an_offset_before_a_padded_convolution_stays() -> None:
    """The border of the convolution sees zeros, not offsets."""
    assert ops(checked(Net().affine("a", 4, offset=True).conv("c").graph())) == ["cast", "affine", "conv"]


@pytest.mark.parametrize("shape", [(1,), (4,), (1, 4), (1, 1, 4)])
def test_a_scale_per_channel_goes_into_a_convolution(shape: tuple[int, ...]) -> None:
    assert ops(checked(Net().affine("a", *shape, offset=False).conv("c").graph())) == ["cast", "conv"]


@pytest.mark.parametrize("shape", [(6, 6, 4), (6, 1, 1), (1, 6, 4), (6, 1)])
def test_a_scale_per_pixel_goes_into_dense_layers_only(shape: tuple[int, ...]) -> None:
    assert ops(checked(Net().affine("a", *shape, offset=False).conv("c").graph())) == ["cast", "affine", "conv"]
    assert ops(checked(Net().affine("a", *shape, offset=False).dense("d").graph())) == ["cast", "dense"]


def test_a_scale_per_channel_stays_before_groups() -> None:
    assert ops(checked(Net().affine("a", 4, offset=False).conv("c", 2).graph())) == ["cast", "affine", "conv"]
    assert ops(checked(Net().affine("a", 1, offset=False).conv("c", 2).graph())) == ["cast", "conv"]


def test_a_normalise_whose_input_others_read_stays() -> None:
    net = Net().conv("c")
    shared = net.top
    net.normalise("n")
    net.top = net.b.op("add", "sum", net.top, shared)
    assert ops(checked(net.graph())) == ["cast", "conv", "normalise", "add"]


def test_what_is_an_output_keeps_its_value() -> None:
    net = Net().conv("c").normalise("n")
    assert ops(checked(net.graph(before="c"))) == ["cast", "conv", "normalise"]
    assert ops(checked(net.graph(after="n"))) == ["cast", "conv"]
    scaled = Net().affine("a", 1, offset=False).dense("d")
    assert ops(checked(scaled.graph(before="a"))) == ["cast", "affine", "dense"]


def test_weights_that_two_layers_share_are_left_alone() -> None:
    net = Net(dtype="float32")
    weight, bias = net.weight("w", 4, 1, 1, 4), net.weight("b", 4)
    square: dict[str, Any] = {"stride": (1, 1), "pad": ((0, 0), (0, 0)), "dilation": (1, 1)}
    net.top = net.b.op("conv", "c1", net.top, weight, bias, **square)
    net.normalise("n1")
    net.top = net.b.op("conv", "c2", net.top, weight, bias, **square)
    assert ops(checked(net.graph())) == ["conv", "normalise", "conv"]


def test_what_nothing_needs_is_dropped_but_inputs_stay() -> None:
    net = Net().conv("c")
    net.b.op("exp", "unused", "c")
    net.b.input("other", "float32", (2,))
    simple = simplify(net.graph())
    assert "unused" not in simple.by_name
    assert [node.name for node in simple.inputs] == ["x", "other"]
    assert simple.loss == ""


def test_it_is_done_at_once() -> None:
    simple = simplify(Net().affine("a", 4, offset=False).conv("c").normalise("n").relu("r").dense("d").graph())
    assert simplify(simple).digest == simple.digest


def test_a_hole_is_refused() -> None:
    b = Builder()
    top = b.op("dense", "top", b.input("x", "float32", (2,)), b.weight("w", (1, 2)), b.weight("b", (1,), value=0))
    with pytest.raises(GraphError, match="hole"):
        simplify(b.graph({"y": top}))
