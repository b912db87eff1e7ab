"""The local index: what the repository holds, in a form that is found at once. Losing it costs time, never data.

Everything is kept under the name of something that never changes: a commit, or a blob. Runs are arrays beside it
(`run_cache`).
"""

import contextlib
import json
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, final

from datacc.repo.operation import Operation
from datacc.repo.spoken import TABLES, all_spoken, find_spoken, keep_spoken, spoken_beginning
from datacc.store import digest

FOLDER: Final = ".datacc/index-1"  # another number where the layout is another

_PATIENCE: Final = 10.0  # seconds to wait for another process
_AT_ONCE: Final = 500  # values in one question
_KEPT: Final = 32  # commits
_VERSION: Final = 2  # of the tables
_TABLES: Final = f"""
CREATE TABLE commits
 (id TEXT PRIMARY KEY, number INTEGER, listing TEXT, texts TEXT, checksum TEXT) WITHOUT ROWID;
CREATE TABLE segments (number INTEGER PRIMARY KEY, blob TEXT UNIQUE, lines TEXT);
CREATE TABLE facts (key TEXT PRIMARY KEY, fact TEXT, checksum TEXT) WITHOUT ROWID;
CREATE TABLE births
 (path TEXT, id TEXT, who TEXT, moment TEXT, checksum TEXT, PRIMARY KEY (path, id)) WITHOUT ROWID;
CREATE TABLE walks (id TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
{TABLES}"""

_SUMMED: Final = {
    "commits": "id, listing, texts",
    "facts": "key, fact",
    "births": "path, id, who, moment",
    "operations": "part, size, first, last, examples, places",
}

Answer = TypeVar("Answer")


