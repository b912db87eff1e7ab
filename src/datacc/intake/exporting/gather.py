"""Gather the examples of one revision into a sheet: alive ones, in the order of their ids, a row per live value."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from datacc.calls.values import in_a_cell
from datacc.errors import DataError
from datacc.intake.sheet import Sheet, SheetColumn, Type
from datacc.repo.contents import Contents
from datacc.repo.find import Repository
from datacc.repo.fold import State, fold
from datacc.repo.media import media_addresses, read_media
from datacc.repo.names import natural
from datacc.repo.run import RunRow
from datacc.repo.schema import Column, Kind, Schema
from datacc.repo.values import meant

_SINGLE: Final[tuple[Kind, ...]] = ("group", "key", "split", "name", "occurrence")


def gather(repository: Repository, contents: Contents, label: str | None) -> Sheet:
    """The sheet of `contents`, which must have cells; `label` picks one of several outputs.

    Raises `DataError` when there is nothing, no such output, or no single kind of input.
    """
    schema = contents.schema
    output = _output(schema, label)
    headers = _headers(schema, output)
    states, brought = fold(contents.operations()), _rows_by_id(contents)
    alive = [id for id in sorted(states) if states[id].alive and id in brought]
    if not alive:
        raise DataError("there is no example to export", tries=["datacc import", "name an earlier revision"])
    rows, ids = [], []
    for id in alive:
        values = _values(states[id], output)
        for value in values:
            cells = _cells(schema, headers, _saying(value, brought[id], output) if len(values) > 1 else brought[id])
            others = {headers[c.id]: _first(states[id], c) for c in schema.of("output") if c != output}
            rows.append({**cells, **others, headers[output.id]: value})
            ids.append(id)
    pictures = [_media(brought[id][0]) for id in ids]
    if any(pictures) and not all(pictures):
        raise DataError("some examples are files and some are not", tries=["export a revision with one kind of them"])
    used = {name for row in rows for name, cell in row.items() if cell is not None}
    columns = tuple(c for c in _columns(schema, headers, output, rows) if c.name in used or c.kind == "output")
    files = read_media(repository.git, contents.tree, sorted(filter(None, set(pictures)))) if any(pictures) else {}
    return Sheet(
        output=headers[output.id],
        output_type=output.type,
        classes=tuple(sorted((one.name for one in output.classes), key=natural)),
        columns=columns,
        rows=tuple(rows),
        media=tuple(files[address] for address in pictures if address),
    )


def _rows_by_id(contents: Contents) -> dict[str, list[RunRow]]:
    """Example id → the rows that brought it, in the order of the runs' ids."""
    rows: dict[str, list[RunRow]] = {}
    for row in (row for run in contents.runs for row in run.rows):
        rows.setdefault(row.id, []).append(row)
    return rows


def _output(schema: Schema, label: str | None) -> Column:
    known = schema.of("output")
    found = next((column for column in known if label in (None, column.name)), None)
    if found is None:
        have = ", ".join(repr(column.name) for column in known) or "none"
        raise DataError(f"there is no output {label!r}; there is {have}", tries=["name one of these with --label"])
    return found


def _headers(schema: Schema, output: Column) -> dict[str, str]:
    """Column id → the name of its column; those of one kind that is told once per row share one."""
    order = (*[output], *schema.of("input"), *schema.of("output"), *schema.of("other"))
    headers: dict[str, str] = {}
    for column in order:
        if column.id not in headers:
            headers[column.id] = _free(column.name, headers.values())
    for kind in _SINGLE:
        same = schema.of(kind)
        name = _free(same[0].name, headers.values()) if same else ""
        headers |= {column.id: name for column in same}
    return headers


def _free(name: str, taken: Any) -> str:
    free, number = name, 2
    while free in set(taken):
        free, number = f"{name} ({number})", number + 1
    return free


def _columns(
    schema: Schema, headers: Mapping[str, str], output: Column, rows: Sequence[Mapping[str, Any]]
) -> list[SheetColumn]:
    kinds: dict[str, Kind] = {headers[output.id]: "output"}
    kinds |= {headers[c.id]: "input" for c in schema.of("input") if c.type in ("number", "text")}
    kinds |= {headers[c.id]: "other" for c in schema.of("output") if c != output}
    for kind in ("other", *_SINGLE):
        kinds |= {headers[column.id]: kind for column in schema.of(kind)}
    return [SheetColumn(name=n, kind=k, type=_type([row.get(n) for row in rows])) for n, k in kinds.items()]


def _type(values: Sequence[Any]) -> Type:
    filled = [value for value in values if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in filled):
        return "number" if filled else "text"
    plain = all(isinstance(value, str) and value and "\0" not in value for value in filled)
    return "text" if plain else "json"


def _cells(schema: Schema, headers: Mapping[str, str], rows: Sequence[RunRow]) -> dict[str, Any]:
    """What the rows of one example say in its columns; the first that says something counts."""
    cells: dict[str, Any] = {}
    for row in rows:
        for column, cell in row.cells.items():
            if schema.column(column).type in ("", "number", "text") and cell is not None:
                cells.setdefault(headers[column], cell)
    return cells


def _saying(value: Any, rows: Sequence[RunRow], output: Column) -> Sequence[RunRow]:
    """The rows that brought one side of a conflict; all of them for a side that an edit brought."""
    return [row for row in rows if value is not None and _told(row.values.get(output.id), output) == value] or rows


def _told(value: Any, output: Column) -> Any:
    """What a cell of the output holds: a class name, a number, or labels between semicolons."""
    told = None if value is None else meant(output, value)
    return in_a_cell(told) if isinstance(told, list) else told


def _values(state: State, output: Column) -> list[Any]:
    """What is live: several are a conflict, and each gets a row."""
    register = state.fields.get(output.id)
    told = [_told(value, output) for value in (register.values if register else ())]
    return sorted(one for one in told if one is not None) or [None]


def _first(state: State, output: Column) -> Any:
    return _values(state, output)[0]


def _media(row: RunRow) -> str | None:
    addresses = list(media_addresses(row).values())
    if len(addresses) > 1:
        raise DataError("examples of several files cannot be exported", tries=["read them with git"])
    return addresses[0] if addresses else None
