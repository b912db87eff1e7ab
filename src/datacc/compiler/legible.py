"""What a person reads of an example: its texts, and the cells of its records by what they stand for."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.types.cells import DAY_ONE

_FIRST: Final = datetime.fromordinal(DAY_ONE)
_LAST: Final = (datetime.max - _FIRST).days


@frozen
class Meaning:
    """What the numbers of a column stand for: number, boolean, date, or codes of `values`."""

    kind: str = "number"
    values: tuple[str, ...] = ()

    @property
    def is_amount(self) -> bool:
        """Whether more of it means something."""
        return self.kind in ("number", "date")


Named = dict[str, Meaning]  # by column of a record


def columns_of(options: Mapping[str, Any]) -> Named:
    """The columns that the options of an input name, in their order; of what is no record, as if it were numbers."""
    codes = {**options.get("categories", {}), **options.get("ordered", {})}
    kinds = {column: Meaning(kind="code", values=tuple(values)) for column, values in codes.items()}
    for kind in ("boolean", "date"):
        kinds |= dict.fromkeys(options.get(f"{kind}s", ()), Meaning(kind=kind))
    return {column: kinds.get(column, Meaning()) for column in options.get("columns", ())}


def cell_of(value: float, meaning: Meaning) -> str:
    """What a number of a record stands for."""
    if math.isnan(value):
        return "missing"
    if meaning.kind == "code":
        return meaning.values[int(value)] if 0 <= value < len(meaning.values) else "unknown"
    if meaning.kind == "boolean":
        return "true" if value else "false"
    if meaning.kind == "date" and -DAY_ONE < value < _LAST:
        return _date(value)
    return f"{value:.4g}"


def _date(days: float) -> str:
    """A day, and the time where it is not midnight: to the minute, as float32 has it."""
    moment = _FIRST + timedelta(minutes=round(days * 1440))
    return moment.isoformat(" ", "minutes") if float(days) % 1 else moment.date().isoformat()


def text_of(frozen: NDArray[np.uint8]) -> str:
    """A text as an input has it: UTF-8 (N,) that zeros may follow."""
    return frozen.tobytes().decode("utf-8", "replace").rstrip("\0")
