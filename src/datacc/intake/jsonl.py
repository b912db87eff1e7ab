"""JSON Lines: one object per line; a list of numbers becomes one column per element."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from datacc.errors import DataError
from datacc.intake import Bad, Format, Found, Raw
from datacc.intake.faults import refuse_wide
from datacc.intake.sheet import Sheet, read_side, side_file
from datacc.repo.identity import canonical_json

_HALF: Final = re.compile("[\ud800-\udfff]")  # JSON can escape it, UTF-8 cannot hold it


class JsonLines(Format):
    """Rows of typed cells; a missing key is a missing cell."""

    endings = (".jsonl", ".ndjson")

    def matches(self, path: Path) -> bool:
        """Whether the name ends in .jsonl or .ndjson."""
        return path.suffix.lower() in (".jsonl", ".ndjson") and path.is_file()

    def read(self, path: Path) -> Found:
        """One row per line that is not blank; a line that is not a flat JSON object is bad."""
        rows: list[Raw] = []
        bad: list[Bad] = []
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            where = f"{path.name}:{number}"
            if not line.strip():
                continue
            try:
                rows.append(Raw(where=where, cells=_object(json.loads(line.decode("utf-8-sig")))))
            except (ValueError, RecursionError) as error:
                bad.append(Bad(where=where, why=_why(error)))
        if not rows and not bad:
            raise DataError("the file is empty", where=str(path), tries=["give a file with one JSON object per line"])
        said = read_side(path)
        columns = tuple(dict.fromkeys(column for row in rows for column in row.cells))
        refuse_wide(len(columns), path)
        if said:
            columns = tuple(column.name for column in said.columns)
        whole = tuple(Raw(where=row.where, cells={c: row.cells.get(c) for c in columns}) for row in rows)
        return said.found(whole, bad=tuple(bad)) if said else Found(rows=whole, columns=columns, bad=tuple(bad))

    def write(self, sheet: Sheet, path: Path) -> None:
        """One object per row, without its empty cells, and beside the file what the columns are."""
        if sheet.media:
            raise DataError(
                "the examples are files, which JSON Lines cannot hold",
                where=path.name,
                tries=["a folder per class", "--format parquet"],
            )
        columns = [column.name for column in sheet.columns]
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for row in sheet.rows:
                file.write(canonical_json({c: row[c] for c in columns if row.get(c) is not None}) + "\n")
        side_file(path).write_text(sheet.said(), encoding="utf-8", newline="\n")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return flat(value)


def flat(value: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of an object: a list of numbers is one per element. Raises `ValueError` for anything deeper."""
    cells: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, list) and all(isinstance(x, int | float) and not isinstance(x, bool) for x in item):
            cells.update({f"{key}[{i}]": x for i, x in enumerate(item)})
        elif isinstance(item, list | dict):
            raise ValueError(f"{key!r} is nested; only numbers, text and lists of numbers are read")
        elif isinstance(item, str) and _HALF.search(item):
            raise ValueError(f"{key!r} holds half of a surrogate pair, which is no text")
        else:
            cells[key] = item
    return cells


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start + 1} of the line is not UTF-8"
    return str(error) if not isinstance(error, RecursionError) else "is nested too deeply"


ENTRY = JsonLines()
