"""The examples of a repository at one commit that are labelled and free of conflicts, for a program."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.registry import load
from datacc.repo.altered import altered
from datacc.repo.coded import NONE, Coded, together
from datacc.repo.contents import Contents, read_contents
from datacc.repo.example import Examples, sliced
from datacc.repo.find import Repository
from datacc.repo.fold import State
from datacc.repo.identity import contents_of
from datacc.repo.ids import to_texts
from datacc.repo.looked import Looked, looked_at
from datacc.repo.machine import is_machines
from datacc.repo.media import read_media
from datacc.repo.schema import Column
from datacc.repo.states import States, Table
from datacc.repo.values import meant
from datacc.repo.words import counted, listed
from datacc.spec.program import Field, Program
from datacc.types.columns import Columns

_UNLABELLED: Final = "without a label"


@frozen
class Found:
    """The examples at `commit`, the classes of each output in permanent order, and notes on what was left out.

    `unlabelled` are those without any label or conflict, where they were asked for; `looked` says of each output whose
    labels people looked at again.
    """

    commit: str
    examples: Examples
    unlabelled: Examples
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
    outputs = {field.name: _output(repository, contents, field) for field in program.outputs}
    states = States(contents)
    usable, left = _usable(states, outputs)
    open_ = left.pop(_UNLABELLED, []) if unlabelled else []
    notes = tuple(f"{counted(len(ids), 'example')} {why} left out" for why, ids in left.items())
    rows = _rows(contents, [*usable, *open_])
    labels = [usable.get(id) for id in rows.ids]
    made = _examples(repository, contents, program, rows)
    labelled = made.take([n for n, one in enumerate(labels) if one is not None])
    said = {name: [one[name] for one in labels if one is not None] for name in outputs}
    return Found(
        commit=contents.commit,
        examples=replace(labelled, labels=said),
        unlabelled=made.take([n for n, one in enumerate(labels) if one is None]),
        classes={name: tuple(one.name for one in column.classes) for name, column in outputs.items()},
        notes=notes,
        looked=looked_at(states, outputs),
    )


def _output(repository: Repository, contents: Contents, field: Field) -> Column:
    column = contents.schema.find("output", field.name)
    if column is None:
        have = [one.name for one in contents.schema.of("output")]
        raise _lacking(repository, contents, "output", field.name, have)
    if load("types", column.type).form != field.form:
        raise DataError(
            f"the repository holds {field.name!r} as the type {column.type}; the program asks for {field.type}",
            where="datacc.toml",
            tries=[f'type = "{column.type}"'],
        )
    return column


def _lacking(
    repository: Repository, contents: Contents, kind: Literal["input", "output"], name: str, have: Sequence[str]
) -> DataError:
    """Of a column that the program names and the commit lacks, which has others: what helps depends on HEAD."""
    what = f"the repository has no {kind} {name!r} at {contents.commit[:10]}; it has {listed(have) or 'none yet'}"
    newest = [column.name for column in read_contents(repository).schema.of(kind)]
    if name in newest:
        tries = ["a later commit, such as HEAD, which has it; datacc log lists them"]
    else:
        tries = [f"name one that HEAD has: {listed(newest)}"] if newest else []
        tries.append(f"datacc import examples with that {'label' if kind == 'output' else 'column'}")
    return DataError(what, where="datacc.toml", tries=tries)


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


@frozen
class _Rows:
    """The rows of N examples: column → its cells."""

    ids: Sequence[str]
    cells: Mapping[Column, Coded]


def _rows(contents: Contents, examples: Sequence[str]) -> _Rows:
    """The row that brought each of these examples first, of those that a run brings."""
    ids, parts = list[str](), list[tuple[int, dict[str, Coded]]]()
    for run, places in contents.first_places(examples):
        ids += places
        parts.append((len(places), run.coded(list(places.values()))))
    cells = {}
    for column in contents.schema.columns:
        if any(column.id in part for _, part in parts):
            nothing = [Coded(codes=np.full(count, NONE, np.int32), words=()) for count, _ in parts]
            cells[column] = together(
                [part.get(column.id, none) for none, (_, part) in zip(nothing, parts, strict=True)]
            )
    return _Rows(ids=ids, cells=cells)


def _examples(repository: Repository, contents: Contents, program: Program, rows: _Rows) -> Examples:
    """The rows as examples without labels."""
    nothing = [None] * len(rows.ids)
    inputs = {column.name: cells for column, cells in rows.cells.items() if column.kind == "input"}
    # No row may have a cell of such a column; no row at all has a file.
    may_lack = (one for one in contents.schema.of("input") if one.type in ("number", "text") or not rows.ids)
    absent = Coded(codes=np.full(len(rows.ids), NONE, np.int32), words=())
    inputs = {**dict.fromkeys((one.name for one in may_lack), absent), **inputs}
    one = {
        column.kind: list(cells) for column, cells in rows.cells.items() if column.kind in ("name", "group", "split")
    }
    also = sliced(program)
    return Examples(
        ids=rows.ids,
        contents=contents_of([inputs[column.name] for column in contents.schema.of("input") if column.name in inputs]),
        inputs={field.name: _raw(field, inputs, repository, contents) for field in program.inputs},
        labels={},
        columns={c.name: cells for c, cells in rows.cells.items() if c.kind in ("other", "group") or c.name in also},
        names=one.get("name", nothing),
        groups=one.get("group", nothing),
        splits=one.get("split", nothing),
    )


def _raw(field: Field, inputs: Mapping[str, Coded], repository: Repository, contents: Contents) -> Sequence[Any]:
    """What stands in the columns that an input reads, or the files of which the addresses stand there."""
    columns = field.options.get("columns")
    missing = [name for name in (columns or [field.name]) if name not in inputs]
    if missing:
        raise _lacking(repository, contents, "input", missing[0], list(inputs))
    if columns:
        return Columns([inputs[name] for name in columns])
    cells = inputs[field.name]
    files = {word["media"] for word in cells.words if isinstance(word, dict)}
    media = read_media(repository.git, contents.tree, sorted(files)) if files else {}
    words = (media[word["media"]] if isinstance(word, dict) else word for word in cells.words)
    return Coded(codes=cells.codes, words=tuple(words))
