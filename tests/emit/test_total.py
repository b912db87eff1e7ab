"""Sums over the last axis: added in order, so they are the interpreter's to the last bit on every processor."""

from pathlib import Path

import numpy as np
import pytest

from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from tests.emit.compiled import compiled, poisoned


def sums(*shape: int) -> Graph:
    """The sum over the last axis, and its share of each element."""
    b = Builder()
    x, rank = b.input("x", "float32", shape), len(shape) - 1
    ones = b.weight("ones", (1, *(1,) * rank, shape[-1]), value=np.ones(1), role="fixed")
    zero = b.weight("zero", (1,), value=np.zeros(1), role="fixed")
    attrs = {"stride": (1,) * rank, "pad": ((0, 0),) * rank, "dilation": (1,) * rank} if rank else {}
    total = b.op("conv" if rank else "dense", "total", x, ones, zero, **attrs)
    return b.graph({"total": total, "share": b.op("divide", "share", x, total), "kept": b.op("relu", "kept", total)})


@pytest.mark.parametrize("shape", [(1,), (2,), (37,), (5, 11), (3, 4, 9)])
def test_sums_are_added_in_order(shape: tuple[int, ...], tmp_path: Path) -> None:
    graph = sums(*shape)
    x = np.random.default_rng(0).normal(size=(40, *shape)).astype(np.float32) ** 5  # sizes that lose digits
    answers = poisoned(compiled(graph, tmp_path), {"x": x})
    wanted = interpret(graph, {"x": x})
    in_order = x[..., :1].copy()
    for k in range(1, shape[-1]):
        in_order += x[..., k : k + 1]
    np.testing.assert_array_equal(wanted["total"], in_order)
    for field, expected in wanted.items():
        np.testing.assert_array_equal(answers[field], expected)
