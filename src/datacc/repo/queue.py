"""The adjudication queue: examples of which two things are said at once, with both sides; and how they are settled."""

from collections.abc import Iterable, Iterator

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.repo.events import Event, histories
from datacc.repo.find import Repository
from datacc.repo.fold import State
from datacc.repo.gold import is_torn
from datacc.repo.label import Labelled, label
from datacc.repo.remove import delete, restore
from datacc.repo.schema import Column
from datacc.repo.votes import votes_in
from datacc.repo.working import Working, one_example, read_working


@frozen
class Torn:
    """One conflict: the output, or "" where a deletion stands against an edit; `sides` are what is live of it."""

    example: str
    name: str | None
    field: str
    sides: tuple[Event, ...]


def queue(repository: Repository) -> tuple[Torn, ...]:
    """Every conflict at HEAD with the journal, and votes without a majority that nobody has settled, by example."""
    working = read_working(repository, cells=True)
    outputs = working.contents.schema.of("output")
    edited = sorted(working.states.edited.items())
    torn = [id for id, state in edited if state.conflict or _is_torn(state, outputs)]
    events = histories(repository, working, torn)
    names = working.contents.names(torn)
    found = []
    for id in torn:
        for field, ids in _sides(working, id):
            sides = tuple(event for event in events[id] if (event.id, event.op) in ids)
            found.append(Torn(example=id, name=names.get(id), field=field, sides=sides))
    return tuple(found)


def resolve(repository: Repository, id_prefix: str, field: str | None, class_name: str) -> Labelled:
    """Journal which class the example has, over any votes. Raises `DataError` when it has none, and no conflict."""
    working = read_working(repository)
    _demand(working, id_prefix, of_values=True)
    return label(repository, id_prefix, field, class_name, working=working, settles=True)


def settle(repository: Repository, id_prefix: str, *, is_kept: bool) -> str:
    """Journal whether an example that was deleted and edited is kept; its id. Raises `DataError` for any other."""
    working = read_working(repository)
    _demand(working, id_prefix, of_values=False)
    [id] = (restore if is_kept else delete)(repository, [id_prefix], working=working)
    return id


def _demand(working: Working, id_prefix: str, *, of_values: bool) -> None:
    id = one_example(working.states, id_prefix)
    state = working.states[id]
    outputs = working.contents.schema.of("output")
    told = any(votes_in(state, column) for column in outputs)
    if of_values and not told and not any(register.conflict for register in state.fields.values()):
        what, tries = "no two values stand against each other", [f"datacc label {id[:8]} CLASS"]
        raise DataError(what, where=id, tries=tries)
    if not of_values and not state.disputed:
        what, tries = "no deletion stands against an edit", [f"datacc delete {id[:8]}", f"datacc restore {id[:8]}"]
        raise DataError(what, where=id, tries=tries)


def _sides(working: Working, id: str) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """(output name or "", (id, op) of the operations that stand against each other)."""
    state = working.states[id]
    live = [one for register in state.fields.values() for one in register.live]
    if state.disputed:
        yield "", {(one.id, one.op) for one in (*state.drops, *live)}
    for column in working.contents.schema.of("output"):
        register = state.fields.get(column.id)
        if register is not None and register.conflict:
            yield column.name, {(one.id, one.op) for one in register.live}
        elif is_torn(state, column):
            yield column.name, {(one.id, one.op) for one in votes_in(state, column).values()}


def _is_torn(state: State, outputs: Iterable[Column]) -> bool:
    return any(is_torn(state, column) for column in outputs)
