"""Say what an example is: a relabel when that is news, a verification when it is not."""

from dataclasses import dataclass
from typing import Any

from datacc.errors import DataError
from datacc.repo.edit import write
from datacc.repo.find import Repository
from datacc.repo.fold import Register
from datacc.repo.schema import Column
from datacc.repo.working import Working, one_class, one_example, one_output, read_working


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What a label did. `op` is "set", "resolve" (a conflict) or "verify" (it said so already); `old` class names."""

    example: str
    field: str
    op: str
    old: tuple[str, ...]
    new: str


def label(
    repository: Repository,
    id_prefix: str,
    field: str | None,
    class_name: str,
    who: str | None = None,
    *,
    working: Working | None = None,
) -> Labelled:
    """Journal that the example is a `class_name` of the output `field` (the only one when None), said by `who`.

    Durable when it returns; `commit` puts it into history. `working`: what the repository says now, for who has read it
    already. Raises `DataError` for an unknown example or class.
    """
    working = working or read_working(repository)
    example = one_example(working.states, id_prefix)
    state = working.states[example]
    if not state.alive:
        raise DataError("the example was deleted", where=example, tries=[f"datacc restore {example[:8]}"])
    column = one_output(working.contents.schema.of("output"), field)
    chosen = one_class(column, class_name)
    register = state.fields.get(column.id, Register())
    op = "resolve" if register.conflict else "verify" if register.value == chosen.id else "set"
    values: dict[str, Any] = {"op": op, "example": example, "field": column.id}
    live = [write.id for write in register.live]
    if op == "verify":
        values["about"] = live
    else:
        values |= {"new": chosen.id, "old": register.value, "replaces": live}
    write(repository, working.pending, [values], who)
    return Labelled(example=example, field=column.name, op=op, old=_names(register, column), new=chosen.name)


def _names(register: Register, column: Column) -> tuple[str, ...]:
    classes = [column.class_with(value) for value in register.values if isinstance(value, str)]
    return tuple(one.name for one in classes if one is not None)
