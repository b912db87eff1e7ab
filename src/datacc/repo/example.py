"""One example as every source hands it over to be frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from datacc.spec.program import Program


@dataclass(frozen=True, kw_only=True)
class Example:
    """A labelled example without conflicts.

    `inputs`: input field → raw value (bytes of a file, a list of numbers); `labels`: output field → class name, number
    or list of labels; `shares`: output field → class → how likely it is, where a teacher told that; `columns`: other
    columns → JSON value; `content`: the digest that equal inputs share; `split`: "learn", "tune" or "judge" when it was
    imported with one; `name`: what the user calls it.
    """

    id: str
    content: str
    inputs: Mapping[str, Any]
    labels: Mapping[str, Any]
    columns: Mapping[str, Any] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    name: str | None = None
    group: str | None = None
    split: str | None = None


def sliced(program: Program) -> tuple[str, ...]:
    """The columns that the program reads and that can be sliced by as well: those of a few values each."""
    records = [field.options for field in program.inputs if field.type == "record"]
    return tuple(name for one in records for key in ("categories", "ordered", "booleans") for name in one.get(key, ()))
