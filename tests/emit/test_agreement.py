"""Emitted programs give what the interpreter gives, on random Graphs over the whole op table."""

import tempfile
from pathlib import Path

from hypothesis import given

from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from tests.emit.compiled import compiled, poisoned
from tests.ir.graphs import LOOSE, assert_alike, graphs, inputs_for


@given(graphs(most=8, states=False))
def test_random_graphs(graph: Graph) -> None:
    inputs = inputs_for(graph)
    with tempfile.TemporaryDirectory() as folder:
        answers = poisoned(compiled(graph, Path(folder)), inputs)
    for field, expected in interpret(graph, inputs).items():
        if field != "best":
            assert_alike(answers[field], expected, LOOSE)
