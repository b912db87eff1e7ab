"""What a person reads of an example: its texts, and the cells of its records by what they stand for."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Named = dict[str, tuple[str, ...]]  # column of a record → the values that its codes stand for


def columns_of(options: Mapping[str, Any]) -> Named:
    """The columns that the options of an input name, in their order; of what is no record, as if it were numbers."""
    values = {**options.get("categories", {}), **options.get("ordered", {})}
    return {column: tuple(values.get(column, ())) for column in options.get("columns", ())}


def cell_of(value: float, values: tuple[str, ...]) -> str:
    """What a number of a record stands for, among `values` where it is a code."""
    if math.isnan(value):
        return "missing"
    if not values:
        return f"{value:.4g}"
    return values[int(value)] if 0 <= value < len(values) else "unknown"


def text_of(frozen: NDArray[np.uint8]) -> str:
    """A text as an input has it: UTF-8 (N,) that zeros may follow."""
    return frozen.tobytes().decode("utf-8", "replace").rstrip("\0")
