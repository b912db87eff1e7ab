"""Reads `[teacher]` of `datacc.toml`: what may be asked for the labels that people did not give."""

import re
from typing import Final

from datacc import registry
from datacc.spec.program import SECONDS, Teacher
from datacc.spec.table import Table

MOST_SECONDS: Final = 3600
_SHARED: Final = ("price", "most", "seconds", "classes")
_PRICE: Final = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([^\W\d_]{0,12}|[^\w\s])\s*")
_EXAMPLE: Final = 'function = "module:function"'


def read_teacher(table: Table) -> Teacher | None:
    """The teacher that the table `[teacher]` names; None when it is empty. Raises `SpecError` with the line."""
    if not table.values:
        return None
    kinds = registry.names("teachers")
    table.known([*kinds, *_SHARED])
    named = [key for key in table.values if key in kinds]
    if len(named) != 1:
        what = f"a teacher is one of {', '.join(kinds)}" + (f"; this one is {' and '.join(named)}" if named else "")
        raise table.error(what, tries=[_EXAMPLE])
    price, currency = _price(table)
    return Teacher(
        kind=named[0],
        what=table.need(named[0], str, example=_EXAMPLE),
        price=price,
        currency=currency,
        most=_whole(table, "most", 1_000_000_000),
        seconds=_whole(table, "seconds", MOST_SECONDS) or SECONDS,
        classes=table.texts("classes", ()),
    )


def _price(table: Table) -> tuple[float, str]:
    if "price" not in table.values:
        return 0.0, ""
    given = table.need("price", str, example='price = "0.002 EUR"')
    found = _PRICE.fullmatch(given)
    if found is None:
        raise table.error(f"{given!r} is no price of an answer", "price", ['price = "0.002 EUR"'])
    return float(found[1]), found[2]


def _whole(table: Table, key: str, most: int) -> int | None:
    value = table.find(key, int)
    if value is not None and not 1 <= value <= most:
        raise table.error(f"{key} must be between 1 and {most:,}", key)
    return value
