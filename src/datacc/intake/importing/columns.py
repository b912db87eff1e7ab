"""What one column of a table holds, by looking at its cells: numbers, truths, dates, a few values, or text."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from datacc.frozen import frozen
from datacc.intake.importing.cell import number
from datacc.intake.importing.scales import ascending
from datacc.repo.names import natural
from datacc.spec.program import Field
from datacc.types import options_of
from datacc.types.cells import FALSE, NOTHING, SPACE, TRUE, Reader, as_value, is_missing, reader

NUMERIC: Final = 0.9  # a column with fewer numbers, or dates, than this among its filled cells is of words
COVERED: Final = 0.9  # of the cells of a column of few values, by values that are not rare
MOST: Final = 128  # values of a category
_LONGEST: Final = max(map(len, NOTHING))
_LOOK: Final = 200  # cells that tell whether a column looks like dates, or numbers
_OTHER_DATE: Final = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T]+\d{1,2}:\d\d.*)?", re.ASCII)
_MONEY: Final = r"\s*([$€£¥₹%]|EUR|USD|GBP|CHF|JPY|INR)?\s*"
_GROUPED: Final = r"\d+([.,]\d+)?|\d{1,3}([,.'’\s]\d{3})+([.,]\d+)?"  # 2,41 as well as 1 234 567.8
_OTHER_NUMBER: Final = re.compile(rf"[+-]?{_MONEY}[+-]?({_GROUPED}){_MONEY}")
_READ_DATE: Final = reader("date")
RARE: Final = 10  # rows, fewer of which no value gets a code of its own for, in a table of a thousand


@frozen
class Column:
    """`kind` of the cells: number, boolean, date, category, order or text; `values` of the two before the last.

    `gaps`: some may be missing. `rare` counts the cells whose value is none of `values`.
    """

    kind: str
    values: tuple[str, ...] = ()
    gaps: bool = False
    rare: int = 0

    @property
    def reader(self) -> Reader:
        """What reads a cell of a record. Not of text."""
        return reader(self.kind, self.values, self.gaps)

    @property
    def is_number(self) -> bool:
        """Whether its cells are kept as numbers; all others are kept as texts."""
        return self.kind == "number"


def known_columns(inputs: Sequence[Field]) -> dict[str, Column]:
    """The columns of a table that `inputs` read, as these say."""
    found: dict[str, Column] = {}
    for field in inputs:
        if field.type == "text":
            found |= {column: Column(kind="text") for column in field.columns}
        elif field.type == "record":
            record = options_of(field)
            found |= {
                name: Column(kind=record.kind(name), values=record.values(name), gaps=name in record.missing)
                for name in record.columns
            }
    return found


def look(cells: Sequence[Any]) -> Column:
    """What a column holds, as far as its cells tell."""
    texts = set(map(type, cells)) <= {str, type(None)}
    counts = _of_texts(cells) if texts else [(cell, 1) for cell in cells]  # not compared, since 1 equals true
    filled = [(cell, count) for cell, count in counts if _is_long(cell) or not is_missing(cell)]
    gaps = len(filled) < len(counts)
    if _are(filled, _is_number):
        return Column(kind="number", gaps=gaps)
    if _are_truths(cell for cell, _ in filled):
        return Column(kind="boolean", gaps=gaps)
    if _are(filled, _is_date):
        return Column(kind="date", gaps=gaps)
    if texts and len(counts) - MOST > (1 - COVERED) * len(cells):
        return Column(kind="text", gaps=gaps)  # those that no category has room for are too many
    values = Counter[str]()
    for cell, count in counts:
        values[as_value(cell)] += count
    order = ascending({as_value(cell) for cell, _ in filled}) if len(filled) <= MOST else None
    if order is not None:
        return Column(kind="order", values=order, gaps=gaps)
    return _category(values) or Column(kind="text", gaps=gaps)


def written_otherwise(cells: Sequence[Any]) -> tuple[str, str] | None:
    """Whether a column looks like dates or numbers which are written otherwise than a record reads them.

    "dates" or "numbers" and a cell of it; None for any other.
    """
    some = [cell for cell in islice(cells, _LOOK) if isinstance(cell, str) and not is_missing(cell)]
    for what, pattern, reads in (("dates", _OTHER_DATE, _is_date), ("numbers", _OTHER_NUMBER, _is_number)):
        odd = [cell for cell in some if not reads(cell)]
        alike = [cell for cell in odd if pattern.fullmatch(cell.strip(SPACE))]
        if alike and len(some) - len(odd) + len(alike) >= NUMERIC * len(some):
            return what, alike[0]
    return None


def record_options(columns: Mapping[str, Column]) -> dict[str, Any]:
    """The options of a record of these columns, none of which is text."""
    of = {kind: [name for name, column in columns.items() if column.kind == kind] for kind in ("boolean", "date")}
    categories, ordered = (
        {name: list(one.values) for name, one in columns.items() if one.kind == kind} for kind in ("category", "order")
    )
    missing = [name for name, column in columns.items() if column.gaps and column.kind != "category"]
    options: dict[str, Any] = {"columns": list(columns)}
    more = {
        "categories": categories,
        "ordered": ordered,
        "booleans": of["boolean"],
        "dates": of["date"],
        "missing": missing,
    }
    return options | {key: value for key, value in more.items() if value}


def _category(counts: Counter[str]) -> Column | None:
    """A column whose values repeat."""
    total = sum(counts.values())
    least = max(2, min(RARE, total // 100))
    common = [(value, count) for value, count in counts.most_common(MOST) if count >= least]
    covered = sum(count for _, count in common)
    if covered < COVERED * total:
        return None
    values = sorted((value for value, _ in common), key=natural)
    return Column(kind="category", values=tuple(values), rare=total - covered)


def _of_texts(cells: Sequence[str | None]) -> list[tuple[str, int]]:
    """Different texts, without blanks around them, and how often each is there; no text is an empty one."""
    return list(Counter([cell.strip(SPACE) if cell else "" for cell in cells]).items())


def _is_long(cell: Any) -> bool:
    """Whether it is a text that no word for nothing is as long as."""
    return type(cell) is str and len(cell) > _LONGEST


def _are_truths(cells: Iterable[Any]) -> bool:
    """Whether all are words for true and false, and both are there; it stops at one that is not."""
    words = set[str]()
    for cell in cells:
        word = as_value(cell).lower()
        if word not in TRUE and word not in FALSE:
            return False
        words.add(word)
    return bool(words & TRUE and words & FALSE)


def _are(filled: Sequence[tuple[Any, int]], holds: Callable[[Any], bool]) -> bool:
    """Whether nearly all cells are so; it stops where that cannot be any more."""
    others, most = 0, (1 - NUMERIC) * sum(count for _, count in filled)
    for cell, count in filled:
        others += 0 if holds(cell) else count
        if others > most:
            return False
    return bool(filled)


def _is_number(cell: Any) -> bool:
    return number(cell) is not None and not isinstance(cell, bool)


def _is_date(cell: Any) -> bool:
    try:
        _READ_DATE(cell)
    except ValueError:
        return False
    return True
