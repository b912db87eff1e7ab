"""Rows that dilated convolutions jump over: not joined any more, and every answer and state stays to the last bit."""

from typing import Any

import numpy as np
import pytest

from datacc.arrange import arrange
from datacc.compiler.simplify import simplify
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from tests.emit.compiled import compiled, poisoned
from tests.ir.graphs import inputs_for

BLOCK, CHANNELS = 4, 3


def layer(b: Builder, name: str, x: str, span: int, taps: int = 2) -> tuple[str, str]:
    """A layer of this dilation over the past and a block: the past with the block, and the result."""
    random = np.random.default_rng(span)
    past = b.op("slice", f"{name}.past", "past", axis=0, first=1, last=span * (taps - 1), step=1)
    joined = b.op("concat", f"{name}.joined", past, x, axis=0)
    shape = (CHANNELS, taps, CHANNELS)
    weight = b.weight(f"{name}.weight", shape, value=random.normal(0, 1, shape))
    bias = b.weight(f"{name}.bias", (CHANNELS,), value=random.normal(0, 1, CHANNELS))
    attrs: dict[str, Any] = {"stride": (1,), "pad": ((0, 0),), "dilation": (span,), "groups": 1}
    return joined, b.op("conv", name, joined, weight, bias, **attrs)


def block(b: Builder, name: str, joined: str, first: int, last: int) -> str:
    return b.op("slice", name, joined, axis=0, first=first, last=last, step=1)


def started() -> Builder:
    b = Builder()
    b.input("x", "float32", (BLOCK, CHANNELS))
    b.input("past", "float32", (60, CHANNELS))
    return b


def streaming() -> Graph:
    """Layers that jump and one that does not; blocks of what was joined, alone and as part of the next past."""
    b = started()
    near, h = layer(b, "near", "x", BLOCK)
    far, h = layer(b, "far", h, 9)
    wide, h = layer(b, "wide", h, 11, taps=3)
    kept = [block(b, f"kept{i}", joined, BLOCK, BLOCK + 3) for i, joined in enumerate((near, far, wide))]
    late = block(b, "late", wide, 12, 23)
    outputs = {"y": h, "next": b.op("concat", "next", *kept, late, axis=0), "late": late}
    return b.graph(outputs | {"early": block(b, "early", far, 2, 5), "now": block(b, "now", far, 9, 12)})


def longest(graph: Graph) -> int:
    return max(node.type.shape[0] for node in graph.nodes if node.op == "concat" and node.name != "next")


def test_answers_stay_and_nothing_long_is_joined() -> None:
    graph, simple = streaming(), simplify(streaming())
    assert longest(graph) == 22 + BLOCK
    assert longest(simple) == 3 * BLOCK
    inputs = inputs_for(graph, 5)
    for field, expected in interpret(graph, inputs).items():
        np.testing.assert_array_equal(interpret(simple, inputs)[field], expected)


@pytest.mark.parametrize("cpu", ["x86-64-v3", "x86-64-v4"])
def test_compiled_answers_stay(cpu: str, tmp_path: Any) -> None:
    graph, simple = streaming(), simplify(streaming())
    inputs = inputs_for(graph, 5)
    answers = poisoned(compiled(simple, tmp_path, cpu=cpu), inputs)
    for field, expected in interpret(graph, inputs).items():
        np.testing.assert_allclose(answers[field], expected, rtol=1e-5, atol=1e-5)
    assert arrange(simple, cpu).arena < arrange(graph, cpu).arena


def test_what_others_read_as_a_whole_stays() -> None:
    b = started()
    joined, h = layer(b, "far", "x", 9)
    graph = b.graph({"y": h, "z": b.op("relu", "relu", joined)})
    assert longest(simplify(graph)) == longest(graph)
    b = started()
    joined, h = layer(b, "far", "x", 9)
    assert longest(simplify(b.graph({"y": h, "joined": joined}))) == 9 + BLOCK
