"""Tables with a fault: the error names the line and the column of it, wherever it was planted."""

import csv
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import DataError
from datacc.intake.faults import MOST_COLUMNS
from datacc.registry import load

TABLE = load("intake", "table")
CELLS = st.text(st.sampled_from('ab ",\n\ré😀'), max_size=6)
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6)
ENDS = st.sampled_from(["\n", "\r\n"])


def refused(folder: Path, data: bytes, name: str = "data.csv") -> DataError:
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        TABLE.read(path)
    assert caught.value.tries
    return caught.value


def written(rows: list[list[str]], end: str) -> str:
    """The rows as the standard library writes them, below a header that makes the delimiter plain."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=end).writerows([["one", "two", "three"], *rows])
    return file.getvalue()


def place(before: str) -> tuple[int, int]:
    """The line and column of what follows `before`, as an editor counts them."""
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines), len(lines[-1]) + 1


@given(ROWS, ENDS, st.integers(0, 2), st.text(st.sampled_from("ab \n,"), max_size=9))
def test_a_quotation_mark_that_is_never_closed(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], end: str, cell: int, rest: str
) -> None:
    before = written(rows, end) + "x," * cell
    error = refused(tmp_path_factory.mktemp("t"), (before + '"' + rest).encode())
    line, column = place(before)
    assert error.where.endswith(f"data.csv:{line}:{column}")
    assert "never closed" in error.what


@given(ROWS, ENDS, CELLS.filter(lambda text: '"' not in text), st.sampled_from("x1 é"))
def test_what_follows_a_quotation_mark_that_closes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], end: str, cell: str, odd: str
) -> None:
    before = f'{written(rows, end)}x,"{cell}"'
    error = refused(tmp_path_factory.mktemp("t"), f"{before}{odd},y{end}".encode())
    line, column = place(before)
    assert error.where.endswith(f"data.csv:{line}:{column}")
    assert repr(odd) in error.what


@given(ROWS, ENDS, st.text(st.sampled_from("ab é"), max_size=6), st.integers(0x80, 0xC1))
def test_a_byte_that_is_no_text(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], end: str, cell: str, wrong: int
) -> None:
    before = (written(rows, end) + cell).encode()
    error = refused(tmp_path_factory.mktemp("t"), before + bytes([wrong]) + b",y,z")
    lines = before.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert error.where.endswith(f"data.csv:{len(lines)}:{len(lines[-1]) + 1}")
    assert f"0x{wrong:02X}" in error.what


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"PK\x03\x04rest", "workbook"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\n<!DOCTYPE html><html>", "page of the web"),
        (b"PAR1rest", "Parquet"),
        ("a,b\n1,2\n".encode("utf-16-le"), "UTF-16LE without its mark"),
        ("a,b\n1,2\n".encode("utf-16-be"), "UTF-16BE without its mark"),
        (b"a,b\n1,\xed\xa0\x80\n", "half of a surrogate pair"),
    ],
)
def test_other_kinds_of_files_are_told(tmp_path: Path, data: bytes, told: str) -> None:
    assert told in refused(tmp_path, data).what


def test_what_is_tried_against_a_wrong_encoding_works(tmp_path: Path) -> None:
    """The text that iconv makes of it is read."""
    data = "name,kind\ncafé,x\nnaïve,y\n".encode("cp1252")
    error = refused(tmp_path, data)
    assert error.tries == ("iconv -f cp1252 -t utf-8 data.csv > utf8-data.csv",)
    (tmp_path / "utf8.csv").write_text(data.decode("cp1252"), encoding="utf-8")
    assert TABLE.read(tmp_path / "utf8.csv").rows[1].cells["name"] == "naïve"


@pytest.mark.parametrize("name", ["data.csv", "data.jsonl"])
def test_a_million_columns_are_refused_before_anything_is_made_of_each(tmp_path: Path, name: str) -> None:
    names = [f"c{n}" for n in range(1_000_000)]
    if name == "data.csv":
        text = "\n".join([",".join(names), *[",".join("1" * len(names))] * 3])
    else:
        text = "\n".join(json.dumps(dict.fromkeys(names[n::50], 1)) for n in range(50))
    path = tmp_path / name
    path.write_text(text)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=f"1,000,000 columns; {MOST_COLUMNS:,} are read at most"):
            load("intake", path.suffix.replace("csv", "table").lstrip(".")).read(path)
        assert tracemalloc.get_traced_memory()[1] < 500e6
    finally:
        tracemalloc.stop()


def test_a_file_of_old_line_ends_is_one_of_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"a,b\r" + b"1,2\r" * (MOST_COLUMNS + 1))
    assert len(TABLE.read(path).rows) == MOST_COLUMNS + 1
