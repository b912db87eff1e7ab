"""What was said of one example, by whom, when, and in which commit."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from datacc.repo.births import Birth, births
from datacc.repo.find import Repository
from datacc.repo.fold import Register
from datacc.repo.operation import Operation
from datacc.repo.schema import Column, Schema
from datacc.repo.working import Working


@dataclass(frozen=True, kw_only=True, init=False)
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

    def __init__(
        self, *, id: str, op: str, field: str, old: str | None, new: str | None, who: str, when: str,
        commit: str | None, where: str, model: str | None = None, confidence: float | None = None,
        reason: str | None = None,
    ) -> None:  # fmt: skip
        """As the class says. All at once: they are made by the thousand, and a frozen field costs a call."""
        self.__dict__.update(id=id, op=op, field=field, old=old, new=new, who=who, when=when, commit=commit,
                             where=where, model=model, confidence=confidence, reason=reason)  # fmt: skip


def history(repository: Repository, working: Working, id: str) -> tuple[Event, ...]:
    """Oldest first: what was imported, then edits by their time."""
    return histories(repository, working, [id])[id]


def histories(repository: Repository, working: Working, ids: Collection[str]) -> dict[str, tuple[Event, ...]]:
    """The history of each of these examples."""
    contents, wanted = working.contents, set(ids)
    held = [pair for said in contents.said_of(wanted).values() for pair in said]
    brought = births(repository, contents, {path for path, _ in held}) if held else {}
    held += [("journal", o) for o in working.pending if o.example in wanted]
    found: dict[str, list[Event]] = {id: [] for id in ids}
    for where, operation in held:
        found[operation.example].append(event(where, operation, brought.get(where), contents.schema))
    return {id: tuple(sorted(events, key=lambda e: datetime.fromisoformat(e.when))) for id, events in found.items()}


def event(where: str, operation: Operation, birth: Birth | None, schema: Schema) -> Event:
    """The operation in the file `where`, which the commit of `birth` brought; a run's have its author and time."""
    field, at, annotator = operation.field.partition("@")
    column = schema.output(field)
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


def class_names(column: Column, register: Register) -> tuple[str, ...]:
    """The names of all values that a register has at once; "(none)" for no value."""
    return tuple(class_name(column, value) or "(none)" for value in register.values)


def class_name(column: Column, value: Any) -> str | None:
    """The name of the class that a value stands for; the value itself as text when the schema lost it."""
    if value is None:
        return None
    if isinstance(value, list):
        return "; ".join(sorted(str(class_name(column, one)) for one in value)) or "none"
    return (column.name_of(value) if isinstance(value, str) else None) or str(value)
