"""A column that somebody named must be there; where it is not, those that are called nearly so are offered."""

import difflib
import shlex
from collections.abc import Sequence
from typing import Final

from datacc.errors import DataError
from datacc.intake import Found, TableRows
from datacc.repo.words import listed

_LOOKED_AT: Final = 10_000  # columns


def require(found: Found, column: str, role: str, where: str) -> None:
    """Raise `DataError` where there is no such column; `role` is the option that named it, or what it is."""
    if column not in found.columns:
        have = listed(found.columns) if found.columns else "none"
        what = f"there is no column {column!r} ({role}); there are: {have}"
        close = _alike(found.columns, column, role)
        raise DataError(
            what, where=where, tries=[*(close or ["name one of these"]), *([] if close else _header(found))]
        )


def _header(found: Found) -> list[str]:
    """What to try where the columns may be called wrongly: of a table of text the first line says their names."""
    is_text = isinstance(found.rows, TableRows) and found.rows.labels is None
    return ["is there a header? The first line of the file names its columns"] if is_text else []


def _alike(columns: Sequence[str], column: str, role: str) -> list[str]:
    """What to try: the columns that are called nearly so."""
    folded = {name.casefold().strip("_- "): name for name in reversed(columns[:_LOOKED_AT])}
    close = difflib.get_close_matches(column.casefold().strip("_- "), folded, n=2, cutoff=0.6)
    tries = [f"{role} {shlex.quote(folded[name])}" if role.startswith("--") else f"is it {name!r}?" for name in close]
    alone = ["separate cells by a comma, a semicolon, a bar or a tab"] if len(columns) == 1 else []
    return tries + alone
