"""Tables that people really have: what is wrong is said with its place and what to try, and nothing is left behind."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.runtime.load import load

Datacc = Callable[..., dict[str, Any]]
Told = Callable[..., str]

TEXTS = [(f"word {n % 7} and {n} more of them", "ab"[n % 2]) for n in range(120)]


def table(rows: list[tuple[str, str]], head: str = "text,topic") -> str:
    return "\n".join([head, *(f"{text},{label}" for text, label in rows)]) + "\n"


def with_line(number: int, line: str) -> str:
    """A good table but for one line."""
    lines = table(TEXTS).splitlines()
    return "\n".join([*lines[: number - 1], line, *lines[number:]])


def records(*odd: str, head: str = "size,kind,topic") -> str:
    """Numbers and a category that are no trouble, and then some rows that are."""
    return "\n".join([head, *(f"{n * 0.37:.2f},{'pq'[n % 3 == 0]},{'xy'[n % 2]}" for n in range(120)), *odd]) + "\n"


@pytest.mark.parametrize(
    ("data", "where", "told", "tried"),
    [
        (with_line(9, "a,b,c"), "", "bad.csv:9: has 3 cells; the header has 2: 'c' is one too many", "--skip-bad"),
        (with_line(9, "alone"), "", "bad.csv:9: has 1 cell; the header has 2: column 'topic'", "--skip-bad"),
        (table(TEXTS).encode() + b"caf\xe9,a\n", ":122:4", "0xE9, is not UTF-8.*'café,a'", "iconv -f cp1252"),
        (with_line(9, "x,\ud800").encode("utf-8", "surrogatepass"), ":9:3", "surrogate", "iconv -c"),
        (table(TEXTS, "topic,topic"), ":1", "two columns are named 'topic': 1, 2", "rename"),
        (with_line(9, 'one,"two'), ":9:5", "never closed", "close it"),
        (with_line(9, '"one" two,a'), ":9:6", "' ' follows a quotation mark", "twice"),
        (with_line(9, 'b,a\nc,"never closed\n"d",a'), ":11:2", "'d' follows .* cell began at 10:3", "twice"),
        (with_line(9, "x" * 10_000_000 + ",a"), "", "bad.csv:9: column 'text' holds 10,000,000 char", "--skip-bad"),
        ("", "", "the table is empty", "header"),
        ("\n\n", "", "the table is empty", "header"),
        ("text,topic\n", "", "there is no example", "rows"),
        (table(TEXTS, "text,Topic"), "", "no column 'topic'.*'text', 'Topic'", "--label Topic"),
        (table(TEXTS, "text,topics"), "", "no column 'topic'", "--label topics"),
        (table(TEXTS[1:], ",".join(TEXTS[0])), "", "no column 'topic'", "is there a header?"),
        (table([(text, "") for text, _ in TEXTS]), "", "no row has a label: column 'topic' is empty", "another column"),
        (table(TEXTS[:2]), "", "2 examples are too few", "about 100 are a beginning"),
        (
            table([("the first text of two", "a"), ("and the other one here", "b")] * 60),
            "",
            "120 examples are too few: those of equal input or group share a split, and make 2 sets: learn",
            "with other inputs",
        ),
        (table([("hi", "a")]), "", "nothing to learn from in 1 row", "about 100 are a beginning"),
        ("n,topic\n" + "1,a\n1,b\n" * 50, "", r"nothing to learn from in 100 rows: 'n' \(constant\)", "that varies"),
        (
            "size;topic\n" + "".join(f"{n % 9},{n % 7};{'ab'[n % 2]}\n" for n in range(90)),
            "",
            r"nothing to learn from in 90 rows: 'size' \(text that repeats, or is short\)",
            "'size' looks like numbers, such as '0,0'; only those like 1234.5",
        ),
        (
            table([(text, "a") for text, _ in TEXTS]),
            "",
            r"every labelled example \(120\) has the same topic: 'a'",
            "another class",
        ),
        (table([(t, f"{t} so they say") for t, _ in TEXTS]), "", "classes in .* look like free text", "another column"),
        (table([(t, f"row{n}") for n, (t, _) in enumerate(TEXTS)]), "", "numbers of single examples", "another column"),
        (
            table([(t, f"{a};{n % 5}x;{n % 7}y;{n % 4}z") for n, (t, a) in enumerate(TEXTS)]),
            "",
            "several labels between semicolons",
            "--type labels",
        ),
        (
            table([(f"word {n} of some", f"c{n % 10_000}") for n in range(20_000)]),
            "",
            r"topic has 9,\d+ classes in 1\d,\d+ examples",
            "into one class first",
        ),
        (
            records("1e308,p,x"),
            "",
            "bad.csv:122: column 'size' holds '1e308', which is no finite float32",
            "--skip-bad",
        ),
        (records("1e999,p,x"), "", "bad.csv:122: column 'size' holds '1e999'", "--skip-bad"),
        (records("twelve,p,x"), "", "bad.csv:122: column 'size' holds 'twelve', which is no number", "--skip-bad"),
    ],
    ids=lambda value: None if isinstance(value, str) and len(value) < 60 else "",
)
def test_what_is_wrong_is_said_with_its_place(
    data: str | bytes,
    where: str,
    told: str,
    tried: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    datacc: Datacc,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
    error = datacc("build", "bad.csv", "--label", "topic", code=errors.DataError.exit_code)["error"]
    assert re.search(told, error["what"], re.DOTALL)
    assert error["where"] in (f"bad.csv{where}", "")
    assert any(tried in one for one in error["tries"])
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.csv", ".datacc"}


def test_a_line_that_tells_the_delimiter_and_marks_of_other_encodings_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    """What spreadsheets save: all of it is the same table, and lines keep their numbers."""
    monkeypatch.chdir(tmp_path)
    sheet = table([(text, label) for text, label in TEXTS]).replace(",", ";").replace("\n", "\r\n")
    for name, text in (
        ("plain", sheet),
        ("told", "sep=;\r\n" + sheet),
        ("quoted", '"sep=|"\r\n' + sheet.replace(";", "|")),
    ):
        for encoding in ("utf-8-sig", "utf-16", "utf-32"):
            Path("bad.csv").write_bytes((text + "one;two;three|four|five\r\n").encode(encoding))
            error = datacc("build", "bad.csv", "--label", "topic", code=errors.DataError.exit_code)["error"]
            line = 122 if name == "plain" else 123
            assert f"bad.csv:{line}: has 3 cells; the header has 2" in error["what"]
            assert "--skip-bad takes the other 120" in error["tries"]


def test_what_is_no_table_says_what_to_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("data/it.csv").write_text(table(TEXTS))
    Path("it.xlsx").write_bytes(b"PK\x03\x04")
    Path("it").write_text(table(TEXTS))
    Path("it.jsonl").write_text('{"text": "a", "topic": "b"}\n{"text":\n[1, 2]\n')
    for given, what, tried in (
        ("data", "the folder holds no folder per class, but tables", "data/it.csv"),
        ("it.xlsx", "files that end in '.xlsx'", "save the sheet as CSV"),
        ("it", "files without an ending", ".csv, .tsv"),
        ("data\\it.csv", "no such file", "data/it.csv"),
        ("it.jsonl", "2 examples cannot be read\n  it.jsonl:2: is not JSON", "mend or remove them"),
    ):
        error = datacc("build", given, "--label", "topic", code=errors.DataError.exit_code)["error"]
        assert what in error["what"]
        assert any(tried in one for one in error["tries"])


def test_inputs_are_those_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc) -> None:
    """Which a first build infers otherwise; a later one says that they stand in datacc.toml."""
    monkeypatch.chdir(tmp_path)
    Path("two.csv").write_text(
        "near,far,topic\n" + "".join(f"{n % 2 + n * 1e-3},{n * n % 7 + 0.5},{'ab'[n % 2]}\n" for n in range(120))
    )
    assert datacc("build", "two.csv", "--label", "topic", "--inputs", "near")["holds"]
    assert load("build/two")({"near": 1.05}).label == "b"
    code = errors.UsageError.exit_code
    assert "or columns" in datacc("build", "two.csv", "--label", "topic", "--inputs", "far", code=code)["error"]["what"]
    assert datacc("build", "two.csv", "--label", "topic")["holds"]
    Path("two.csv").unlink()
    error = datacc("build", code=errors.DataError.exit_code)["error"]
    assert "no such file or folder: two.csv" in error["what"]
    assert re.fullmatch(r"datacc\.toml:\d+", error["where"])


def test_odd_texts_and_labels_are_learnt_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    """A mark of the byte order, quotes across lines, zeros, right to left, and emoji as classes, in one table."""
    monkeypatch.chdir(tmp_path)
    words = {
        "🙂": "\u05e9\u05dc\u05d5\u05dd\n😀 \u2067\u05ea\u05d5\u05d3\u05d4\u2069",
        "🏳️‍🌈": '"two" \0 words\r\nand, more',
    }
    with Path("odd.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "topic"])
        writer.writerows([f"{n} {word} {n % 5}", label] for n in range(60) for label, word in words.items())
    assert datacc("build", "odd.csv", "--label", "topic")["holds"]
    program = load("build/odd")
    for label, word in words.items():
        assert program(f"999 {word} 1").label == label
    answers = datacc("run", "build/odd", "odd.csv")["answers"]
    assert [one["label"] for one in answers] == list(words) * 60
    lines = [answers[0]["input"], answers[1]["input"], answers[2]["input"]]
    assert lines == ["odd.csv:2", "odd.csv:4", "odd.csv:6"]  # each cell holds a line end


def test_what_may_be_left_out_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    """Rows of nothing, values never seen before, other dates: the program is built, and answers what comes."""
    monkeypatch.chdir(tmp_path)
    dated = [f"{n * 0.37:.2f},{n % 28 + 1:02d}.04.2021,{'xy'[n % 2]}" for n in range(120)]
    Path("odd.csv").write_text(
        "\n".join(["size,day,topic", *dated, ",,x", "NA,01.04.2021,y", "1e308,02.04.2021,x", "1"])
    )
    said = " ".join(told("build", "odd.csv", "--label", "topic", "--skip-bad").split())
    assert "2 examples left out: odd.csv:125 has 1 cell" in said
    assert "odd.csv:124 column 'size' holds '1e308'" in said
    assert "'day' looks like dates, such as '01.04.2021'; only those like 2021-04-30 are read as dates" in said
    assert "values may be missing: 'size'" in said
    program = load("build/odd")
    for cells in ({"size": None, "day": "never seen"}, {"size": "NA", "day": None}, {"size": 3.5, "day": "2021-04-30"}):
        assert 0 < program(cells).confidence <= 1
