"""Slices: the rows that a check's `where` selects, its class, and examples by id; unknown names have the nearest."""

import difflib
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError, SpecError, UsageError
from datacc.repo.snapshot import Snapshot
from datacc.spec.program import Check

SHOWN: Final = 5
SHORTEST: Final = 4  # digits of an id


def slice_rows(snapshot: Snapshot, check: Check, file: str = "datacc.toml") -> NDArray[np.bool_]:
    """A mask (N,) of the rows, of any split, where every column of `check.where` has the value asked for.

    Raises `SpecError` for a column that no example has, or a value that none has in it.
    """
    chosen = np.ones(len(snapshot.ids), bool)
    for name, value in check.where.items():
        if name not in snapshot.columns:
            raise SpecError(
                f"no example has a column {name!r}", where=place_of(check, file), tries=_near(name, snapshot.columns)
            )
        column = snapshot.columns[name]
        found = np.array([_equal(item, value) for item in column], bool)
        if not found.any():
            known = sorted({str(item) for item in column if item is not None})
            raise SpecError(
                f"no example has {name} = {value!r}", where=place_of(check, file), tries=_near(str(value), known)
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
        raise SpecError(what, where=place_of(check, file), tries=_near(check.of_class, names))
    return names.index(check.of_class)


def row_named(snapshot: Snapshot, prefix: str) -> int:
    """The row of the only example whose id begins with `prefix`, given with 4 or more digits.

    Raises `UsageError` when that is too short, `DataError` when there is none, or several.
    """
    start = prefix.strip().lower()
    if len(start) < SHORTEST:
        what = f"{prefix!r} is too short for an example id"
        raise UsageError(what, tries=[f"give {SHORTEST} or more of its digits"])
    found = [row for row, id in enumerate(snapshot.ids) if id.startswith(start)]
    if not found:
        what = f"no labelled example has an id that begins with {prefix!r}"
        tries = [f"datacc show {shlex.quote(prefix)}", "it may be deleted, without a label, or in conflict"]
        raise DataError(what, tries=tries)
    if len(found) > 1:
        ids = [snapshot.ids[row] for row in found[:SHOWN]]
        raise DataError(f"{len(found):,} examples have ids that begin with {prefix!r}", tries=ids)
    return found[0]


def described(check: Check) -> str:
    """The metric of a check in words: "recall of '9' where source = 'phone'"."""
    return with_slice(f"{check.metric} of {check.of_class!r}" if check.of_class is not None else check.metric, check)


def with_slice(what: str, check: Check) -> str:
    """`what`, and the slice of a check: "accuracy where source = 'phone'"."""
    where = ", ".join(f"{name} = {value!r}" for name, value in check.where.items())
    return f"{what} where {where}" if where else what


def place_of(check: Check, file: str) -> str:
    """Where a check stands, as "datacc.toml:25"."""
    return f"{file}:{check.line}" if check.line is not None else file


def _equal(item: Any, value: Any) -> bool:
    """Equal as JSON values are: true is not 1, and "3" is not 3."""
    return isinstance(item, bool) == isinstance(value, bool) and bool(item == value)


def _near(name: str, known: Iterable[str] | Mapping[str, Any]) -> list[str]:
    names = list(known)
    close = names if len(names) <= SHOWN else difflib.get_close_matches(name, names, n=SHOWN, cutoff=0.5)
    shown = ", ".join(repr(item) for item in close or names[:SHOWN])
    return [f"one of {shown}"] if shown else []
