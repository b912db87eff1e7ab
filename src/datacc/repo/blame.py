"""Who is answerable for what an example is said to be."""

from datacc.frozen import frozen
from datacc.repo.events import Event, class_name, history
from datacc.repo.find import Repository
from datacc.repo.fold import Register
from datacc.repo.schema import Column
from datacc.repo.working import one_example, read_working


@frozen
class Answerable:
    """One output: its value (None without one, or in a conflict), who said what is live of it, who verified that."""

    field: str
    value: str | None
    said: tuple[Event, ...]
    verified: tuple[Event, ...]


@frozen
class Blame:
    """One example, output by output. `presence`: who deleted it, while it is."""

    example: str
    presence: tuple[Event, ...]
    fields: tuple[Answerable, ...]


def blame(repository: Repository, id_prefix: str) -> Blame:
    """Who said what the example is now; blind outputs are left out. Raises `DataError` when not one id begins so."""
    working = read_working(repository)
    example = one_example(working.states, id_prefix)
    state = working.states[example]
    events = {(event.id, event.field, event.op): event for event in history(repository, working, example)}

    def found(column: Column, register: Register) -> Answerable:
        said = tuple(events[one.id, column.name, one.op] for one in register.live)
        about = {one.id for one in register.live}
        seen = [one for one in register.verifies if about.intersection(one.about)]
        verified = tuple(events[one.id, column.name, one.op] for one in seen)
        return Answerable(field=column.name, value=class_name(column, register.value), said=said, verified=verified)

    outputs = [column for column in working.contents.schema.of("output") if not column.blind]
    return Blame(
        example=example,
        presence=tuple(events[one.id, one.field, one.op] for one in state.drops),
        fields=tuple(found(column, state.fields.get(column.id, Register())) for column in outputs),
    )
