"""Which lines of which segments speak of an example: a part of the local index, arrays sorted by example.

What a command adds is a part of its own, joined with those that are not much larger: there are few of them, whatever
the number of segments, and nothing large is touched by a small commit. Each lies in rows that are found by their span.
"""

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.repo.ids import Ids, beginning, in_order, joined, matches, to_ids, to_text, to_texts
from datacc.store import digest

TABLES: Final = """
CREATE TABLE operations
 (number INTEGER PRIMARY KEY, part INTEGER, size INTEGER, first TEXT, last TEXT, examples BLOB, places BLOB,
  checksum TEXT);
CREATE INDEX spans ON operations (part, size, first, last);
"""

_AT_ONCE: Final = 2048  # operations in one row
_LARGER: Final = 2  # a part that is more times as large as what comes is left alone


@frozen(eq=False)
class Spoken:
    """N operations: of which examples, sorted, and where each stands, (N, 2): the number of its segment, its line."""

    examples: Ids
    places: NDArray[np.int32]


def keep_spoken(database: sqlite3.Connection, examples: Sequence[str], places: Sequence[tuple[int, int]]) -> None:
    """Keep operations on these examples, inside a transaction that has written already."""
    if not examples:
        return
    found = [Spoken(examples=to_ids(examples), places=np.array(places, np.int32).reshape(-1, 2))]
    total = len(examples)
    for part, size in database.execute("SELECT part, sum(size) FROM operations GROUP BY part ORDER BY 2").fetchall():
        if size > _LARGER * total:
            break
        found += _rows(database, "WHERE part = ? ORDER BY number", part)
        database.execute("DELETE FROM operations WHERE part = ?", [part])
        total += size
    [(part,)] = database.execute("SELECT coalesce(max(part), 0) + 1 FROM operations")
    rows = ((None, part, *row, digest(str(part), *row)) for row in _cut(_sorted(found)))
    database.executemany("INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def find_spoken(database: sqlite3.Connection, examples: Sequence[str]) -> list[tuple[str, int, int]]:
    """(example, number of the segment, line) of every operation on these examples."""
    wanted = sorted({*examples})
    keys, found = to_ids(wanted), list[tuple[str, int, int]]()
    for number, first, last in database.execute("SELECT number, first, last FROM operations").fetchall():
        start, end = bisect_left(wanted, first), bisect_right(wanted, last)
        for row in _rows(database, "WHERE number = ?", number) if start < end else ():
            which, rows = matches(row.examples, keys[start:end])
            places = row.places[rows].tolist()
            found += [(wanted[start + at], *place) for at, place in zip(which.tolist(), places, strict=True)]
    return found


def spoken_beginning(database: sqlite3.Connection, prefix: str) -> set[str]:
    """The examples that begin so."""
    found = set[str]()
    for row in _rows(database, "WHERE first < ? AND last >= ?", f"{prefix}g", prefix):
        found |= {*to_texts(row.examples[beginning(row.examples, prefix)])}
    return found


def all_spoken(database: sqlite3.Connection) -> Iterator[tuple[str, int, int]]:
    """(example, number of the segment, line) of every operation."""
    for row in _rows(database, ""):
        for example, (segment, line) in zip(to_texts(row.examples), row.places.tolist(), strict=True):
            yield example, segment, line


def _rows(database: sqlite3.Connection, where: str, *values: Any) -> Iterator[Spoken]:
    """What stands in these rows. Raises `sqlite3.DatabaseError` where arrays are not whole."""
    for size, examples, places in database.execute(f"SELECT size, examples, places FROM operations {where}", values):
        try:
            ids = np.frombuffer(examples, np.uint64).reshape(2, size).T
            yield Spoken(examples=ids, places=np.frombuffer(places, np.int32).reshape(size, 2))
        except (ValueError, TypeError) as error:
            raise sqlite3.DatabaseError("an array is damaged") from error


def _sorted(parts: Sequence[Spoken]) -> Spoken:
    examples, places = joined([one.examples for one in parts]), np.concatenate([one.places for one in parts])
    order = in_order(examples)
    return Spoken(examples=examples[order], places=places[order])


def _cut(part: Spoken) -> Iterator[tuple[str, str, str, bytes, bytes]]:
    """Size, first and last example, and both arrays, of each row that holds some of it."""
    for start in range(0, len(part.examples), _AT_ONCE):
        ids, places = part.examples[start : start + _AT_ONCE], part.places[start : start + _AT_ONCE]
        yield str(len(ids)), to_text(ids[0]), to_text(ids[-1]), ids.T.tobytes(), places.tobytes()
