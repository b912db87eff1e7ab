"""Tables of whole numbers say what NumPy rounds, interpreted, in C and in onnxruntime; the floats are kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

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
from datacc.compiler.tables import compact
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
from tests.laws import about


def looked_up(table: NDArray[np.float32], rows: int = 9) -> Graph:
    """Rows of a table, as they are and twice as large."""
    b = Builder()
    weight = b.weight("table", table.shape, value=table)
    found = b.op("gather", "found", b.input("x", "uint8", (rows,)), weight)
    return b.graph({"found": found, "twice": b.op("add", "twice", found, found)})


def in_halves(table: NDArray[np.float32]) -> tuple[Graph, NDArray[np.float32]]:
    """A table of several columns, and what a step of each is worth."""
    graph = compact(looked_up(table))
    scale = graph.by_name["found.scale"].value
    assert scale is not None
    return graph, scale * np.float32(16)


def left(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is left of a table in seven steps, or, of a single column, in 127 up to its largest number."""
    if table.shape[1] > 1:
        return rounded(table, in_halves(table)[1])
    largest = np.abs(table.astype(np.float64)).max(axis=0)
    return rounded(table, np.where(largest > 0, largest / 127, 1).astype(np.float32), 127)


def rounded(table: NDArray[np.float32], steps: NDArray[np.float32], most: int = 7) -> NDArray[np.float32]:
    """What is left of a table in steps of so much in each column."""
    return np.rint(table.astype(np.float64) / steps).clip(-most, most).astype(np.float32) * steps


def drawn(seed: int, rows: int, columns: int) -> NDArray[np.float32]:
    """Columns of many sizes, with few numbers that are far larger than the others."""
    random = np.random.default_rng(seed)
    sizes = random.choice([0, 1e-6, 1, 1e6], columns) * random.choice([1, 30], (rows, columns), p=[0.95, 0.05])
    return (random.standard_normal((rows, columns)) * sizes).astype(np.float32)


TABLES = st.builds(drawn, st.integers(0, 2**32 - 1), st.integers(1, 99), st.integers(1, 9))


@given(TABLES)
def test_rows_are_what_is_left_of_them_in_few_steps(table: NDArray[np.float32]) -> None:
    rows, columns = table.shape
    graph, kept, nbytes = compact(looked_up(table)), left(table), rows * -(-columns // 2)
    numbers = np.repeat(np.arange(rows, dtype=np.uint8)[:, None], 9, axis=1)
    found = interpret(graph, {"x": numbers})
    np.testing.assert_array_equal(found["found"], kept[numbers])
    np.testing.assert_array_equal(found["twice"], 2 * kept[numbers])
    assert graph.by_name["table"].type.nbytes == nbytes
    assert compact(graph) is graph


@given(TABLES.filter(lambda table: table.shape[1] > 1))
def test_half_bytes_reach_the_largest_number_or_lose_less(table: NDArray[np.float32]) -> None:
    """By fourth powers; a column is looked at in bytes, so that each number is half a 127th of the largest off."""
    exact = table.astype(np.float64)
    largest = np.abs(exact).max(axis=0) + 1e-30
    plain = largest / 7

    def lost(steps: NDArray[Any]) -> NDArray[np.float64]:
        off = rounded(table, steps.astype(np.float32)) - exact
        return np.asarray((off**4).mean(axis=0) ** 0.25)

    steps = np.where(largest > 1e-29, in_halves(table)[1], plain)
    assert (steps <= plain * 1.0001).all()
    assert (steps >= plain * 0.9999 / 16).all()
    for part in range(1, 17):
        assert (lost(steps) <= lost(plain * part / 16) + largest / 120).all()


@given(graphs(most=8))
@settings(max_examples=about(25))
def test_any_graph_answers_as_with_rounded_tables(graph: Graph) -> None:
    tables = {node.inputs[1]: graph.by_name[node.inputs[1]].value for node in graph.nodes if node.op == "gather"}
    floats = {name: table for name, table in tables.items() if table is not None and table.dtype == np.float32}
    expected = graph.fill({name: left(table) for name, table in floats.items()})
    rows = inputs_for(graph, 3)
    wanted, found = interpret(expected, rows), interpret(compact(graph), rows)
    for field in wanted:
        np.testing.assert_array_equal(found[field], wanted[field])


@pytest.mark.parametrize("columns", [1, 2, 5, 24])
def test_compiled_rows_have_the_same_bits_and_onnxruntime_agrees(columns: int, tmp_path: Path) -> None:
    graph = compact(looked_up(np.random.default_rng(0).standard_normal((40, columns)).astype(np.float32)))
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
def test_a_fitted_text_has_small_tables_and_is_fitted_on_in_floats(arithmetic: str, width: int, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    program, snapshot = messages(tmp_path, store)
    program = replace(program, target=replace(program.target, arithmetics=(arithmetic,)))
    sizes = {"bits": 6, "grams": 2, "word": 3, "width": width}
    graph, recipe = skeleton_graph(program, snapshot, "text.v3", sizes), Recipe(epochs=4, batch=16, rate=0.02)
    fitted = fit_once(program, snapshot, graph, recipe, store)
    assert fitted.floats is not None
    assert fitted.tune == 1
    for name, dtype in (("grams.table", "int4"), ("loud.table", "int8")):
        assert fitted.graph.by_name[name].type.dtype == dtype
        assert fitted.floats.by_name[name].type.dtype == "float32"
    on = fit_once(program, snapshot, graph, recipe, store, start=fitted.floats)
    assert on.floats is not None
    assert on.floats.digest != fitted.floats.digest
    priced, made = simplify(stand_in(graph, arithmetic)), simplify(fitted.graph)
    assert [(n.op, n.type.nbytes) for n in priced.nodes] == [(n.op, n.type.nbytes) for n in made.nodes]
