"""CSV and TSV: a header line, then one example per line; the delimiter is found by looking.

Exported cells are guarded against spreadsheets that run text as formulas (`formula.py`).
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from datacc.errors import DataError
from datacc.intake import Bad, Format, Found, Raw, TableRows
from datacc.intake.faults import broken, ragged, refuse_others, refuse_wide, undecodable
from datacc.intake.formula import guard, unguard
from datacc.intake.sheet import Said, Sheet, SheetColumn, as_cell, from_cell, read_side, side_file
from datacc.repo.coded import each
from datacc.repo.words import printable

_DELIMITERS: Final = (",", "\t", ";", "|")
_TOLD: Final = re.compile(r'"?sep=([,;|\t])"?(?=[\r\n]|$)', re.IGNORECASE)  # what spreadsheets write to be understood
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # which begins like the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOK: Final = 20  # records read to find the delimiter
_LONGEST_CELL: Final = 1 << 28  # characters


class Table(Format):
    """Rows of text; which columns are numbers, labels or groups is decided later, unless an export told it."""

    endings = (".csv", ".tsv")

    def matches(self, path: Path) -> bool:
        """Whether the name ends in .csv or .tsv."""
        return path.suffix.lower() in (".csv", ".tsv") and path.is_file()

    def read(self, path: Path) -> Found:
        """The rows below the header; blank lines are left out, ragged ones are bad."""
        csv.field_size_limit(_LONGEST_CELL)
        text, said = _text(path), read_side(path)
        delimiter = _written_with(path) if said else _delimiter(text, path)
        refuse_wide(_width(text, delimiter), path)
        records, lines = _records(text, delimiter, path)
        below = _header_at(text, records) + 1
        header = _header(records[below - 1] if records[below - 1 :] else [], path)
        width, bad = len(header), list[Bad]()
        rows, lines = records[below:], lines[below:]
        if set(map(len, rows)) - {width}:
            wrong = ((line, row) for line, row in zip(lines, rows, strict=True) if len(row) not in (0, width))
            bad = [Bad(where=f"{path.name}:{line}", why=ragged(row, header)) for line, row in wrong]
            lines = [line for line, row in zip(lines, rows, strict=True) if len(row) == width]
            rows = [row for row in rows if len(row) == width]
        columns = (each(cells, str) for cells in zip(*rows, strict=True)) if rows else ([] for _ in header)
        cells = dict(zip(header, columns, strict=True))
        table = TableRows(where=[f"{path.name}:{line}" for line in lines], cells=cells)
        found = Found(rows=table, columns=tuple(header), bad=tuple(bad))
        return _as_said(found, said, path) if said else found

    def write(self, sheet: Sheet, path: Path) -> None:
        """The table, tab-separated when the name ends in .tsv, and beside it what its columns are."""
        if sheet.media:
            raise DataError(
                "the examples are files, which a table cannot hold",
                where=path.name,
                tries=["a folder per class", "--format parquet"],
            )
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(
                file, delimiter=_written_with(path), lineterminator="\r\n"
            )  # so that a lone \r is quoted
            writer.writerow([guard(column.name) for column in sheet.columns])
            for number, row in enumerate(sheet.rows, 1):
                cells = [_cell(row.get(column.name), column) for column in sheet.columns]
                if max(map(len, cells)) > _LONGEST_CELL:
                    raise DataError("a cell is too long for a table", where=f"row {number}", tries=["--format parquet"])
                writer.writerow(cells)
        side_file(path).write_text(sheet.said(), encoding="utf-8", newline="\n")


def _written_with(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _cell(value: Any, column: SheetColumn) -> str:
    text = as_cell(value, column.type)
    return text if isinstance(value, int | float) else guard(text)


def _as_said(found: Found, said: Said, path: Path) -> Found:
    """Every cell as the value that was exported."""
    header = [unguard(name) for name in found.columns]
    if header != [column.name for column in said.columns]:
        what = "the header is not the one that its description tells"
        raise DataError(what, where=f"{path}:1", tries=["mend the header", f"remove {side_file(path).name}"])
    rows, bad = [], list(found.bad)
    for row in found.rows:
        texts = zip(said.columns, row.cells.values(), strict=True)
        try:
            rows.append(Raw(where=row.where, cells={c.name: _value(text, c, row.where) for c, text in texts}))
        except DataError as error:
            bad.append(Bad(where=row.where, why=error.what))
    return said.found(rows, bad=tuple(bad))


def _value(text: str, column: SheetColumn, where: str) -> Any:
    return from_cell(text if column.type == "number" else unguard(text), column.type, where)


def _text(path: Path) -> str:
    raw = path.read_bytes()
    refuse_others(raw, path)
    encoding = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "utf-8")
    try:
        return raw.decode(encoding).lstrip("\ufeff")  # some tools mark what is marked already
    except UnicodeDecodeError as error:
        raise undecodable(raw, error, path) from error


def _delimiter(text: str, path: Path) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    if told := _TOLD.match(text):
        return told[1]
    return max(_DELIMITERS, key=lambda delimiter: _plausible(text, delimiter))


def _plausible(text: str, delimiter: str) -> tuple[float, int]:
    """How many of the first records are as wide as the header, and that width; one column is no evidence."""
    head = text[: 64 * 1024]
    try:
        widths = [len(record) for record in islice(csv.reader(io.StringIO(head), delimiter=delimiter), _LOOK) if record]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] == 1:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _width(text: str, delimiter: str) -> int:
    """How many columns the first line has at most that is not blank."""
    told = _TOLD.match(text)
    line = re.compile(r"[\r\n]*([^\r\n]*)").match(text, told.end() if told else 0)
    return text.count(delimiter, *line.span(1)) + 1 if line else 0


def _header_at(text: str, records: Sequence[list[str]]) -> int:
    """The place of the header among the records: blank lines may stand before it, and one that tells the delimiter."""
    begin = 1 if _TOLD.match(text) else 0
    return next((n for n, record in enumerate(records[begin:], begin) if record), begin)


def _records(text: str, delimiter: str, path: Path) -> tuple[list[list[str]], Sequence[int]]:
    """The records, and the number of the first line of each."""
    file = io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline="")  # a StringIO takes four bytes a character
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    records, lines, line = [], [1], 1
    try:
        if '"' not in text:  # then a line is a record
            records = list(reader)
            return records, range(1, len(records) + 1)
        for record in reader:
            records.append(record)
            line = reader.line_num + 1
            lines.append(line)
        return records, lines[:-1]
    except csv.Error as error:
        line = line if lines[1:] else max(1, reader.line_num)
        raise broken(text, delimiter, line, str(error), path) from error


def _header(record: list[str], path: Path) -> list[str]:
    header = [name.strip() or f"column {i + 1}" for i, name in enumerate(record)]
    twice = [name for name, count in Counter(header).items() if count > 1]
    if not header:
        raise DataError("the table is empty", where=str(path), tries=["give a file with a header line and rows"])
    if twice:
        places = ", ".join(str(n) for n, name in enumerate(header, 1) if name == twice[0])
        what = f"two columns are named {printable(twice[0], 60)!r}: {places}"
        raise DataError(what, where=f"{path}:1", tries=["rename all of them but one"])
    return header


ENTRY = Table()
