"""Examples kept column by column say what they say row by row: values, digests, snapshots."""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from datacc.repo.coded import NONE, Coded, as_coded, coded, together
from datacc.repo.example import Example, columnar
from datacc.repo.frozen import told_of_rows
from datacc.repo.identity import content, contents_of
from datacc.repo.ids import to_ids
from datacc.repo.lines import lines_of
from datacc.repo.run import read_run
from datacc.repo.run_files import Rows, run_files
from datacc.repo.snapshot import freeze
from datacc.spec.program import Field, Program
from datacc.store import Store
from datacc.types.columns import Columns
from datacc.types.record import ENTRY as RECORD

PLAIN = st.none() | st.text(max_size=4) | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2).map(lambda x: x + 0.0)
CELL = PLAIN | st.lists(st.integers(0, 1), max_size=2) | st.builds(lambda a: {"media": a}, st.sampled_from("ab"))
SIMPLE = st.none() | st.sampled_from(["a", "b", "ä,", "NA"]) | st.floats(-2, 2).map(lambda x: x + 0.0)


def told(cell: Any) -> Any:
    """Numbers by value, since 1 and 1.0 are the same JSON; all else with its type."""
    return float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else (type(cell), repr(cell))


@given(st.lists(st.lists(CELL, max_size=6), max_size=4), st.data())
def test_a_coded_column_holds_its_cells(parts: list[list[Any]], data: st.DataObject) -> None:
    cells = [cell for part in parts for cell in part]
    for column in (coded(parts), together([coded([part]) for part in parts] or [coded([])])):
        assert list(map(told, column)) == list(map(told, cells))
        assert [told(column[n]) for n in range(len(column))] == list(map(told, cells))
        assert len(set(map(repr, map(told, column.words)))) == len(column.words)
        some = data.draw(st.lists(st.integers(0, max(len(cells) - 1, 0)), max_size=5)) if cells else []
        assert list(map(told, column.take(some))) == [told(cells[n]) for n in some]


@given(st.lists(st.tuples(SIMPLE, SIMPLE, SIMPLE), max_size=8))
def test_contents_are_those_of_the_rows(rows: list[tuple[Any, ...]]) -> None:
    columns = [coded([column]) for column in zip(*rows, strict=True)]
    assert contents_of(columns, missing="null") == list(map(content, rows))
    assert contents_of(columns) == [content(cell for cell in row if cell is not None) for row in rows]


def test_contents_of_media_are_their_addresses() -> None:
    cells = [{"media": "0f"}, {"media": "aa"}, {"media": "0f"}]
    assert contents_of([coded([cells])]) == ["0f", "aa", "0f"]


ROWS = st.lists(st.tuples(st.floats(-9, 9) | st.none(), st.sampled_from(["red", "blue", "", None])), max_size=9)


@given(ROWS)
def test_a_record_reads_columns_as_it_reads_rows(rows: list[tuple[Any, ...]]) -> None:
    options = RECORD.options(columns=("x", "colour"), categories={"colour": ("red", "blue")}, missing=("x",))
    columns = Columns([coded([[row[f] for row in rows]]) for f in range(2)])
    assert list(columns) == list(map(list, rows))
    assert [columns[n] for n in range(len(rows))] == list(columns)
    np.testing.assert_array_equal(RECORD.encode(columns, options), RECORD.encode(list(map(list, rows)), options))


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), st.data())
def test_a_run_gives_its_columns_as_its_rows(cells: list[tuple[Any, Any]], data: st.DataObject) -> None:
    ids = [f"{n:032x}" for n in range(len(cells))]
    columns: dict[str, list[Any]] = {"one": [a for a, _ in cells], "two": [b for _, b in cells]}
    id, files = run_files(Rows(ids=ids, values={"label": ["x"] * len(ids)}, cells=columns), "test")
    texts = [files[f"runs/{id}/{name}"] for name in ("labels.tsv", "manifest.json", "inputs.jsonl")]
    run = read_run(id, *texts)
    assert to_ids(ids).tolist() == run.ids.tolist()
    assert run.lines is not None
    assert len(lines_of(texts[2])) == len(run.lines)
    numbers = data.draw(st.lists(st.integers(0, len(ids) - 1), min_size=1, max_size=6))
    found = run.coded(numbers)
    for name in columns:
        assert list(map(told, found[name])) == [told(run.row(n).cells.get(name)) for n in numbers]


PROGRAM = Program(
    name="shapes",
    inputs=(Field(name="record", type="record", options={"columns": ["width"]}),),
    outputs=(Field(name="shape", type="label"),),
)


def example(n: int) -> Example:
    columns = {"source": n % 3} if n % 2 else {}
    return Example(
        id=f"{n * 7919 % 65536:032x}",
        content=content([float(n)]),
        inputs={"record": [float(n)]},
        labels={"shape": "wide" if n % 5 else "tall"},
        columns=columns,
        name=f"row {n}",
        group=str(n // 2) if n < 20 else None,
    )


def test_columns_freeze_as_rows_do(tmp_path: Path) -> None:
    rows = [example(n) for n in range(200)]
    columns = columnar(rows)
    assert list(columns) == rows
    assert list(columns.take([7, 3])) == [rows[7], rows[3]]
    assert columnar(columns) is columns
    kept = replace(
        columns,
        inputs={"record": Columns([coded([[float(n) for n in range(200)]])])},
        labels={"shape": as_coded(columns.labels["shape"])},
        columns={"source": as_coded(columns.columns["source"])},
    )
    frozen = [
        freeze(Store(tmp_path / str(n)), PROGRAM, one, {"shape": ("wide", "tall")}, "table t")
        for n, one in enumerate((rows, kept, kept.take(range(199, -1, -1))))
    ]
    assert len({one.digest for one in frozen}) == len({one.seen for one in frozen}) == 1
    assert frozen[0].columns == frozen[1].columns == frozen[2].columns
    less = replace(kept, columns={"source": as_coded([*kept.columns["source"][1:], 5])})
    assert freeze(Store(tmp_path), PROGRAM, less, {"shape": ("wide", "tall")}, "t").digest != frozen[0].digest


@given(st.lists(st.none() | st.text(max_size=3) | st.integers(0, 3)), st.randoms(use_true_random=False))
def test_a_column_has_one_digest_however_its_words_are_numbered(cells: list[Any], random: Random) -> None:
    found = as_coded(cells)
    numbers = random.sample(range(len(found.words)), len(found.words))
    words = [word for _, word in sorted(zip(numbers, found.words, strict=True), key=lambda pair: pair[0])]
    codes = np.array([*numbers, NONE], np.int32)[found.codes]
    other = Coded(codes=codes, words=tuple(words))
    assert list(other) == cells
    one, same = (
        told_of_rows(replace(columnar([example(n) for n in range(len(cells))]), columns={"cell": column}))
        for column in (cells, other)
    )
    assert one == same
