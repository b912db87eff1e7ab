"""Columns and classes whose files are gone from the schema while runs or segments still need them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from datacc.errors import RepositoryError
from datacc.repo.contents import Contents
from datacc.repo.ids import to_texts
from datacc.repo.schema import Column
from datacc.repo.states import States
from datacc.repo.values import class_ids
from datacc.repo.words import counted, repairs


def lost(contents: Contents, states: States) -> Iterator[RepositoryError]:
    """An error for each missing file, which counts the examples that need it."""
    needed: dict[str, set[str]] = {}
    known = {column.id for column in contents.schema.columns}
    for run in contents.runs:
        for column in {*run.columns, *run.values} - known:
            needed.setdefault(_file(column, "column"), set()).update(to_texts(run.ids))
    for id, state in states.edited.items():
        for column in {field.split("@")[0] for field in state.fields if field} - known:
            needed.setdefault(_file(column, "column"), set()).add(id)
    for output in contents.schema.of("output"):
        for value, id in _said(states, output):
            for one in class_ids(value):
                if is_lost(output, one):
                    needed.setdefault(_file(output.id, one), set()).add(id)
    for path, examples in sorted(needed.items()):
        what = (
            f"is missing; {counted(len(examples), 'example needs', 'examples need')} it, such as {min(examples)[:12]}"
        )
        yield RepositoryError(what, where=path, tries=repairs(path))


def is_lost(output: Column, value: Any) -> bool:
    """Whether a value is, or names, a class of which no file tells, not even that it was merged or retired."""
    if isinstance(value, list):
        return any(is_lost(output, one) for one in value)
    return isinstance(value, str) and output.class_with(value) is None and output.name_of(value) is None


def _file(column: str, name: str) -> str:
    return f"schema/{column}/{name}.json"


def _said(states: States, output: Column) -> Iterator[tuple[Any, str]]:
    """(value, example) of everything that an output is said to be, or was voted for."""
    values = states.table.values.get(output.id)
    for word in filter(partial(is_lost, output), values.words if values else ()):
        yield from ((word, id) for id in states.plain_with(output.id, [word]))
    for id, state in states.edited.items():
        for field, register in state.fields.items() if state.alive else ():
            if field.split("@")[0] == output.id:
                yield from ((value, id) for value in register.values)
