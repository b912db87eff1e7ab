"""Conditions on cells: what holds of numbers, texts and nothing; files are not looked into."""

from typing import Any

import pytest

from datacc.errors import DataError, UsageError
from datacc.repo.find import Repository
from datacc.repo.rule import parted, read_condition
from datacc.repo.working import read_working

HOLDS: list[tuple[str, Any, bool]] = [
    ("a < 5", 4.5, True),
    ("a < 5", 5, False),
    ("a<=5", 5, True),
    ("a > -1e3", 0, True),
    ("a >= 5", "7", False),  # a text is no number
    ("a = 5", 5.0, True),
    ("a = 5.0", 5, True),
    ("a = 5", "5", True),
    ("a = 5.0", "5", False),
    ("a = ", "", True),
    ("a = b = c", "b = c", True),
    ("a != 5", 6, True),
    ("a != 5", None, False),
    ("a = True", True, True),
    ("a > 0", True, False),
    ("a ~ *refund*", "a refund, please", True),
    ("a ~ *refund*", "A REFUND", False),
    ("a ~ tabby/?.png", "tabby/7.png", True),
    ("a ~ 1?", 12, True),
]


@pytest.mark.parametrize(("text", "cell", "expected"), HOLDS)
def test_what_holds(text: str, cell: Any, expected: bool) -> None:
    condition = read_condition(text)
    assert (condition.column, condition.holds(cell)) == ("a", expected)


@pytest.mark.parametrize("text", ["", "a", "= 5", "a < b", "a >= "])
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(UsageError):
        read_condition(text)


def test_names_but_no_files_are_looked_into(repository: Repository) -> None:
    working = read_working(repository, cells=True)
    [output] = working.contents.schema.of("output")
    cat = output.class_named("cat")
    assert cat is not None
    found = parted(working, output, cat, [("old", read_condition("name ~ cat/0*"))], "new")
    assert sorted(found.values()) == ["new"] * 15 + ["old"] * 5
    with pytest.raises(DataError, match="'image' is a file"):
        parted(working, output, cat, [("old", read_condition("image = 1"))], None)