@final
class Index:
    """The index of the repository at `root`. One that cannot be written lives in memory, a damaged one begins anew."""

    def __init__(self, root: Path, *, lasting: bool = True) -> None:
        """`lasting`: begin anew where it is damaged; otherwise SQLite's error is the caller's."""
        self.folder = root / FOLDER
        # puts back, when all is lost, what is still relied on; given the index, so that neither holds the other
        self.refill: Callable[[Index], object] = lambda _: None
        self._lasting = lasting
        self._losses = 0
        self._database: sqlite3.Connection | None = None

    def listing(self, commit: str) -> tuple[dict[str, str], dict[str, str]] | None:
        """Path → blob of every file at a commit, and path → text of those that were kept; None when it is unknown."""
        found = _whole(self._ask("SELECT id, listing, texts, checksum FROM commits WHERE id = ?", [commit]))
        return (json.loads(found[0][1]), json.loads(found[0][2])) if found else None

    def keep_listings(self, listings: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]) -> None:
        """Keep what `listing` gives of these commits, and forget those of the oldest."""

        def keep(database: sqlite3.Connection) -> None:
            [(last,)] = database.execute("SELECT coalesce(max(number), 0) FROM commits")
            for number, (commit, listing) in enumerate(listings.items(), last + 1):
                said = (commit, *map(json.dumps, listing))
                values = (commit, number, *said[1:], digest(*said))
                database.execute("INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?, ?)", values)
            database.execute("DELETE FROM commits WHERE number <= ?", [last + len(listings) - _KEPT])

        self._do(keep)

    def unknown(self, blobs: Sequence[str]) -> list[str]:
        """Those of the blobs of segments that are not indexed."""
        known = {blob for [blob] in self._ask_for("SELECT blob FROM segments WHERE blob IN", blobs)}
        return [blob for blob in blobs if blob not in known]

    def keep_segments(self, segments: Mapping[str, Sequence[tuple[Operation, str]]]) -> None:
        """Index segments: blob → its operations, each with its line."""

        def keep(database: sqlite3.Connection) -> None:
            examples, places = list[str](), list[tuple[int, int]]()
            for blob, said in segments.items():
                text = "\n".join(line for _, line in said)
                cursor = database.execute("INSERT OR IGNORE INTO segments (blob, lines) VALUES (?, ?)", [blob, text])
                if cursor.rowcount and cursor.lastrowid:
                    examples += [operation.example for operation, _ in said]
                    places += [(cursor.lastrowid, line) for line in range(len(said))]
            keep_spoken(database, examples, places)

        self._do(keep)

    def said_of(self, examples: Sequence[str]) -> list[tuple[str, int, str]]:
        """(blob, number, line) of every indexed operation on these examples, whatever commit has it."""
        places = sorted(self._do(lambda database: find_spoken(database, examples)), key=lambda one: one[1:])
        numbers = sorted({segment for _, segment, _ in places})
        texts = self._ask_for("SELECT number, blob, lines FROM segments WHERE number IN", numbers)
        segments = {number: (blob, lines.split("\n")) for number, blob, lines in texts}
        found = (segments[segment] for _, segment, _ in places)
        return [(blob, line, lines[line]) for (blob, lines), (_, _, line) in zip(found, places, strict=True)]

    def segments_on(self, examples: Sequence[str]) -> list[tuple[str, str, int]]:
        """(example, blob, line) of every indexed operation on these examples, whatever commit has it."""
        places = self._do(lambda database: find_spoken(database, examples))
        numbers = sorted({segment for _, segment, _ in places})
        blobs = dict(self._ask_for("SELECT number, blob FROM segments WHERE number IN", numbers))
        return [(example, blobs[segment], line) for example, segment, line in places]

    def beginning(self, prefix: str) -> set[str]:
        """The examples of which something is said in some segment, and whose ids begin so."""
        return self._do(lambda database: spoken_beginning(database, prefix))

    def said_in(self, blobs: Sequence[str]) -> dict[str, list[str]]:
        """Blob → the lines of that segment."""
        found = self._ask_for("SELECT blob, lines FROM segments WHERE blob IN", blobs)
        return {blob: lines.split("\n") if lines else [] for blob, lines in found}

    def fact(self, key: str) -> Any:
        """The JSON value that was kept under `key`, or None."""
        found = _whole(self._ask("SELECT key, fact, checksum FROM facts WHERE key = ?", [key]))
        return json.loads(found[0][1]) if found else None

    def keep_fact(self, key: str, fact: Any) -> None:
        """Keep a JSON value."""
        said = (key, json.dumps(fact))
        keep = "INSERT OR REPLACE INTO facts VALUES (?, ?, ?)"
        self._do(lambda database: database.execute(keep, [*said, digest(*said)]))

    def walks(self) -> list[str]:
        """The commits whose history was walked for births, the latest first."""
        return [id for [id] in self._ask("SELECT id FROM walks ORDER BY number DESC", [])]

    def births(self, paths: Sequence[str]) -> list[tuple[str, str, str, str]]:
        """(path, commit, who, when) of every commit known to have brought one of these paths."""
        rows = _whole(self._ask_for("SELECT path, id, who, moment, checksum FROM births WHERE path IN", paths))
        return [(path, id, who, when) for path, id, who, when in rows]

    def keep_births(self, tip: str, births: Iterable[tuple[str, str, str, str]]) -> None:
        """Keep births, and that the history of `tip` has no others; only the latest walks are remembered."""

        def keep(database: sqlite3.Connection) -> None:
            rows = ((*birth, digest(*birth)) for birth in births)
            database.executemany("INSERT OR REPLACE INTO births VALUES (?, ?, ?, ?, ?)", rows)
            [(number,)] = database.execute("SELECT coalesce(max(number), 0) + 1 FROM walks")
            database.execute("INSERT OR REPLACE INTO walks VALUES (?, ?)", [tip, number])
            database.execute("DELETE FROM walks WHERE number <= ?", [number - _KEPT])

        self._do(keep)

    def segments(self) -> list[tuple[str, list[str], list[tuple[str, int]]]]:
        """Every segment: its blob, its lines, and (example, line) of each operation."""
        places: dict[int, list[tuple[str, int]]] = {}
        said = self._do(lambda database: list(all_spoken(database)))
        for example, segment, line in sorted(said, key=lambda one: one[2]):
            places.setdefault(segment, []).append((example, line))
        rows = self._ask("SELECT number, blob, lines FROM segments", [])
        known = {number for number, _, _ in rows}
        strays = [("", [""], some) for number, some in places.items() if number not in known]
        return [(blob, lines.split("\n") if lines else [], places.get(n, [])) for n, blob, lines in rows] + strays

    def is_whole(self) -> bool:
        """Whether SQLite finds no damage, and every checksum is right."""
        rows = [self._ask(f"SELECT {columns}, checksum FROM {table}", []) for table, columns in _SUMMED.items()]
        sound = self._ask("PRAGMA integrity_check", []) == [("ok",)]
        return sound and all(len(_whole(one)) == len(one) for one in rows)

    def _ask(self, question: str, values: Sequence[Any]) -> list[Any]:
        return self._do(lambda database: database.execute(question, values).fetchall())

    def _ask_for(self, question: str, values: Sequence[Any]) -> list[Any]:
        """The answers to a question about one of many values."""
        found = []
        for start in range(0, len(values), _AT_ONCE):
            some = values[start : start + _AT_ONCE]
            found += self._ask(f"{question} ({','.join('?' * len(some))})", some)
        return found

    def _do(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """What `work` gives, in one transaction."""
        try:
            with self._open() as database:
                return work(database)
        except sqlite3.Error:
            if not self._lasting or self._losses > 1:
                raise
            self._begin_anew()
            with self._open() as database:
                return work(database)

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            with contextlib.suppress(OSError):
                self.folder.mkdir(parents=True, exist_ok=True)
            self._database = self._connect(self.folder / "tables")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = OFF")
            if not _is_of_now(self._database):
                _lay_out(self._database)
        return self._database

    def _begin_anew(self) -> None:
        """Forget everything and refill: what is damaged is removed, and where nothing can be written memory does."""
        if self._database is not None:
            self._database.close()
        self._database = None
        self._losses += 1
        try:
            if self._losses > 1:
                raise sqlite3.OperationalError("it was damaged before")
            for name in ("tables", "tables-wal", "tables-shm"):
                with contextlib.suppress(OSError):
                    (self.folder / name).unlink()
            self._open()
        except sqlite3.Error:
            self._database = self._connect(":memory:")
            _lay_out(self._database)
        self.refill(self)

    def _connect(self, path: Path | str) -> sqlite3.Connection:
        database = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False)  # whoever collects it closes it
        weakref.finalize(self, database.close)
        return database


def _is_of_now(database: sqlite3.Connection) -> bool:
    return bool(database.execute("PRAGMA user_version").fetchone() == (_VERSION,))


def _lay_out(database: sqlite3.Connection) -> None:
    """Make the tables, and forget those of another version."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        if _is_of_now(database):  # another process was quicker
            return
        for [table] in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            database.execute(f"DROP TABLE {table}")
        for statement in (*_TABLES.split(";"), f"PRAGMA user_version = {_VERSION}"):
            database.execute(statement)


def _whole(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows whose checksum, the last column, is that of the others; without it."""
    return [row[:-1] for row in rows if digest(*map(_said, row[:-1])) == row[-1]]


def _said(value: Any) -> bytes | str:
    return value if isinstance(value, bytes) else str(value)
