"""Integer programs give the very bytes that the interpreter gives."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given

from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from tests.emit.compiled import compiled, poisoned
from tests.ir.graphs import inputs_for
from tests.ir.whole import integer_graphs


@given(integer_graphs())
def test_random_integer_graphs(graph: Graph) -> None:
    inputs = inputs_for(graph)
    with tempfile.TemporaryDirectory() as folder:
        answers = poisoned(compiled(graph, Path(folder)), inputs)
    for field, expected in interpret(graph, inputs).items():
        np.testing.assert_array_equal(answers[field], expected)
