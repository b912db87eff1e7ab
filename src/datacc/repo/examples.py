"""The examples of a repository at one commit that are labelled and free of conflicts, for a program."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from datacc.errors import DataError
from datacc.registry import load
from datacc.repo.altered import altered
from datacc.repo.contents import Contents, read_contents
from datacc.repo.example import Example, sliced
from datacc.repo.find import Repository
from datacc.repo.fold import State
from datacc.repo.identity import content
from datacc.repo.ids import to_texts
from datacc.repo.looked import Looked, looked_at
from datacc.repo.machine import is_machines
from datacc.repo.media import read_media
from datacc.repo.run import RunRow
from datacc.repo.schema import Column, Schema
from datacc.repo.states import States, Table
from datacc.repo.values import meant
from datacc.repo.words import counted
from datacc.spec.program import Field, Program

_UNLABELLED: Final = "without a label"


@dataclass(frozen=True, kw_only=True)
class Found:
    """The examples at `commit`, the classes of each output in permanent order, and notes on what was left out.

    `unlabelled` are those without any label or conflict, where they were asked for; `looked` says of each output whose
    labels people looked at again.
    """

    commit: str
    examples: tuple[Example, ...]
    unlabelled: tuple[Example, ...]
    classes: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]
    looked: Mapping[str, Looked]


def read_examples(
    repository: Repository, program: Program, revision: str = "HEAD", *, unlabelled: bool = False
) -> Found:
    """Everything at `revision` that `program` can learn from or be judged on, and the `unlabelled` for a teacher.

    Raises `DataError` when the repository has no such input or output, `RepositoryError` when a run or segment was
    changed by hand.
    """
    contents = read_contents(repository, revision, cells=True, whole=True)
    for error in altered(repository.git, contents):
        raise error
    outputs = {field.name: _output(contents.schema, field) for field in program.outputs}
    states = States(contents)
    usable, left = _usable(states, outputs)
    open_ = left.pop(_UNLABELLED, []) if unlabelled else []
    notes = tuple(f"{counted(len(ids), 'example')} {why} left out" for why, ids in left.items())
    rows = contents.first_rows([*usable, *open_])
    media = _media(repository, contents, list(rows.values()))
    made = {id: _example(id, row, usable.get(id, {}), contents.schema, program, media) for id, row in rows.items()}
    return Found(
        commit=contents.commit,
        examples=tuple(made[id] for id in usable if id in made),
        unlabelled=tuple(made[id] for id in open_ if id in made),
        classes={name: tuple(one.name for one in column.classes) for name, column in outputs.items()},
        notes=notes,
        looked=looked_at(states, outputs),
    )


def media_addresses(row: RunRow) -> dict[str, str]:
    """Column id → address of the media among the cells of a row."""
    return {c: cell["media"] for c, cell in row.cells.items() if isinstance(cell, Mapping) and set(cell) == {"media"}}


def _output(schema: Schema, field: Field) -> Column:
    column = schema.find("output", field.name)
    if column is None:
        have = ", ".join(repr(one.name) for one in schema.of("output")) or "none yet"
        raise DataError(
            f"the repository has no output {field.name!r}; it has {have}",
            where="datacc.toml",
            tries=["name one of these in [output.…]", "datacc import examples with that label"],
        )
    if load("types", column.type).form != field.form:
        raise DataError(
            f"the repository holds {field.name!r} as the type {column.type}; the program asks for {field.type}",
            where="datacc.toml",
            tries=[f'type = "{column.type}"'],
        )
    return column


def _usable(states: States, outputs: Mapping[str, Column]) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Example id → output → value, of those that a run brings, by id; and the others, by why they are none."""
    usable: dict[str, dict[str, Any]] = {}
    left = defaultdict[str, list[str]](list)
    table = states.table
    plain = {name: _class_names(table, column) for name, column in outputs.items()}
    for row, (id, is_plain) in enumerate(zip(to_texts(table.ids), table.is_plain.tolist(), strict=True)):
        state = None if is_plain else states.edited[id]
        if state is not None and not state.alive:
            continue
        labels = _labels(state, outputs) if state else {name: names[row] for name, names in plain.items()}
        if state is not None and state.conflict:
            left["in conflict (datacc status names them)"].append(id)
        elif state is not None and any(is_machines(state, column) for column in outputs.values()):
            left["labelled by a model and not verified by a person"].append(id)
        elif any(label is None for label in labels.values()):
            left[_UNLABELLED].append(id)
        elif any(label == "" for label in labels.values()):
            left["with a label outside the schema"].append(id)
        else:
            usable[id] = labels
    return usable, left


def _labels(state: State, outputs: Mapping[str, Column]) -> dict[str, Any]:
    """Output → value, of a label its name; None without one, "" for a class that the schema does not have."""
    labels: dict[str, Any] = {}
    for name, column in outputs.items():
        register = state.fields.get(column.id)
        value = register.value if register else None
        known = None if value is None else meant(column, value)
        labels[name] = None if value is None else "" if known is None else known
    return labels


def _class_names(table: Table, column: Column) -> list[Any]:
    """What `_labels` says of each row of the table."""
    values = table.values.get(column.id)
    if values is None:
        return [None] * len(table.ids)
    known = [meant(column, word) for word in values.words]
    names = [*("" if one is None else one for one in known), None]
    return [names[code] for code in values.codes.tolist()]


def _media(repository: Repository, contents: Contents, rows: Sequence[RunRow]) -> dict[str, bytes]:
    wanted = sorted({address for row in rows for address in media_addresses(row).values()})
    return read_media(repository.git, contents.tree, wanted) if wanted else {}


def _example(
    id: str,
    row: RunRow,
    labels: Mapping[str, Any],
    schema: Schema,
    program: Program,
    media: Mapping[str, bytes],
) -> Example:
    cells = {schema.column(c): cell for c, cell in row.cells.items()}
    inputs = dict.fromkeys(column.name for column in schema.of("input") if column.type in ("number", "text"))
    inputs |= {column.name: cell for column, cell in cells.items() if column.kind == "input"}
    also = sliced(program)
    one = {column.kind: cell for column, cell in cells.items()}
    return Example(
        id=id,
        content=content(row.cells[c.id] for c in schema.of("input") if c.id in row.cells),
        inputs={field.name: _raw(field, inputs, media) for field in program.inputs},
        labels=labels,
        columns={c.name: cell for c, cell in cells.items() if c.kind in ("other", "group") or c.name in also},
        name=one.get("name"),
        group=one.get("group"),
        split=one.get("split"),
    )


def _raw(field: Field, inputs: Mapping[str, Any], media: Mapping[str, bytes]) -> Any:
    columns = field.options.get("columns")
    missing = [name for name in (columns or [field.name]) if name not in inputs]
    if missing:
        have = ", ".join(repr(name) for name in inputs)
        raise DataError(
            f"input {field.name!r} needs {missing[0]!r}; the repository has {have[:200]}",
            where="datacc.toml",
            tries=["name one of these"],
        )
    if columns:
        return [inputs[name] for name in columns]
    value = inputs[field.name]
    return media[value["media"]] if isinstance(value, Mapping) else value
