"""Examples as they leave: one table of JSON values, with what each column is, so that an import reads back the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, Literal

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.intake import Found, Raw
from datacc.registry import names
from datacc.repo.identity import canonical_json
from datacc.repo.schema import Kind

Type = Literal["number", "text", "json"]

VERSION: Final = 1
_KINDS: Final = frozenset({"input", "output", "other", "group", "split", "key", "name", "occurrence"})
_TYPES: Final = frozenset({"number", "text", "json"})


@frozen
class SheetColumn:
    """One column. `type`: numbers, text, or JSON of either ("json", where a format has only text)."""

    name: str
    kind: Kind
    type: Type


@frozen
class Sheet:
    """Rows of cells, column name → JSON value, None for nothing; `media` one file per row, empty for rows of numbers.

    `output` is how the label is called, of the type `output_type`; its column, if it is one, is the only one of kind
    "output". `picture` names the input that the media belong to.
    """

    output: str
    output_type: str = "label"
    classes: tuple[str, ...]
    columns: tuple[SheetColumn, ...]
    rows: tuple[Mapping[str, Any], ...]
    media: tuple[bytes, ...]

    def of(self, kind: Kind) -> tuple[str, ...]:
        """The names of the columns of one kind."""
        return tuple(column.name for column in self.columns if column.kind == kind)

    def without(self, *names: str) -> "Sheet":
        """This sheet without these columns, for formats that say them elsewhere."""
        return replace(self, columns=tuple(column for column in self.columns if column.name not in names))

    def label(self, row: Mapping[str, Any]) -> str | None:
        """The class of a row."""
        found: str | None = row.get(self.output)
        return found

    def said(self, **more: Any) -> str:
        """What the columns are, as JSON; `more` is what a format adds for itself."""
        columns = [asdict(column) for column in self.columns]
        typed = {} if self.output_type == "label" else {"output_type": self.output_type}
        whole = {"columns": columns, "datacc": VERSION, "output": self.output, **typed, **more}
        return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@frozen
class Said:
    """What an export said of its columns."""

    output: str
    output_type: str | None
    columns: tuple[SheetColumn, ...]
    more: Mapping[str, Any]

    def found(self, rows: Sequence[Raw], **more: Any) -> Found:
        """What an import found, every column in its role."""
        names = tuple(column.name for column in self.columns)
        kinds = {column.name: column.kind for column in self.columns}
        found = Found(rows=tuple(rows), columns=names, kinds=kinds, output=self.output, **more)
        return replace(found, output_type=self.output_type)


def side_file(path: Path) -> Path:
    """Where the columns of the table at `path` are told: beside it."""
    return path.with_name(f"{path.name}.columns.json")


def read_side(path: Path) -> Said | None:
    """What was told beside `path`; None when nothing was. Raises `DataError` for a damaged file."""
    side = side_file(path)
    return parse_said(side.read_bytes(), str(side)) if side.is_file() else None


def parse_said(text: bytes | str, where: str) -> Said:
    """What `Sheet.said` wrote. Raises `DataError` for anything else."""
    try:
        whole = json.loads(text)
        columns = tuple(SheetColumn(**column) for column in whole.pop("columns"))
        version, output, kind = whole.pop("datacc"), whole.pop("output"), whole.pop("output_type", None)
        if version != VERSION or not isinstance(output, str):
            raise ValueError(f"is of version {version!r}")
        if kind not in (None, *names("types")):
            raise ValueError(f"names the type {kind!r}, which datacc does not know")
        if any(c.kind not in _KINDS or c.type not in _TYPES or not isinstance(c.name, str) for c in columns):
            raise ValueError("names a kind or type that datacc does not know")
        if len({column.name for column in columns}) < len(columns):
            raise ValueError("names a column twice")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = f"is no description of columns: {error}"
        raise DataError(
            what, where=where, tries=["remove it; the columns are guessed then, or given by options"]
        ) from error
    return Said(output=output, output_type=kind, columns=columns, more=whole)


def as_cell(value: Any, type: Type) -> str:
    """A value as text: nothing is the empty text."""
    if value is None:
        return ""
    return str(value) if type == "text" else canonical_json(value)


def from_cell(text: str, type: Type, where: str) -> Any:
    """The value that `as_cell` wrote. Raises `DataError` for text that is none."""
    if not text:
        return None
    if type == "text":
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = {}
    if isinstance(value, list | dict) or (type == "number" and isinstance(value, str | bool)):
        raise DataError(f"holds {text[:40]!r}, which is no {type}", where=where, tries=["mend the cell"])
    return value
