"""Everything the repository knows of one example: values, other columns, media, and who said what when."""

from collections.abc import Mapping
from typing import Any

from datacc.frozen import frozen
from datacc.repo.edit import author
from datacc.repo.events import Event, class_name, class_names, history
from datacc.repo.find import Repository
from datacc.repo.fold import Register
from datacc.repo.media import Place, media_addresses, places
from datacc.repo.schema import Column
from datacc.repo.votes import annotator_of, is_hidden
from datacc.repo.working import one_example, read_working


@frozen
class Value:
    """One output of an example: the class name (None without one), all names when they are in conflict."""

    value: str | None
    conflict: tuple[str, ...]
    verified: bool


@frozen
class Shown:
    """One example. `inputs` and `columns` by column name; `media`: input → its address and place in the repository."""

    id: str
    alive: bool
    values: Mapping[str, Value]
    inputs: Mapping[str, Any]
    columns: Mapping[str, Any]
    media: Mapping[str, Place]
    history: tuple[Event, ...]


def show(repository: Repository, id_prefix: str) -> Shown:
    """The example whose id begins with `id_prefix`; of blind outputs one's own votes alone.

    Raises `DataError` when there is none, or several.
    """
    working = read_working(repository, cells=True)
    id = one_example(working.states, id_prefix)
    state, schema = working.states[id], working.contents.schema
    row = working.contents.first_rows([id])[id]
    cells = {schema.column(c): cell for c, cell in row.cells.items()}
    index = places(repository.git, working.contents.tree) if media_addresses(row) else {}
    me = annotator_of(author(repository))
    seen = {c: not c.blind for c in schema.of("output")}
    secret = {f"{c.name}{field.removeprefix(c.id)}" for c in seen for field in (c.id, *state.fields)
              if is_hidden(c, field, me)}  # fmt: skip
    return Shown(
        id=id,
        alive=state.alive,
        values={c.name: _value(state.fields.get(c.id, Register()), c) for c, is_seen in seen.items() if is_seen},
        inputs={column.name: cell for column, cell in cells.items() if column.kind == "input"},
        columns={column.name: cell for column, cell in cells.items() if column.kind != "input"},
        media={schema.column(c).name: index[a] for c, a in media_addresses(row).items() if a in index},
        history=tuple(one for one in history(repository, working, id) if one.field not in secret),
    )


def _value(register: Register, column: Column) -> Value:
    return Value(
        value=class_name(column, register.value),
        conflict=class_names(column, register) if register.conflict else (),
        verified=register.verified,
    )
