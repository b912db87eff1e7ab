"""One cell of a table: is it a number, and what it is as JSON."""

import math
import re
from typing import Any, Final

from datacc.types.cells import is_missing

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INFINITE: Final = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})


def number(cell: Any) -> float | None:
    """The value of a numeric cell, which may be infinite; None for text and missing cells."""
    if isinstance(cell, int | float):
        return None if is_missing(cell) else _double(cell)
    text = cell.strip() if isinstance(cell, str) else ""
    if text.casefold() in _INFINITE:
        return -math.inf if text.startswith("-") else math.inf
    return float(text) if _NUMBER.fullmatch(text) else None


def plain(cell: Any) -> Any:
    """The cell as a JSON value for a column that is not an input; None when there is nothing, or no double."""
    if isinstance(cell, int | float) and not math.isfinite(_double(cell)):
        return None
    return cell if not isinstance(cell, str) or cell.strip() else None


def as_number(cell: Any) -> Any:
    """The JSON number of a cell in a column of numbers: whole ones as integers."""
    value = number(cell)
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def as_text(cell: Any) -> str | None:
    """The cell as a class name, group or key; None when it is empty. True is "true", 3.0 is "3"."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip() or None


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
