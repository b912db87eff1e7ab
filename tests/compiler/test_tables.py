"""Tables in bytes: what NumPy rounds says the same, interpreted, in C and in onnxruntime; the floats are kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.fitting import fit_once
from datacc.compiler.produce import stand_in
from datacc.compiler.simplify import simplify
from datacc.compiler.tables import in_bytes
from datacc.fit import Recipe
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.onnx.write import export
from datacc.registry import load
from datacc.repo.snapshot import Snapshot
from datacc.sources.table import infer_program
from datacc.spec.program import Program
from datacc.store import Store
from tests.emit.compiled import compiled, poisoned
from tests.ir.graphs import graphs, inputs_for


def looked_up(table: NDArray[np.float32], rows: int = 9) -> Graph:
    """Rows of a table, as they are and twice as large."""
    b = Builder()
    found = b.op("gather", "found", b.input("x", "uint8", (rows,)), b.weight("table", table.shape, value=table))
    return b.graph({"found": found, "twice": b.op("add", "twice", found, found)})


def rounded(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each column in 127 steps up to its largest number."""
    largest = np.abs(table.astype(np.float64)).max(axis=0)
    step = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return (np.rint(table / step.astype(np.float64)) * step).astype(np.float32)


@given(st.integers(1, 30), st.integers(1, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_rows_are_what_is_left_of_them_in_bytes(rows: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes = random.choice([0, 1e-6, 1, 1e6], columns)
    table = (random.standard_normal((rows, columns)) * sizes).astype(np.float32)
    graph = in_bytes(looked_up(table))
    given_ = {"x": random.integers(0, rows, (5, 9), np.uint8)}
    found = interpret(graph, given_)
    np.testing.assert_array_equal(found["found"], rounded(table)[given_["x"]])
    np.testing.assert_array_equal(found["twice"], 2 * rounded(table)[given_["x"]])
    assert np.abs(found["found"] - table[given_["x"]]).max() <= np.abs(table).max() / 250
    assert graph.by_name["table"].type.nbytes == rows * columns
    assert in_bytes(graph) is graph


@given(graphs(most=8))
@settings(max_examples=25)
def test_any_graph_answers_as_with_rounded_tables(graph: Graph) -> None:
    tables = {node.inputs[1]: graph.by_name[node.inputs[1]].value for node in graph.nodes if node.op == "gather"}
    expected = graph.fill({name: rounded(value) for name, value in tables.items() if value is not None})
    rows = inputs_for(graph, 3)
    wanted, found = interpret(expected, rows), interpret(in_bytes(graph), rows)
    for field in wanted:
        np.testing.assert_array_equal(found[field], wanted[field])


def test_compiled_rows_have_the_same_bits_and_onnxruntime_agrees(tmp_path: Path) -> None:
    graph = in_bytes(looked_up(np.random.default_rng(0).standard_normal((40, 5)).astype(np.float32)))
    given_ = {"x": np.random.default_rng(1).integers(0, 256, (20, 9), np.uint8)}
    wanted = interpret(graph, given_)
    for field, answers in poisoned(compiled(graph, tmp_path), given_).items():
        np.testing.assert_array_equal(answers, wanted[field])
    session = onnxruntime.InferenceSession(export(graph, "program"), providers=["CPUExecutionProvider"])
    for field, answers in zip(wanted, session.run(list(wanted), given_), strict=True):
        np.testing.assert_array_equal(answers, wanted[field])


def messages(folder: Path, store: Store) -> tuple[Program, Snapshot]:
    """A table of texts, each about one of two things."""
    lines = [f"{word} number {n},{topic}" for n in range(60) for word, topic in (("rain", "sky"), ("bread", "food"))]
    (folder / "messages.csv").write_text("\n".join(["message,topic", *lines]), encoding="utf-8")
    program = infer_program(folder / "messages.csv", "topic")
    return program, load("sources", "table").snapshot(program, folder, None, store)


@pytest.mark.parametrize("arithmetic", ["float", "int8"])
@pytest.mark.parametrize("width", [0, 3])
def test_a_fitted_text_has_tables_in_bytes_and_is_fitted_on_in_floats(
    arithmetic: str, width: int, tmp_path: Path
) -> None:
    store = Store(tmp_path / "cache")
    program, snapshot = messages(tmp_path, store)
    program = replace(program, target=replace(program.target, arithmetics=(arithmetic,)))
    sizes = {"bits": 6, "grams": 2, "word": 3, "width": width}
    graph, recipe = skeleton_graph(program, snapshot, "text.v3", sizes), Recipe(epochs=4, batch=16, rate=0.02)
    fitted = fit_once(program, snapshot, graph, recipe, store)
    assert fitted.floats is not None
    assert fitted.tune == 1
    for name in ("grams.table", "loud.table"):
        assert fitted.graph.by_name[name].type.dtype == "int8"
        assert fitted.floats.by_name[name].type.dtype == "float32"
    on = fit_once(program, snapshot, graph, recipe, store, start=fitted.floats)
    assert on.floats is not None
    assert on.floats.digest != fitted.floats.digest
    priced, made = simplify(stand_in(graph, arithmetic)), simplify(fitted.graph)
    assert [(n.op, n.type.nbytes) for n in priced.nodes] == [(n.op, n.type.nbytes) for n in made.nodes]
