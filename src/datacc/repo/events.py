"""What was said of one example, by whom, when, and in which commit."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from datacc.repo.find import Repository
from datacc.repo.fold import Register
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
    return histories(repository, working, [id])[id]


def histories(repository: Repository, working: Working, ids: Collection[str]) -> dict[str, tuple[Event, ...]]:
    """The history of each of these examples."""
    contents, wanted = working.contents, set(ids)
    held = [(f"runs/{run.id}", o) for run in contents.runs for o in run.operations() if o.example in wanted]
    held += [(path, o) for path, said in contents.segments.items() for o in said if o.example in wanted]
    brought = births(repository, contents.commit) if held else {}
    held += [("journal", o) for o in working.pending if o.example in wanted]
    found: dict[str, list[Event]] = {id: [] for id in ids}
    for where, operation in held:
        found[operation.example].append(event(where, operation, brought.get(where), contents.schema))
    return {id: tuple(sorted(events, key=lambda e: datetime.fromisoformat(e.when))) for id, events in found.items()}


def event(where: str, operation: Operation, birth: Birth | None, schema: Schema) -> Event:
    """The operation in the file `where`, which the commit of `birth` brought; a run's have its author and time."""
    outputs = {column.id: column for column in schema.of("output")}
    field, at, annotator = operation.field.partition("@")
    column = outputs.get(field)
    return Event(
        id=operation.id,
        op=operation.op,
        field=f"{column.name}{at}{annotator}" if column else operation.field,
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


def births(repository: Repository, range: str, *, gone: bool = False) -> dict[str, Birth]:
    """Segment or run folder → the commit in a range of git's that brought it, or with `gone` took it away."""
    flags = (f"--diff-filter={'D' if gone else 'A'}", "--name-only", "--no-renames", "--relative", "-z")
    text = repository.git.run("log", *flags, "--format=%x01%H%x00%an <%ae>%x00%aI%x00", range, "--", "ops", "runs")
    found: dict[str, Birth] = {}
    for part in text.split(b"\x01")[1:]:
        commit, who, when, *paths = (os.fsdecode(field).strip("\n") for field in part.split(b"\0"))
        birth = Birth(commit=commit, who=who, when=when)
        for path in filter(None, paths):
            found.setdefault(path if path.startswith("ops/") else path.rpartition("/")[0], birth)
    return found


def class_names(column: Column, register: Register) -> tuple[str, ...]:
    """The names of all values that a register has at once; "(none)" for no value."""
    return tuple(class_name(column, value) or "(none)" for value in register.values)


def class_name(column: Column, value: Any) -> str | None:
    """The name of the class that a value stands for; the value itself as text when the schema lost it."""
    if value is None:
        return None
    return (column.name_of(value) if isinstance(value, str) else None) or str(value)
