"""The input and output fields of a program that fits what was read: types and options inferred."""

from collections.abc import Sequence
from typing import Final

from datacc.intake.importing.read import Read
from datacc.registry import load
from datacc.spec.names import identifier
from datacc.spec.program import Field

_LOOK: Final = 200  # pictures opened to find the size


def infer_inputs(found: Read) -> tuple[Field, ...]:
    """One input: `image` for pictures, `record` for columns of numbers."""
    if not found.pictures:
        return (Field(name="record", type="record", options={"columns": list(found.roles.inputs)}),)
    step = max(1, len(found.rows) // _LOOK)
    options = load("types", "image").infer([row.read() for row in found.rows[::step]])
    return (Field(name="image", type="image", options=dict(options)),)


def infer_outputs(found: Read) -> tuple[Field, ...]:
    """One output of type `label`, called like its column as far as a program can."""
    return (Field(name=output_name(found.roles.output), type="label"),)


def output_name(column: str) -> str:
    """How the label column `column` is called in a program."""
    return identifier(column, fallback="label")


def record_columns(inputs: Sequence[Field]) -> tuple[str, ...] | None:
    """The columns of numbers that `inputs` read, or None when they read none."""
    columns = [column for field in inputs if field.type == "record" for column in field.options.get("columns", ())]
    return tuple(columns) or None
