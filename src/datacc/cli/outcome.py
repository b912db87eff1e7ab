"""What a verb hands back, and how it reaches a terminal or another program."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from datacc.errors import DataccError
from datacc.frozen import frozen
from datacc.repo.words import printable

LONGEST_LINE: Final = 2000
LONGEST_CELL: Final = 80


@frozen
class Outcome:
    """The outcome of a verb.

    `facts` are printed with `--json`; without it `picture`, something that rich can show, and `text`. `error` is what
    the user must mend.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    picture: Any = None
    error: DataccError | None = None

    @property
    def exit_code(self) -> int:
        """That of the process."""
        return self.error.exit_code if self.error else 0

    def as_json(self) -> str:
        """One JSON object, the error in it."""
        failed = {"error": _facts(self.error)} if self.error else {}
        return json.dumps({**self.facts, **failed}, indent=1, default=str)


def _facts(error: DataccError) -> dict[str, Any]:
    return {
        "class": type(error).__name__,
        "what": error.what,
        "where": error.where,
        "tries": list(error.tries),
        "exit_code": error.exit_code,
    }


def visible(text: str) -> str:
    """`text` with every control character but the line end written as an escape: names come from anywhere."""
    return "\n".join(printable(line, longest=LONGEST_LINE) for line in text.split("\n"))


def columns(rows: Iterable[Sequence[Any]], *, indent: str = "") -> str:
    """`rows` as lines with aligned columns; what a person named is cut when it is long."""
    cells = [[printable(str(cell), longest=LONGEST_CELL) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(indent + line.rstrip() for line in lines)
