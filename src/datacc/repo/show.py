"""Everything the repository knows of one example: values, other columns, media, and who said what when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from datacc.repo.examples import media_addresses, rows_by_id
from datacc.repo.find import Repository
from datacc.repo.fold import Register
from datacc.repo.media import Place, places
from datacc.repo.operation import Operation
from datacc.repo.schema import Column, Schema
from datacc.repo.working import Working, one_example, read_working


@dataclass(frozen=True, kw_only=True)
class Value:
    """One output of an example: the class name (None without one), all names when they are in conflict."""

    value: str | None
    conflict: tuple[str, ...]
    verified: bool


@dataclass(frozen=True, kw_only=True)
class Event:
    """One operation of the history; `commit` is None while it waits in the journal, `where` the file that holds it."""

    op: str
    field: str
    old: str | None
    new: str | None
    who: str
    when: str
    commit: str | None
    where: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One example. `inputs` and `columns` by column name; `media`: input → its address and place in the repository."""

    id: str
    alive: bool
    values: Mapping[str, Value]
    inputs: Mapping[str, Any]
    columns: Mapping[str, Any]
    media: Mapping[str, Place]
    history: tuple[Event, ...]


@dataclass(frozen=True, kw_only=True)
class _Birth:
    """The commit that brought a file."""

    commit: str
    who: str
    when: str


def show(repository: Repository, id_prefix: str) -> Shown:
    """The example whose id begins with `id_prefix`. Raises `DataError` when there is none, or several."""
    working = read_working(repository, cells=True)
    id = one_example(working.states, id_prefix)
    state, schema = working.states[id], working.contents.schema
    row = rows_by_id(working.contents)[id][0]
    cells = {schema.column(c): cell for c, cell in row.cells.items()}
    index = places(repository.git, working.contents.tree) if media_addresses(row) else {}
    return Shown(
        id=id,
        alive=state.alive,
        values={c.name: _value(state.fields.get(c.id, Register()), c) for c in schema.of("output")},
        inputs={column.name: cell for column, cell in cells.items() if column.kind == "input"},
        columns={column.name: cell for column, cell in cells.items() if column.kind != "input"},
        media={schema.column(c).name: index[a] for c, a in media_addresses(row).items() if a in index},
        history=_history(repository, working, id),
    )


def _value(register: Register, column: Column) -> Value:
    names = tuple(class_name(column, value) or "(none)" for value in register.values)
    return Value(
        value=class_name(column, register.value),
        conflict=names if register.conflict else (),
        verified=register.verified,
    )


def class_name(column: Column, value: Any) -> str | None:
    """The name of the class that a value stands for; the value itself as text when the schema lost it."""
    if value is None:
        return None
    known = column.class_with(value) if isinstance(value, str) else None
    return known.name if known else str(value)


def _history(repository: Repository, working: Working, id: str) -> tuple[Event, ...]:
    """Oldest first: what was imported, then edits by their time."""
    held: list[tuple[str, Operation]] = []
    for run in working.contents.runs:
        held += [(f"runs/{run.id}", o) for o in run.operations() if o.example == id]
    for path, operations in working.contents.segments.items():
        held += [(path, o) for o in operations if o.example == id]
    births = {path: _birth(repository, path) for path in {path for path, _ in held}}
    held += [("journal", o) for o in working.pending if o.example == id]
    schema = working.contents.schema
    events = [_event(where, o, births.get(where), schema) for where, o in held]
    return tuple(sorted(events, key=lambda event: datetime.fromisoformat(event.when)))


def _event(where: str, operation: Operation, birth: _Birth | None, schema: Schema) -> Event:
    outputs = {column.id: column for column in schema.of("output")}
    column = outputs.get(operation.field.split("@")[0])
    return Event(
        op=operation.op,
        field=column.name if column else operation.field,
        old=class_name(column, operation.old) if column else operation.old,
        new=class_name(column, operation.new) if column else operation.new,
        who=operation.who or (birth.who if birth else ""),
        when=operation.when or (birth.when if birth else ""),
        commit=birth.commit if birth else None,
        where=where,
    )


def _birth(repository: Repository, path: str) -> _Birth | None:
    format = "--format=%H%x00%an <%ae>%x00%aI"
    text = repository.git.ask("log", "--diff-filter=A", format, "--max-count=1", "--", path)
    if text is None:
        return None
    commit, who, when = text.split("\0")
    return _Birth(commit=commit, who=who, when=when)
