"""Votes: what each person says of an example, in a field of their own that nobody else writes."""

from collections.abc import Iterator, Mapping
from typing import Any

from datacc.frozen import frozen
from datacc.repo.edit import author
from datacc.repo.events import class_name
from datacc.repo.find import Repository
from datacc.repo.fold import State
from datacc.repo.operation import Operation
from datacc.repo.schema import Column, permanent_id
from datacc.repo.working import Working, one_example, read_working


@frozen
class Vote:
    """One person's vote on one example: `annotator` is their key, `value` the class name."""

    example: str
    field: str
    annotator: str
    who: str
    value: str
    when: str


def annotator_of(who: str) -> str:
    """The key, 8 hex digits, of "Name <address>": of the address in lower case, so that a new name keeps the votes."""
    address = who.rpartition("<")[2].rstrip(">").strip().casefold()
    return permanent_id("annotator", address)


def vote_field(column: Column, annotator: str) -> str:
    """The field of a person's votes on an output."""
    return f"{column.id}@{annotator}"


def votes_in(state: State, column: Column) -> dict[str, Operation]:
    """Annotator → the vote that counts, of one example; a vote that was taken back does not."""
    found = {}
    for field, register in state.fields.items():
        owner = field.removeprefix(f"{column.id}@")
        if owner != field and register.live:
            latest = max(register.live, key=lambda one: (one.when, one.id))
            if latest.op != "unset" and latest.new is not None:
                found[owner] = latest
    return found


def ballots(working: Working, column: Column) -> Iterator[tuple[str, Mapping[str, Operation]]]:
    """(example, its votes) of every example with votes that is neither deleted nor unknown, by id."""
    for id, state in sorted(working.states.edited.items()):  # votes are edits
        found = votes_in(state, column) if state.alive else {}
        if found:
            yield id, found


def is_hidden(column: Column, field: str, me: str) -> bool:
    """Whether the field is the gold or another's vote on a blind output, which the annotator `me` must not see."""
    return column.blind and field.split("@")[0] == column.id and field != vote_field(column, me)


def votes(repository: Repository, id_prefix: str | None = None) -> tuple[Vote, ...]:
    """All votes, or those on one example; while an output is blind only one's own of it."""
    working = read_working(repository)
    only = one_example(working.states, id_prefix) if id_prefix else None
    me = annotator_of(author(repository))
    return tuple(
        _vote(id, column, annotator, said)
        for column in working.contents.schema.of("output")
        for id, found in ballots(working, column)
        for annotator, said in sorted(found.items())
        if only in (None, id) and (not column.blind or annotator == me)
    )


def _vote(id: str, column: Column, annotator: str, said: Operation) -> Vote:
    value: Any = class_name(column, said.new)
    return Vote(example=id, field=column.name, annotator=annotator, who=said.who, value=value, when=said.when)
