"""A sum in which one addend is spread over the other takes no product along: its kernel adds element by element."""

from pathlib import Path

import numpy as np
import pytest

from datacc.ir.build import Builder
from datacc.ir.interpret import interpret
from tests.emit.compiled import compiled, poisoned
from tests.ir.graphs import assert_alike, inputs_for


@pytest.mark.parametrize("width", [1, 3])
def test_a_product_beside_a_spread_addend_stays_by_itself(width: int, tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "float32", (3,))
    weight = b.weight("w", (width, 3), role="fixed", value=np.arange(3 * width).reshape(width, 3))
    product = b.op("dense", "dense", x, weight, b.weight("b", (width,), role="fixed", value=1))
    other = x if width == 1 else b.op("maximum", "most", x)
    pair = (x, product) if width == 1 else (product, other)
    graph = b.graph({"y": b.op("add", "add", *pair)})
    inputs = inputs_for(graph)
    assert_alike(poisoned(compiled(graph, tmp_path), inputs)["y"], interpret(graph, inputs)["y"])
