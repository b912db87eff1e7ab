"""What is said of the columns of a table: what they were read as, what they lack, what was left aside."""

from collections.abc import Iterable, Mapping
from typing import Final

from datacc.intake import Found
from datacc.intake.importing.columns import Column, written_otherwise
from datacc.repo.words import listed

_READ: Final = {"dates": "2021-04-30", "numbers": "1234.5"}
_KINDS: Final = {
    "category": "one of a few values",
    "order": "ordered values",
    "boolean": "true or false",
    "date": "dates",
    "text": "text",
}


def read_as(inputs: Mapping[str, Column]) -> list[str]:
    """What is to be said of inputs that are no plain numbers, and of the values that they lack."""
    notes = []
    for kind, words in _KINDS.items():
        columns = [_ordered(column, one) for column, one in inputs.items() if one.kind == kind]
        notes += [f"read as {words}: {listed(columns)}"] if columns else []
    rare = [f"{column} ({one.rare:,})" for column, one in inputs.items() if one.rare]
    notes += [f"rare values, taken for unknown ones: {listed(rare)}"] if rare else []
    gaps = [column for column, one in inputs.items() if one.gaps and one.kind not in ("category", "text")]
    return [*notes, *([f"values may be missing: {listed(gaps)}"] if gaps else [])]


def _ordered(name: str, column: Column) -> str:
    """The name, with its values where they have an order."""
    return f"{name} ({' < '.join(column.values)})" if column.kind == "order" else name


def otherwise(found: Found, seen: Mapping[str, Column]) -> list[str]:
    """What is to be said of columns that look like dates or numbers and are not read as such."""
    told = []
    for column in (column for column, one in seen.items() if one.kind in ("category", "text")):
        if looks := written_otherwise(found.column(column)):
            what, cell = looks
            told.append(
                f"{column!r} looks like {what}, such as {cell!r}; only those like {_READ[what]} are read as {what}"
            )
    return told


def aside(columns: Iterable[str]) -> list[str]:
    """What is to be said of texts that are no inputs."""
    left = list(columns)
    return [f"kept to slice by, not learnt from: {listed(left)} (text)"] if left else []
