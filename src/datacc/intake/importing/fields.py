"""The input and output fields of a program that fits what was read: types and options inferred."""

import shlex
from collections.abc import Sequence
from typing import Final

from datacc.errors import DataError
from datacc.intake.importing.read import Read
from datacc.registry import load
from datacc.repo.words import listed
from datacc.spec.names import identifier
from datacc.spec.program import Field

_LOOK: Final = 200  # pictures opened to find the size
_LOOK_TEXTS: Final = 20_000  # texts read to find the length


def infer_inputs(found: Read) -> tuple[Field, ...]:
    """One input: `image` for pictures, `text` for columns of text, `record` for columns of numbers.

    Raises `DataError` when there are columns of both.
    """
    if found.roles.texts:
        return (_text(found),)
    if not found.pictures:
        return (Field(name="record", type="record", options={"columns": list(found.roles.inputs)}),)
    step = max(1, len(found.rows) // _LOOK)
    options = load("types", "image").infer([row.read() for row in found.rows[::step]])
    return (Field(name="image", type="image", options=dict(options)),)


def _text(found: Read) -> Field:
    columns = found.roles.inputs
    numbers = [column for column in columns if column not in found.roles.texts]
    if numbers:
        what = f"{listed(sorted(found.roles.texts))} hold text and {listed(numbers)} numbers; a program reads either"
        raise DataError(what, tries=[f"--inputs {shlex.join(sorted(found.roles.texts))}"])
    step = max(1, len(found.rows) // _LOOK_TEXTS)
    values = [list(row) for row in zip(*(found.rows.texts[column][::step] for column in columns), strict=True)]
    options = {**load("types", "text").infer(values), "columns": list(columns)}
    name = identifier(columns[0], fallback="text")
    return Field(name=name if name != output_name(found.roles.output) else "text", type="text", options=options)


def infer_outputs(found: Read) -> tuple[Field, ...]:
    """One output of type `label`, called like its column as far as a program can."""
    return (Field(name=output_name(found.roles.output), type="label"),)


def output_name(column: str) -> str:
    """How the label column `column` is called in a program."""
    return identifier(column, fallback="label")


def read_columns(inputs: Sequence[Field]) -> tuple[str, ...] | None:
    """The columns of a table that `inputs` read, or None when they read none."""
    columns = [c for field in inputs if field.type in ("record", "text") for c in columns_of(field)]
    return tuple(columns) or None


def text_columns(inputs: Sequence[Field]) -> frozenset[str]:
    """Those of them that hold text."""
    return frozenset(column for field in inputs if field.type == "text" for column in columns_of(field))


def columns_of(field: Field) -> tuple[str, ...]:
    """The columns that an input reads: those that it names, else the one that is called like it."""
    return tuple(field.options.get("columns", ())) or (field.name,)
