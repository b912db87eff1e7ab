"""What people read of the numbers of a record is what stood in the table."""

import datetime
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.legible import Meaning, cell_of, columns_of
from datacc.registry import load

RECORD = load("types", "record")
OPTIONS = {
    "columns": ["day", "member", "size", "colour", "wage"],
    "dates": ["day"],
    "booleans": ["member"],
    "ordered": {"size": ["low", "high"]},
    "categories": {"colour": ["red", "blue"]},
    "missing": ["day", "wage"],
}


def read(**cells: object) -> list[str]:
    """The cells of a row as they are told once they are numbers."""
    row = {"day": "2024-03-03", "member": "yes", "size": "low", "colour": "red", "wage": 1, **cells}
    [frozen] = RECORD.encode([row], RECORD.options(**OPTIONS))
    return [cell_of(float(x), kind) for x, kind in zip(frozen, columns_of(OPTIONS).values(), strict=True)]


def test_every_kind_of_column_is_told_as_it_stood() -> None:
    assert read() == ["2024-03-03", "true", "low", "red", "1"]
    assert read(day="", member="0", size="high", colour="green", wage="NA") == [
        "missing", "false", "high", "unknown", "missing",
    ]  # fmt: skip
    assert read(day="2024-03-03T12:00")[0] == "2024-03-03 12:00"


@given(st.dates())
def test_a_day_is_that_day(day: datetime.date) -> None:
    assert read(day=day.isoformat())[0] == day.isoformat()


@pytest.mark.parametrize("value", [1e30, -1e30, 3e6, -1e6, math.inf])
def test_what_is_no_day_is_a_number(value: float) -> None:
    assert cell_of(float(np.float32(value)), Meaning(kind="date")) == f"{np.float32(value):.4g}"
