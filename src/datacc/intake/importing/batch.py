"""Turn identified rows into the run, the schema and the media that they add to a repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datacc.intake.importing.identify import Identified, identify
from datacc.intake.importing.read import Read
from datacc.repo.contents import Contents
from datacc.repo.identity import canonical_json
from datacc.repo.names import natural
from datacc.repo.run import Run, RunRow, make_run
from datacc.repo.schema import Column, Kind, Schema


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What is new. `rows`: run row → where it came from; `copies` and `already` were left out."""

    schema: Schema
    output: Column
    run: Run
    names: Mapping[str, tuple[str, ...]]
    media: Mapping[str, Identified]
    copies: int
    already: int


def make_batch(found: Read, contents: Contents, picture: tuple[str, str], output: str, origin: str) -> Batch:
    """The batch of what was found; `picture` is the name and type of the input that media belong to."""
    schema = _schema(found, contents.schema, picture, output)
    named = [picture[0]] if found.pictures else list(found.roles.inputs)
    inputs = sorted((c for c in schema.of("input") if c.name in named), key=lambda column: (column.rank, column.id))
    column = schema.find("output", output)
    assert column is not None
    everything = identify(found.rows, {c.name: c.id for c in inputs})
    pairs = [(one, _run_row(one, schema, column)) for one in everything]
    kept, copies, already = _news(pairs, contents)
    used = {c for _, row in kept for c in row.cells}
    columns = [c.id for c in schema.columns if c.id in used]
    names: dict[str, tuple[str, ...]] = {}
    for one, _ in kept:
        names[one.id] = (*names.get(one.id, ()), one.row.where)
    return Batch(
        schema=schema,
        output=column,
        run=make_run([row for _, row in kept], [column.id], columns, origin),
        names=names,
        media={a: one for one, _ in kept for a in _addresses(one)},
        copies=copies,
        already=already,
    )


def _schema(found: Read, schema: Schema, picture: tuple[str, str], output: str) -> Schema:
    roles, rows = found.roles, found.rows
    schema = schema.with_column("output", output, "label")
    for name in [] if found.pictures else roles.inputs:
        schema = schema.with_column("input", name, "number")
    if found.pictures:
        schema = schema.with_column("input", *picture)
    for name in roles.others:
        schema = schema.with_column("other", name)
    special: tuple[tuple[Kind, str | None], ...] = (
        ("group", roles.group),
        ("key", roles.key),
        ("split", "split" if any(row.split for row in rows) else None),
        ("name", "name"),
    )
    for kind, called in special:
        schema = schema.with_column(kind, called) if called else schema
    if not found.pictures and not roles.key:
        schema = schema.with_column("occurrence", "occurrence")
    column = schema.find("output", output)
    assert column is not None
    return schema.with_classes(column, sorted({row.label for row in rows if row.label is not None}, key=natural))


def _run_row(one: Identified, schema: Schema, output: Column) -> RunRow:
    row = one.row
    given: dict[Kind, Any] = {
        "group": row.group,
        "key": row.key,
        "split": row.split,
        "name": row.name,
        "occurrence": one.occurrence or None,
    }
    cells: dict[str, Any] = {column.id: given[column.kind] for column in schema.of(*given)}
    cells |= {column.id: row.others.get(column.name) for column in schema.of("other")} | dict(one.inputs)
    label = output.class_named(row.label) if row.label is not None else None
    return RunRow(
        id=one.id,
        values={output.id: label.id} if label else {},
        cells={column: cell for column, cell in cells.items() if cell is not None},
    )


def _news(
    pairs: Sequence[tuple[Identified, RunRow]], contents: Contents
) -> tuple[list[tuple[Identified, RunRow]], int, int]:
    """The rows that say something new; how many are copies of one in this import, how many the repository has."""
    before = {row.id for run in contents.runs for row in run.rows}
    said = {(row.id, canonical_json(row.values)) for run in contents.runs for row in run.rows}
    labelled = {row.id for _, row in pairs if row.values}
    seen: set[tuple[str, str]] = set()
    kept, copies, already = [], 0, 0
    for one, row in pairs:
        key = (row.id, canonical_json(row.values))
        if key in said or (not row.values and row.id in before):
            already += 1
        elif key in seen or (not row.values and row.id in labelled):
            copies += 1
        else:
            seen.add(key)
            kept.append((one, row))
    return kept, copies, already


def _addresses(one: Identified) -> list[str]:
    return [value["media"] for value in one.inputs.values() if isinstance(value, Mapping)]
