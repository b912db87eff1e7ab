"""Values side by side along every axis, those with blocks of rows before it included."""

from pathlib import Path

import numpy as np
import pytest

from datacc.ir.build import Builder
from datacc.ir.interpret import interpret
from tests.emit.compiled import compiled, poisoned

SHAPES = [(2, 4, 2, 2), (2, 3, 4, 2, 3), (3, 2, 2), (5, 3), (7,)]


@pytest.mark.parametrize(("shape", "axis"), [(shape, axis) for shape in SHAPES for axis in range(len(shape))])
def test_every_axis(shape: tuple[int, ...], axis: int, tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "float32", shape)
    part = b.op("slice", "part", x, axis=axis, first=0, last=0)
    joined = b.op("concat", "joined", b.op("relu", "y", x), x, part, axis=axis)
    graph = b.graph({"joined": joined})
    inputs = {"x": np.random.default_rng(0).normal(0, 1, (3, *shape)).astype(np.float32)}
    expected = interpret(graph, inputs)["joined"]
    answers = poisoned(compiled(graph, tmp_path), inputs)["joined"]
    np.testing.assert_array_equal(answers.reshape(expected.shape), expected)
