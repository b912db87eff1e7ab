"""Reads the inputs and outputs of `datacc.toml`: their names, their value types and those types' options."""

from collections.abc import Mapping
from typing import Any, Final

from datacc import registry
from datacc.errors import SpecError
from datacc.spec.names import check_name
from datacc.spec.plain import Wrong, kinds, read
from datacc.spec.program import Field
from datacc.spec.table import Table

# What tells an input type from an output type; their classes live in a layer above this one.
_METHOD: Final = {"input": "front", "output": "answer"}


def read_fields(table: Table) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """The inputs and outputs of the program in `table`, types and options checked. Raises `SpecError`."""
    inputs, outputs = _side(table, "input"), _side(table, "output")
    for field in outputs:
        if field.name in {other.name for other in inputs}:
            raise table.table("output").error(f"{field.name!r} is an input too: give one another name", field.name)
    if len(outputs) > 1:
        second = outputs[1].name
        raise table.table("output").error(
            "several outputs are not supported yet", second, [f"remove [output.{second}]"]
        )
    return inputs, outputs


def check_output_type(name: str) -> str:
    """The name of a type that can be an output. Raises `SpecError` with those that can."""
    able = [one for one in registry.names("types") if hasattr(registry.load("types", one), _METHOD["output"])]
    if name not in able:
        raise SpecError(f"{name!r} cannot be an output", where="--type", tries=[f"--type {one}" for one in able])
    return name


def _side(table: Table, side: str) -> tuple[Field, ...]:
    fields = table.table(side)
    found = []
    for name in fields.values:
        with fields.blaming(name):
            check_name(name)
        found.append(_field(name, side, fields.table(name)))
    if not found:
        example = '[input.picture] with type = "image"' if side == "input" else '[output.digit] with type = "label"'
        raise table.error(f"no {side} is described", side if side in table.values else None, [example])
    return tuple(found)


def _field(name: str, side: str, table: Table) -> Field:
    kind = table.need("type", str, example="" if "type" in table.values else _types())
    options = {key: value for key, value in table.values.items() if key != "type"}
    with table.blaming("type"):
        member = registry.load("types", kind)
    if not hasattr(member, _METHOD[side]):
        raise table.error(f"{kind!r} cannot be an {side}", "type")
    table.known(["type", *kinds(member.options)])
    validated(table, member.options, options)
    return Field(name=name, type=kind, options=options)


def _types() -> str:
    return "type = " + " or ".join(f'"{known}"' for known in registry.names("types"))


def validated(table: Table, model: type, options: Mapping[str, Any]) -> Any:
    """The `model` of `options`, keys of `table`. Raises `SpecError` with the line of the first that is wrong."""
    try:
        return read(model, options)
    except Wrong as wrong:
        raise _bad_option(table, wrong.what, *wrong.place) from wrong
    except ValueError as error:  # where options do not go together
        raise _bad_option(table, str(error)) from error


def _bad_option(table: Table, what: str, *place: str | int) -> SpecError:
    names = [part for part in table.keys if isinstance(part, str)]
    key = str(place[0]) if place else None
    return table.error(f"{'.'.join(map(str, (*names, *place)))}: {what}", key if key in table.values else None)
