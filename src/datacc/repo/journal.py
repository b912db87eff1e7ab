"""The journal: edits made since the last commit, in SQLite, on disk before they are acknowledged."""

import sqlite3
import time
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, final

from datacc.errors import DataccError, RepositoryError, ResourceError
from datacc.repo.operation import Operation, parse_line

JOURNAL: Final = ".datacc/journal"

_PATIENCE: Final = 30.0  # seconds to wait for another process
_TABLE: Final = "CREATE TABLE IF NOT EXISTS edits (number INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL)"
_ROWS: Final = "SELECT number, line FROM edits ORDER BY number"
_PRIMARY: Final = 0xFF  # SQLite's error codes keep their kind in the lowest byte


@final
@dataclass(frozen=True)
class Journal:
    """The journal of the repository at `root`: lines of operations, each under a number that comes once."""

    root: Path

    def append(self, lines: Sequence[str]) -> None:
        """Keep the lines of operations; when this returns they survive a power cut."""
        with self._open() as database:
            database.executemany("INSERT INTO edits (line) VALUES (?)", [(line,) for line in lines])

    def operations(self) -> list[Operation]:
        """Every operation that no commit holds yet, oldest first."""
        return list(self.said().values())

    def said(self) -> dict[int, Operation]:
        """Number → operation of each, oldest first."""
        return parsed(self.rows())

    def rows(self) -> dict[int, str]:
        """Number → line of each, oldest first."""
        if not self._path.exists():
            return {}
        try:
            with self._open() as database:
                return dict(database.execute(_ROWS))
        except ResourceError:  # where nothing can be written, one can read
            return self._rows_without_writing()

    def count(self) -> int:
        """How many operations wait for a commit."""
        return len(self.rows())

    def drop(self, numbers: Iterable[int]) -> None:
        """Let these lines go; those that are gone already are no error."""
        with self._open() as database:
            database.executemany("DELETE FROM edits WHERE number = ?", ((number,) for number in numbers))

    def forget(self, examples: Collection[str]) -> None:
        """Remove every line on one of these examples, and what the file still holds of lines that left it before."""
        if not self._path.exists():
            return
        self.drop(number for number, operation in self.said().items() if operation.example in examples)
        try:
            self._database.execute("VACUUM")
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise self._failure(error) from error

    @property
    def _path(self) -> Path:
        return self.root / JOURNAL

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        try:
            with self._database as database:
                yield database
        except sqlite3.Error as error:
            raise self._failure(error) from error

    @cached_property
    def _database(self) -> sqlite3.Connection:
        """The connection, which is closed with this journal."""
        self._path.parent.mkdir(exist_ok=True)
        database = sqlite3.connect(self._path, timeout=_PATIENCE, check_same_thread=False)
        weakref.finalize(self, database.close)
        try:
            _write_ahead(database)
            database.execute(_TABLE)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _rows_without_writing(self) -> dict[int, str]:
        """The rows, read without the files beside the journal that readers share otherwise."""
        log = self._path.with_name(f"{self._path.name}-wal")
        is_alone = not log.exists() or not log.stat().st_size
        database = sqlite3.connect(f"{self._path.as_uri()}?{'immutable=1' if is_alone else 'mode=rw'}", uri=True)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'edits'").fetchall():
                return {}  # the first label has failed while it made the journal
            return dict(database.execute(_ROWS))
        except sqlite3.Error as error:
            raise self._failure(error) from error
        finally:
            database.close()

    def _failure(self, error: sqlite3.Error) -> DataccError:
        """What the user is told of an error of SQLite."""
        where, code = str(self._path), getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
        if code == sqlite3.SQLITE_FULL:
            return ResourceError("the disk is full", where=where, tries=["free some space"])
        if code == sqlite3.SQLITE_IOERR:
            tries = ["look at the disk, and run it again: what this command said is not acknowledged"]
            return ResourceError(f"the disk failed: {error}", where=where, tries=tries)
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            return ResourceError("the journal cannot be written", where=where, tries=["check who may write there"])
        tries = ["move that file away and label again; the commits are not touched"]
        return RepositoryError(f"the journal failed: {error}", where=where, tries=tries)


def parsed(rows: Mapping[int, str]) -> dict[int, Operation]:
    """The operations of rows of a journal. Raises `RepositoryError` for what is none."""
    return {number: parse_line(line, f"{JOURNAL}:{number}") for number, line in rows.items()}


def _write_ahead(database: sqlite3.Connection) -> None:
    """Switch to a write-ahead log, synced at every commit. SQLite itself does not wait for others here."""
    last = time.monotonic() + _PATIENCE
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > last:
                raise
            time.sleep(0.01)
