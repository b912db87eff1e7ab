"""A rule that splits a class: which example becomes what, by its inputs, its name or its other columns."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from operator import ge, gt, le, lt
from typing import Any, Final

from datacc.errors import DataError, UsageError
from datacc.frozen import frozen
from datacc.repo.schema import Class, Column, Schema
from datacc.repo.working import Working

_CONDITION: Final = re.compile(r"\s*(?P<column>.+?)\s*(?P<sign><=|>=|!=|=|<|>|~)\s*(?P<value>.*?)\s*", re.DOTALL)
_ORDER: Final[Mapping[str, Callable[[float, float], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_FORMS: Final = ("width < 5", "camera = 2", "name ~ tabby/*")


@frozen
class Condition:
    """What the cell of a column must be: `sign` is =, != (a number or text), <, <=, >, >= (a number) or ~ (a pattern
    with * and ?). Where a row has nothing in the column it does not hold."""

    column: str
    sign: str
    value: str

    def holds(self, cell: Any) -> bool:
        """Whether it holds of a cell."""
        if cell is None:
            return False
        is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
        number = _number(self.value)
        if self.sign in _ORDER:
            return is_number and number is not None and _ORDER[self.sign](cell, number)
        if self.sign == "~":
            return fnmatchcase(str(cell), self.value)
        is_same = cell == number if is_number and number is not None else str(cell) == self.value
        return is_same == (self.sign == "=")


def read_condition(text: str) -> Condition:
    """The condition that a text such as "width < 5" says. Raises `UsageError`."""
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r}: a column, a sign and a value", tries=_FORMS)
    condition = Condition(**found.groupdict())
    if condition.sign in _ORDER and _number(condition.value) is None:
        raise UsageError(f"{text!r}: {condition.sign} needs a number", tries=_FORMS)
    return condition


def parted(
    working: Working, output: Column, old: Class, rule: Sequence[tuple[str, Condition]], otherwise: str | None
) -> dict[str, str]:
    """Example → what it becomes, of those that are `old`: the class of the first condition that holds, or `otherwise`.

    `working` must have cells. Raises `DataError` for a column that is not there, or holds files.
    """
    columns = [(name, one, _columns(working.contents.schema, one.column)) for name, one in rule]
    states = working.states
    said = {id: state.fields.get(output.id) for id, state in states.edited.items() if state.alive}
    edited = [id for id, register in said.items() if register is not None and register.value == old.id]
    ids = sorted([*states.plain_with(output.id, [old.id]), *edited])
    found = {}
    for id, row in working.contents.first_rows(ids).items():
        names = (name for name, one, ids in columns if any(one.holds(row.cells.get(column)) for column in ids))
        became = next(names, otherwise)
        if became is not None:
            found[id] = became
    return found


def _columns(schema: Schema, name: str) -> list[str]:
    """The ids of what is called so and is no output."""
    others = [column for column in schema.columns if column.kind != "output"]
    found = [column for column in others if column.name == name]
    if not found:
        raise DataError(f"there is no column {name!r}", tries=[", ".join(_names(others))])
    if any(column.kind == "input" and column.type not in ("number", "text") for column in found):
        readable = [one for one in others if one.kind != "input" or one.type in ("number", "text")]
        raise DataError(f"{name!r} is a file, which no rule looks into", tries=[", ".join(_names(readable))])
    return [column.id for column in found]


def _names(columns: Iterable[Column]) -> list[str]:
    return sorted({column.name for column in columns})[:20]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
