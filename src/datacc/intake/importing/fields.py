"""The input and output fields of a program that fits what was read: types and options inferred."""

from collections.abc import Mapping, Sequence
from typing import Final

from datacc.intake.importing.columns import Column, record_options
from datacc.intake.importing.read import Read
from datacc.registry import load
from datacc.spec.names import identifier
from datacc.spec.program import Field

_LOOK: Final = 200  # pictures opened to find the size
_LOOK_TEXTS: Final = 20_000  # texts read to find the length
BINS: Final = 32  # into which the range of every number is cut, in a table of at least
ENOUGH: Final = 1000  # rows


def infer_inputs(found: Read) -> tuple[Field, ...]:
    """`image` for pictures; for columns a `record`, a `text`, or both."""
    if found.pictures:
        step = max(1, len(found.rows) // _LOOK)
        options = load("types", "image").infer([row.read() for row in found.rows[::step]])
        return (Field(name="image", type="image", options=dict(options)),)
    columns = found.roles.inputs
    record = {name: column for name, column in columns.items() if column.kind != "text"}
    texts = [name for name in columns if name not in record]
    fields = [_record(record, len(found.rows))] if record else []
    return (*fields, *([_text(found, texts)] if texts else []))


def _record(columns: Mapping[str, Column], rows: int) -> Field:
    options = record_options(columns)
    has_numbers = any(column.kind in ("number", "date", "order") for column in columns.values())
    bins = {"bins": BINS} if rows >= ENOUGH and has_numbers else {}
    return Field(name="record", type="record", options={**options, **bins})


def _text(found: Read, columns: Sequence[str]) -> Field:
    step = max(1, len(found.rows) // _LOOK_TEXTS)
    values = [list(row) for row in zip(*(found.rows.cells[column][::step] for column in columns), strict=True)]
    options = {**load("types", "text").infer(values), "columns": list(columns)}
    name = identifier(columns[0], fallback="text")
    taken = (output_name(found.roles.output), "record")
    return Field(name=name if name not in taken else "text", type="text", options=options)


def infer_outputs(found: Read) -> tuple[Field, ...]:
    """One output, called like its column as far as a program can."""
    return (Field(name=output_name(found.roles.output), type=found.roles.type),)


def output_name(column: str) -> str:
    """How the label column `column` is called in a program."""
    return identifier(column, fallback="label")
