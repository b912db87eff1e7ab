"""What a verb hands back, and how it reaches a terminal or another program."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datacc.errors import DataccError


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The outcome of a verb: `facts` are printed with `--json`, `text` without; `exit_code` is that of the process."""

    facts: Mapping[str, Any]
    text: str
    exit_code: int = 0

    def show(self, as_json: bool) -> str:
        """What goes to standard output, without the last line end."""
        return json.dumps(self.facts, indent=1, default=str) if as_json else printable(self.text)


def failure(error: DataccError) -> Answer:
    """The answer that tells of `error`."""
    facts = {
        "class": type(error).__name__,
        "what": error.what,
        "where": error.where,
        "tries": list(error.tries),
        "exit_code": error.exit_code,
    }
    return Answer(facts={"error": facts}, text=f"error: {error}", exit_code=error.exit_code)


def printable(text: str) -> str:
    """`text` with every control character but the line end made visible: names come from anywhere."""
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def columns(rows: Iterable[Sequence[Any]], *, indent: str = "") -> str:
    """`rows` as lines with aligned columns; the last column is left as long as it is."""
    cells = [[printable(str(cell)).replace("\n", "\\n") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(indent + line.rstrip() for line in lines)


def count(number: int, noun: str, plural: str = "") -> str:
    """ "1 example", "2,000 examples"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
