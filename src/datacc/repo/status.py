"""Where the repository stands: what HEAD holds, what waits in the journal, what needs a decision."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from datacc.frozen import frozen
from datacc.repo.commit import BUILDS_LEAVE
from datacc.repo.counts import Counts, count
from datacc.repo.events import class_names
from datacc.repo.find import Repository
from datacc.repo.fold import State
from datacc.repo.schema import Column, Schema
from datacc.repo.working import read_working

_NAMED: Final = 20


@frozen
class Conflict:
    """An example with several live values in a field, as class names; `deleted` against a write."""

    example: str
    field: str
    values: tuple[str, ...]


@frozen
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
    schema, counts = working.contents.schema, count(working)
    torn = sorted(counts.torn)
    named = working.states.of(torn[:_NAMED])
    return Status(
        name=repository.name,
        root=str(repository.root),
        branch=repository.git.ask("symbolic-ref", "--short", "--quiet", "HEAD"),
        commit=working.contents.commit,
        examples=counts.of["examples"],
        labelled=counts.of["labelled"],
        verified=counts.of["verified"],
        conflicted=len(torn),
        deleted=counts.of["deleted"],
        machine=counts.of["machine"],
        edits=len(working.pending),
        beside=tuple(repository.git.changed(BUILDS_LEAVE)),
        classes={column.name: _classes(column, counts) for column in schema.of("output")},
        conflicts=tuple(conflict for id in torn[:_NAMED] for conflict in _conflicts(id, named[id], schema)),
    )


def _classes(column: Column, counts: Counts) -> dict[str, int]:
    known = counts.classes.get(column.id, Counter())
    return {one.name: known[one.id] for one in column.classes}


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
