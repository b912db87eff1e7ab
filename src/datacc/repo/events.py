"""What was said of one example, by whom, when, and in which commit."""

import os
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
class Birth:
    """The commit that brought a file, or took it away."""

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
    brought = {path: _birth(repository, path) for path in {path for path, _ in held}}
    held += [("journal", o) for o in working.pending if o.example == id]
    schema = working.contents.schema
    events = [event(where, o, brought.get(where), schema) for where, o in held]
    return tuple(sorted(events, key=lambda one: datetime.fromisoformat(one.when)))


def event(where: str, operation: Operation, birth: Birth | None, schema: Schema) -> Event:
    """The operation in the file `where`, which the commit of `birth` brought; a run's have its author and time."""
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


def _birth(repository: Repository, path: str) -> Birth | None:
    format = "--format=%H%x00%an <%ae>%x00%aI"
    text = repository.git.ask("log", "--diff-filter=A", format, "--max-count=1", "--", path)
    if text is None:
        return None
    commit, who, when = text.split("\0")
    return Birth(commit=commit, who=who, when=when)


def births(repository: Repository, range: str, *, gone: bool = False) -> dict[str, Birth]:
    """Segment or run folder → the commit in a range of git's that brought it, or with `gone` took it away."""
    flags = (f"--diff-filter={'D' if gone else 'A'}", "--name-only", "--no-renames", "--relative", "-z")
    text = repository.git.run("log", *flags, "--format=%x01%H%x00%an <%ae>%x00%aI%x00", range, "--", "ops", "runs")
    found: dict[str, Birth] = {}
    for part in text.split(b"\x01")[1:]:
        commit, who, when, *paths = (os.fsdecode(field).strip("\n") for field in part.split(b"\0"))
        birth = Birth(commit=commit, who=who, when=when)
        found |= {path if path.startswith("ops/") else path.rpartition("/")[0]: birth for path in paths if path}
    return found


def class_name(column: Column, value: Any) -> str | None:
    """The name of the class that a value stands for; the value itself as text when the schema lost it."""
    if value is None:
        return None
    known = column.class_with(value) if isinstance(value, str) else None
    return known.name if known else str(value)
