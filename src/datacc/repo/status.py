"""Where the repository stands: what HEAD holds, what waits in the journal, what needs a decision."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from datacc.repo.commit import BUILDS_LEAVE
from datacc.repo.events import class_names
from datacc.repo.find import Repository
from datacc.repo.fold import State
from datacc.repo.machine import count_machines
from datacc.repo.schema import Column, Schema
from datacc.repo.working import read_working

_NAMED: Final = 20


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """An example with several live values in a field, as class names; `deleted` against a write."""

    example: str
    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Status:
    """Counts over HEAD and the journal. `classes`: output → class name → examples, in permanent order.

    `machine`: examples that only a model has labelled; they are no gold until a person verifies them.
    `conflicts` names the first 20 of `conflicted`; `edits` is how many operations wait for a commit, and `beside` the
    files of builds that wait with them.
    """

    name: str
    root: str
    branch: str | None
    commit: str
    examples: int
    labelled: int
    verified: int
    conflicted: int
    deleted: int
    machine: int
    edits: int
    beside: tuple[str, ...]
    classes: Mapping[str, Mapping[str, int]]
    conflicts: tuple[Conflict, ...]


def status(repository: Repository) -> Status:
    """The state of the repository, journal included."""
    working = read_working(repository)
    schema = working.contents.schema
    present = {id: state for id, state in working.states.items() if state.exists}
    alive = [state for state in present.values() if state.alive]
    outputs = schema.of("output")
    torn = sorted(id for id, state in present.items() if state.conflict)
    return Status(
        name=repository.name,
        root=str(repository.root),
        branch=repository.git.ask("symbolic-ref", "--short", "--quiet", "HEAD"),
        commit=working.contents.commit,
        examples=len(alive),
        labelled=sum(all(_value(state, column) is not None for column in outputs) for state in alive if outputs),
        verified=sum(any(register.verified for register in state.fields.values()) for state in alive),
        conflicted=len(torn),
        deleted=len(present) - len(alive),
        machine=count_machines(alive, outputs),
        edits=len(working.pending),
        beside=tuple(repository.git.changed(BUILDS_LEAVE)),
        classes={column.name: _counts(column, alive) for column in outputs},
        conflicts=tuple(conflict for id in torn[:_NAMED] for conflict in _conflicts(id, present[id], schema)),
    )


def _value(state: State, column: Column) -> object:
    register = state.fields.get(column.id)
    return register.value if register else None


def _counts(column: Column, alive: list[State]) -> dict[str, int]:
    counts = Counter(_value(state, column) for state in alive)
    return {one.name: counts[one.id] for one in column.classes}


def _conflicts(id: str, state: State, schema: Schema) -> list[Conflict]:
    named = {column.id: column for column in schema.of("output")}
    found = []
    for field, register in state.fields.items():
        if register.conflict and field in named:
            values = class_names(named[field], register)
            found.append(Conflict(example=id, field=named[field].name, values=values))
    if state.disputed:
        found.append(Conflict(example=id, field="", values=("deleted", "edited")))
    return found
