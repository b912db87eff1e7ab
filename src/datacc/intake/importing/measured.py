"""Whether a label column measures something, so that a number is answered, or names classes."""

from typing import Final

from datacc.errors import DataError
from datacc.intake import Found
from datacc.intake.importing.cell import number
from datacc.types.cells import is_missing

_MANY: Final = 20  # different numbers; no more are classes
_REPEATING: Final = 0.05  # of the rows: so few different numbers repeat like classes
_FEW: Final = 20  # labels; fewer do not tell whether they repeat


def kind_of(found: Found, label: str | None) -> str:
    """A number where the label column holds many different ones and nothing else, else a label.

    Whole numbers that begin at 0 or 1 and leave none out are how classes are numbered, unless hardly one repeats.
    """
    column = [] if label is None else found.column(label)
    if set(map(type, column)) <= {str} and len(set(column)) <= _MANY:
        return "label"  # as nearly always; a million cells need not be looked at one by one
    cells = [cell for cell in column if not is_missing(cell)]
    told = set(cells) if all(type(cell) in (str, int, float) for cell in cells) else set()
    if len(told) <= _MANY or len(told) <= _REPEATING * len(cells):
        return "label"
    values = {number(cell) for cell in told}
    numbers = {value for value in values if value is not None}
    numbered = any(numbers == {float(n) for n in range(first, first + len(numbers))} for first in (0, 1))
    return "label" if None in values or (numbered and 2 * len(numbers) <= len(cells)) else "number"


def output_kind(
    found: Found, label: str | None, asked: str | None, known: str | None, where: str
) -> tuple[str, list[str]]:
    """The output type: the one `asked` for, the one `known` already, or what the label column looks like; and notes.

    Raises `DataError` for measurements where classes are known.
    """
    kind = asked or known or found.output_type or kind_of(found, label)
    if label is None or asked is not None or found.output_type is not None:
        return kind, []
    if kind == "label":
        _refuse_measurements(found, label, where)
    if kind != "number" or known is not None:
        return kind, []
    told = f"{label} holds {len(set(found.column(label))):,} different numbers"
    return kind, [f"{told} and is answered as a number (--type label: each is a class)"]


def _refuse_measurements(found: Found, label: str, where: str) -> None:
    """Raise `DataError` for a column of fractions that hardly repeat: it measures, and names no classes."""
    cells = found.column(label)
    told = {cell for cell in set(cells) if not is_missing(cell)} if set(map(type, cells)) == {str} else None
    if told is not None and 2 * len(told) <= len(cells) - cells.count(""):
        return  # as texts they repeat already
    values = [number(cell) for cell in cells if not is_missing(cell)]
    fractions = sum(value is not None and not value.is_integer() for value in values)
    different = len(set(values))
    if len(values) >= _FEW and 2 * min(fractions, different) > len(values):
        raise DataError(
            f"column {label!r} holds {different:,} different numbers in {len(values):,} rows; a label names a class",
            where=where,
            tries=["--type number answers with a number", "--label names another column"],
        )
