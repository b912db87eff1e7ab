"""Reads the cells of a record as the numbers that a program takes, with Python's standard library alone.

Free for any use: 0BSD.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

Reader = Callable[[Any], float]

LARGEST = 3.4028235e38  # float32
NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})  # what stands for a missing number or date
TRUE, FALSE = frozenset({"true", "t", "yes", "y", "1"}), frozenset({"false", "f", "no", "n", "0"})
SPACE = " \t\n\r\f\v"
DAY_ONE = datetime.date(2000, 1, 1).toordinal()
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)


def reader(kind: str, values: Sequence[str] = (), gaps: bool = False) -> Reader:
    """A function from a cell to the number that stands for it; it raises `ValueError` that says why it cannot.

    `kind` is number, boolean (1 or 0), date (days since 2000-01-01, UTC), category (the place among `values`, −1 for
    any other value) or order (the same, no number for any other). A missing cell is no number (NaN), where there may
    be `gaps`; a missing category is the value "".
    """
    if kind in ("category", "order"):
        places = {value: float(place) for place, value in enumerate(values)}
        other = -1.0 if kind == "category" else math.nan
        return lambda cell: places.get(as_value(cell), other)
    read = {"number": _number, "boolean": _boolean, "date": _date}[kind]

    def found(cell: Any) -> float:
        if not is_missing(cell):
            return read(cell)
        if gaps:
            return math.nan
        raise ValueError("is missing")

    return found


def each(read: Reader, cells: Sequence[Any]) -> list[float]:
    """What every cell stands for; of texts alone each different one is read once. Raises `ValueError` as `read`."""
    if not set(map(type, cells)) <= {str, type(None)}:  # of other types some are equal that are not read alike
        return [read(cell) for cell in cells]
    known = {cell: read(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def is_missing(cell: Any) -> bool:
    """Whether the cell is empty or one of the usual words for nothing."""
    if isinstance(cell, str):
        return cell.strip(SPACE).lower() in NOTHING
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def as_value(cell: Any) -> str:
    """The cell as a value of a category: true is "true", 3.0 is "3", nothing is ""."""
    if isinstance(cell, str):
        return cell.strip(SPACE)
    if is_missing(cell):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _number(cell: Any) -> float:
    if isinstance(cell, str):
        text = cell.strip(SPACE)
        if text.lower() in _INFINITE:
            return _within(math.inf, cell)
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"holds {_shown(cell)}, which is no number")
        return _within(float(text), cell)
    try:
        return _within(float(cell), cell)
    except (TypeError, OverflowError):
        raise ValueError(f"holds {_shown(cell)}, which is no number") from None


def _within(value: float, cell: Any) -> float:
    if abs(value) <= LARGEST:
        return value
    raise ValueError(f"holds {_shown(cell)}, which is no finite float32")


def _boolean(cell: Any) -> float:
    word = as_value(cell).lower()
    if word in TRUE or word in FALSE:
        return float(word in TRUE)
    raise ValueError(f"holds {_shown(cell)}, which is neither true nor false")


def _date(cell: Any) -> float:
    if isinstance(cell, datetime.datetime):
        cell = cell.isoformat()
    elif isinstance(cell, datetime.date):
        return float(cell.toordinal() - DAY_ONE)
    match = _DATE.fullmatch(cell.strip(SPACE)) if isinstance(cell, str) else None
    wrong = f"holds {_shown(cell)}, which is no date like 2021-04-30 or 2021-04-30T16:05"
    if match is None:
        raise ValueError(wrong)
    year, month, day, *clock = match.groups()
    try:
        return datetime.date(int(year), int(month), int(day)).toordinal() - DAY_ONE + _clock(*clock)
    except ValueError:
        raise ValueError(wrong) from None


def _clock(hours: str | None, minutes: str | None, seconds: str | None, zone: str | None) -> float:
    """The time of day as a part of a day, at UTC. Raises `ValueError` for a time that is none."""
    h, m, s = int(hours or 0), int(minutes or 0), float(seconds or 0)
    if h > 23 or m > 59 or s >= 61:
        raise ValueError
    away = 0
    if zone and zone != "Z":
        away = (60 * int(zone[1:3]) + int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
    return (60 * h + m - away) / 1440 + s / 86400


def _shown(cell: Any) -> str:
    text = repr(cell)
    return text if len(text) <= 40 else f"{text[:39]}…"
