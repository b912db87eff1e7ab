"""Slices: the rows that a check's `where` selects, and its class; unknown names come with the nearest known."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import SpecError
from datacc.repo.snapshot import Snapshot
from datacc.spec.program import Check

SHOWN: Final = 5


def slice_rows(snapshot: Snapshot, check: Check, file: str = "datacc.toml") -> NDArray[np.bool_]:
    """A mask (N,) of the rows, of any split, where every column of `check.where` has the value asked for.

    Raises `SpecError` for a column that no example has, or a value that none has in it.
    """
    chosen = np.ones(len(snapshot.ids), bool)
    for name, value in check.where.items():
        if name not in snapshot.columns:
            raise SpecError(
                f"no example has a column {name!r}", where=_place(check, file), tries=_near(name, snapshot.columns)
            )
        column = snapshot.columns[name]
        found = np.array([_equal(item, value) for item in column], bool)
        if not found.any():
            known = sorted({str(item) for item in column if item is not None})
            raise SpecError(
                f"no example has {name} = {value!r}", where=_place(check, file), tries=_near(str(value), known)
            )
        chosen &= found
    return chosen


def class_index(snapshot: Snapshot, field: str, check: Check, file: str = "datacc.toml") -> int | None:
    """The index of the check's class in `field`, None for a check of all. Raises `SpecError` for an unknown class."""
    if check.of_class is None:
        return None
    names = snapshot.classes[field]
    if check.of_class not in names:
        what = f"{field} has no class {check.of_class!r}"
        raise SpecError(what, where=_place(check, file), tries=_near(check.of_class, names))
    return names.index(check.of_class)


def described(check: Check) -> str:
    """The check in words: "recall of '9' where source = 'phone'"."""
    of = f" of {check.of_class!r}" if check.of_class is not None else ""
    where = ", ".join(f"{name} = {value!r}" for name, value in check.where.items())
    return f"{check.metric}{of}" + (f" where {where}" if where else "")


def _place(check: Check, file: str) -> str:
    return f"{file}:{check.line}" if check.line is not None else file


def _equal(item: Any, value: Any) -> bool:
    """Equal as JSON values are: true is not 1, and "3" is not 3."""
    return isinstance(item, bool) == isinstance(value, bool) and bool(item == value)


def _near(name: str, known: Iterable[str] | Mapping[str, Any]) -> list[str]:
    names = list(known)
    close = difflib.get_close_matches(name, names, n=SHOWN, cutoff=0.5) or names[:SHOWN]
    return ["one of " + ", ".join(repr(item) for item in close)] if close else []
