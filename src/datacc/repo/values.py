"""What an output's value is: stored as class ids or a number, said as names or a number, by the type of its column."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from datacc.registry import load
from datacc.repo.schema import Column
from datacc.repo.working import one_class

if TYPE_CHECKING:
    from datacc.types import OutputType  # which takes its time to load; log and status need no type


def stored(column: Column, said: Any) -> Any:
    """The JSON value to store for what somebody says, a text or a value: a class id, a number, a list of class ids.

    Raises `DataError` for an unknown class, or for what is no number.
    """
    kind: OutputType = load("types", column.type)
    value = kind.read(said) if isinstance(said, str) else said
    if kind.form == "number":
        [number] = kind.decode(kind.encode([value], ()), ())
        return int(number) if number.is_integer() else number
    if kind.form == "labels":
        kind.encode([value], value if isinstance(value, Sequence) else ())
        return sorted({one_class(column, name).id for name in value})
    return one_class(column, str(value)).id


def meant(column: Column, value: Any) -> Any:
    """What a stored value stands for now: a class name, a number, class names; None for what the schema has not."""
    kind: OutputType = load("types", column.type)
    if kind.form == "number":
        return value if type(value) in (int, float) else None
    if kind.form == "labels":
        found = [column.class_with(one) if isinstance(one, str) else None for one in class_ids(value)]
        return sorted({one.name for one in found if one}) if all(found) and isinstance(value, list) else None
    known = column.class_with(value) if isinstance(value, str) else None
    return known.name if known else None


def class_ids(value: Any) -> list[str]:
    """The class ids in a stored value: one, several, or none in a number."""
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
