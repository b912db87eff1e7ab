"""Calls that a running program kept: a folder of JSON Lines files, of a wheel's `wrap` or of `datacc.port`."""

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from datacc.calls.values import SEMICOLON, in_a_cell, without_halves
from datacc.errors import DataError
from datacc.intake import Bad, Format, Found, Raw
from datacc.intake.jsonl import flat

ENDING: Final = ".calls.jsonl"
ANSWER: Final = "answer"  # what the function said, the label
MEDIA: Final = "media"  # an input that is a file: {"media": its bytes in base64}
_BESIDE: Final = ("why", "said", "confidence")  # columns to slice by, where no input is called so


class Inbox(Format):
    """Each call is an example, whose label is the answer, if there was one."""

    def matches(self, path: Path) -> bool:
        """Whether it is such a file, or a folder that holds one."""
        return is_inbox(path) or (path.name.endswith(ENDING) and path.is_file())

    def read(self, path: Path) -> Found:
        """The calls, from the oldest file to the newest. Half surrogate pairs become U+FFFD, but in an answer."""
        rows: list[Raw] = []
        bad: list[Bad] = []
        inputs: dict[str, None] = {}
        for where, line in _lines(path):
            try:
                cells, files, others = _call(json.loads(line.decode("utf-8-sig")))
                if rows and bool(files) != (rows[0].media is not None):
                    raise ValueError(f"holds {_kind(files)} where the first call holds {_kind(not files)}")
            except (ValueError, RecursionError) as error:
                bad.append(Bad(where=where, why=str(error) or "is nested too deeply"))
                continue
            inputs |= dict.fromkeys(cells)
            rows.append(Raw(where=where, media=next(iter(files.values()), None), cells={**others, **cells}))
        if not rows and not bad:
            raise DataError("there are no calls", where=str(path), tries=["wrap(inbox=FOLDER) keeps them there"])
        kinds = {**dict.fromkeys(_BESIDE, "other"), ANSWER: "output", **dict.fromkeys(inputs, "input")}
        kind = "labels" if any(isinstance(row.cells.get(ANSWER), list) for row in rows) else None
        return Found(rows=tuple(map(_row, rows)), columns=tuple(kinds), bad=tuple(bad), kinds=kinds, output_type=kind)


def is_inbox(path: Path) -> bool:
    """Whether the folder `path` holds files of calls."""
    return path.is_dir() and bool(_files(path))


def _files(folder: Path) -> list[Path]:
    """The files of calls in it, the oldest first; what is only called like one (a folder, a pipe) is none."""
    return sorted(file for file in folder.glob(f"*{ENDING}") if file.is_file())


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """(place, line), but for a last line that is torn off: its process was ended."""
    for file in [path] if path.is_file() else _files(path):
        for number, line in enumerate(file.read_bytes().split(b"\n")[:-1], 1):
            yield f"{file.name}:{number}", line


def _call(value: Any) -> tuple[dict[str, Any], dict[str, bytes], dict[str, Any]]:
    """The arguments, the one that is a file, and what stands beside them. Raises `ValueError` for what is no call."""
    if not isinstance(value, dict) or not isinstance(value.get("inputs"), dict) or not value["inputs"]:
        raise ValueError("is no call: an object with inputs")
    inputs = value["inputs"]
    files = {name: _file(cell) for name, cell in inputs.items() if isinstance(cell, dict) and set(cell) == {MEDIA}}
    if files and len(inputs) > 1:
        raise ValueError("has a file and other inputs; an example is one file, or texts and numbers")
    cells = flat({name: without_halves(cell) for name, cell in inputs.items() if name not in files})
    if ANSWER in cells:
        raise ValueError(f"has an input called {ANSWER!r}, which is what the function said")
    others = {name: without_halves(value[name]) for name in _BESIDE if value.get(name) is not None}
    others |= {ANSWER: value[ANSWER]} if value.get(ANSWER) is not None else {}  # it is to name classes as it stands
    if isinstance(others.get(ANSWER), dict):
        raise ValueError("has an answer that names no class: an object")
    lists = [name for one in others.values() if isinstance(one, list) for name in one]
    if not all(isinstance(name, str) and name and name == name.strip() and SEMICOLON not in name for name in lists):
        raise ValueError("names labels that are none")
    return cells, files, others


def _row(row: Raw) -> Raw:
    """The same, with several labels in one cell as a table has them."""
    texts = {name: in_a_cell(cell) for name, cell in row.cells.items() if isinstance(cell, list)}
    return replace(row, cells={**row.cells, **texts}) if texts else row


def _file(cell: dict[str, Any]) -> bytes:
    try:
        return b64decode(cell[MEDIA], validate=True)
    except (TypeError, ValueError):
        raise ValueError("has a file that is not in base64") from None


def _kind(is_file: object) -> str:
    return "a file" if is_file else "texts or numbers"


ENTRY: Final = Inbox()
