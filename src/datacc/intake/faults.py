"""What is wrong with a file that is no table: the line and the column of the fault, and what it looks like instead."""

import codecs
import re
from pathlib import Path
from typing import Final

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.repo.words import counted, printable

MOST_COLUMNS: Final = 1 << 16
_HEAD: Final = 4096  # bytes that tell what a file is
_AROUND: Final = 12  # characters shown on either side of a byte
_MANY_ZEROS: Final = 0.2  # of the bytes: two for each letter

_LOOKS: Final = (
    (b"PK\x03\x04", "a zip file, such as a workbook of a spreadsheet", "save the sheet as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "a workbook of an old spreadsheet", "save the sheet as CSV (UTF-8)"),
    (b"\x1f\x8b", "packed by gzip", "gunzip it; give the file inside a name that ends in .csv"),
    (b"\x89PNG", "a picture", "a folder per class holds pictures"),
    (b"\xff\xd8\xff", "a picture", "a folder per class holds pictures"),
    (b"PAR1", "a Parquet file", "give it a name that ends in .parquet"),
    (b"%PDF", "a PDF", "export its table as CSV"),
)


def refuse_others(raw: bytes, path: Path) -> None:
    """Raise `DataError` for bytes that are plainly another kind of file."""
    head = raw[:_HEAD]
    for begins, what, to_do in _LOOKS:
        if head.startswith(begins):
            raise DataError(f"is no table of text: it looks like {what}", where=f"{path}:1:1", tries=[to_do])
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|\?xml)", head, re.IGNORECASE):
        what = "is no table of text: it looks like a page of the web, perhaps one that says what went wrong"
        raise DataError(what, where=f"{path}:1:1", tries=["look at it, and fetch the table again"])
    marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
    if not marked and head.count(0) > _MANY_ZEROS * len(head):
        code = "utf-16le" if head[1::2].count(0) > head[::2].count(0) else "utf-16be"
        raise DataError(
            f"every other byte is zero: it looks like {code.upper()} without its mark",
            where=f"{path}:1:1",
            tries=[_converted(code, path)],
        )


def undecodable(raw: bytes, error: UnicodeDecodeError, path: Path) -> DataError:
    """The error that names the first byte that is no text, in its line, and what it may be."""
    line, column = _place(raw[: error.start])
    wrong = raw[error.start]
    name = error.encoding.upper()
    before, after = raw[max(0, error.start - _AROUND) : error.start], raw[error.start : error.start + _AROUND]
    near = re.split(rb"[\r\n]", before)[-1] + re.split(rb"[\r\n]", after)[0]
    around = printable(near.decode("cp1252", "replace"))
    if wrong == 0xED and raw[error.start + 1 : error.start + 2] >= b"\xa0":
        told, to_do = (
            "half of a surrogate pair",
            f"iconv -c -f utf-8 -t utf-8 {path.name} > mended-{path.name} drops it",
        )
    else:
        told, to_do = f"in Windows-1252 it would be {around!r}", _converted("cp1252", path)
    what = f"byte {column} of the line, 0x{wrong:02X}, is not {name}; {told}"
    return DataError(what, where=f"{path}:{line}:{column}", tries=[to_do])


def _place(before: bytes) -> tuple[int, int]:
    """The line and the byte in it that follows these bytes, both from 1; a line ends as Python's csv ends one."""
    lines = before.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return lines.count(b"\n") + 1, len(lines) - (lines.rfind(b"\n") + 1) + 1


def _converted(code: str, path: Path) -> str:
    return f"iconv -f {code} -t utf-8 {path.name} > utf8-{path.name}"


def broken(text: str, delimiter: str, line: int, why: str, path: Path) -> DataError:
    """The error that names the quotation mark at which the record that begins in `line` stops being one."""
    start = _start_of(text, line)
    fault = _quote_fault(text, start, delimiter)
    if fault is None:
        return DataError(f"is not a table: {why}", where=f"{path}:{line}", tries=["close every quote"])
    (row, column), (opened, first) = (_place_in(text[start:at], line) for at in (fault.at, fault.opened))
    begun = f"; the cell began at {opened}:{first}, perhaps by mistake" if opened < row else ""
    return DataError(fault.what + begun, where=f"{path}:{row}:{column}", tries=[fault.to_do])


def _place_in(before: str, line: int) -> tuple[int, int]:
    """The line and the column, from 1, that follow this text, which begins in `line`."""
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return line + len(lines) - 1, len(lines[-1]) + 1


def _start_of(text: str, line: int) -> int:
    """Where a line begins."""
    ends = re.finditer(r"\r\n|\r|\n", text)
    return next((end.end() for number, end in enumerate(ends, 2) if number == line), 0)


@frozen
class _Fault:
    """Where it is, where the quotation mark stands that opened the cell, what it is and what to try."""

    at: int
    opened: int
    what: str
    to_do: str


def _quote_fault(text: str, at: int, delimiter: str) -> _Fault | None:
    """The fault of the first field that has one; None when there is none in this record."""
    while at < len(text):
        if text[at] != '"':
            ends = re.compile(rf"[{re.escape(delimiter)}\r\n]").search(text, at)
            if ends is None or ends[0] != delimiter:
                break
            at = ends.end()
            continue
        close = _closing(text, at)
        if close is None:
            what = "a quotation mark opens here and is never closed, so that the rest of the file is one cell"
            to_do = 'close it; within quotation marks, each " is written twice'
            return _Fault(at=at, opened=at, what=what, to_do=to_do)
        after = text[close + 1 : close + 2]
        if after not in ("", delimiter, "\r", "\n"):
            told = f"{printable(after)!r} follows a quotation mark that closes a cell, where only {delimiter!r} may"
            to_do = 'write each " within the cell twice, and quote the whole cell'
            return _Fault(at=close + 1, opened=at, what=told, to_do=to_do)
        if after != delimiter:
            break
        at = close + 2
    return None


def _closing(text: str, opened: int) -> int | None:
    """Where the quotation mark stands that closes the one at `opened`."""
    at = text.find('"', opened + 1)
    while at >= 0 and text[at + 1 : at + 2] == '"':
        at = text.find('"', at + 2)
    return at if at >= 0 else None


def ragged(row: list[str], header: list[str]) -> str:
    """Why a row does not fit its header."""
    has = f"has {counted(len(row), 'cell')}; the header has {len(header)}"
    if len(row) > len(header):
        return f"{has}: {printable(row[len(header)], 30)!r} is one too many, after column {header[-1]!r}"
    return f"{has}: column {header[len(row)]!r} is the first without one"


def refuse_wide(columns: int, path: Path) -> None:
    """Raise `DataError` for more columns than a program could read, before anything is made of each."""
    if columns > MOST_COLUMNS:
        what = f"has {columns:,} columns; {MOST_COLUMNS:,} are read at most"
        tries = ["keep the columns that matter", "one row an example: are rows and columns exchanged?"]
        raise DataError(what, where=str(path), tries=tries)
