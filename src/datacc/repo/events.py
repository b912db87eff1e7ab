"""What was said of one example, by whom, when, and in which commit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from datacc.repo.find import Repository
from datacc.repo.operation import Operation
from datacc.repo.schema import Column, Schema
from datacc.repo.working import Working


@dataclass(frozen=True, kw_only=True)
class Event:
    """One operation of the history; `commit` is None while it waits in the journal, `where` the file that holds it.

    A machine's operation has its `model` and `confidence`.
    """

    id: str
    op: str
    field: str
    old: str | None
    new: str | None
    who: str
    when: str
    commit: str | None
    where: str
    model: str | None = None
    confidence: float | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Birth:
    """The commit that brought a file."""

    commit: str
    who: str
    when: str


def history(repository: Repository, working: Working, id: str) -> tuple[Event, ...]:
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
        id=operation.id,
        op=operation.op,
        field=column.name if column else operation.field,
        old=class_name(column, operation.old) if column else operation.old,
        new=class_name(column, operation.new) if column else operation.new,
        who=operation.who or (birth.who if birth else ""),
        when=operation.when or (birth.when if birth else ""),
        commit=birth.commit if birth else None,
        where=where,
        model=operation.model,
        confidence=operation.confidence,
        reason=operation.reason,
    )


def _birth(repository: Repository, path: str) -> _Birth | None:
    format = "--format=%H%x00%an <%ae>%x00%aI"
    text = repository.git.ask("log", "--diff-filter=A", format, "--max-count=1", "--", path)
    if text is None:
        return None
    commit, who, when = text.split("\0")
    return _Birth(commit=commit, who=who, when=when)


def class_name(column: Column, value: Any) -> str | None:
    """The name of the class that a value stands for; the value itself as text when the schema lost it."""
    if value is None:
        return None
    known = column.class_with(value) if isinstance(value, str) else None
    return known.name if known else str(value)
