"""The journal: edits made since the last commit, in SQLite, on disk before they are acknowledged."""

import sqlite3
import time
import weakref
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, final

from datacc.errors import DataccError, RepositoryError, ResourceError
from datacc.repo.operation import Operation, parse_line, parse_lines

JOURNAL: Final = ".datacc/journal"

_PATIENCE: Final = 30.0  # seconds to wait for another process
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS edits"
    " (number INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL, taken INTEGER NOT NULL DEFAULT 0)"
)
_LINES: Final = "SELECT line FROM edits ORDER BY number"
_PRIMARY: Final = 0xFF  # SQLite's error codes keep their kind in the lowest byte


@final
@dataclass(frozen=True)
class Journal:
    """The journal of the repository at `root`. Lines belong to no batch until a commit takes them into one."""

    root: Path

    def append(self, lines: Sequence[str]) -> None:
        """Keep the lines of operations; when this returns they survive a power cut."""
        with self._open() as database:
            database.executemany("INSERT INTO edits (line) VALUES (?)", [(line,) for line in lines])

    def operations(self) -> list[Operation]:
        """Every operation that no commit holds yet, oldest first."""
        return parse_lines(self.lines(), JOURNAL)

    def lines(self) -> list[str]:
        """The lines of these operations."""
        if not self._path.exists():
            return []
        try:
            with self._open() as database:
                return [line for (line,) in database.execute(_LINES)]
        except ResourceError:  # where nothing can be written, one can read
            return self._lines_without_writing()

    def count(self) -> int:
        """How many operations wait for a commit."""
        return len(self.lines())

    def batch(self) -> list[str]:
        """The lines that a commit took and, when there are any, did not live to drop or release."""
        if not self._path.exists():
            return []
        with self._open() as database:
            return [line for (line,) in database.execute("SELECT line FROM edits WHERE taken ORDER BY number")]

    def take_batch(self) -> list[str]:
        """Every line there is now becomes the batch; edits made meanwhile wait for the next one."""
        if not self._path.exists():
            return []
        with self._open() as database:
            database.execute("UPDATE edits SET taken = 1")
            return [line for (line,) in database.execute(_LINES)]

    def release_batch(self) -> None:
        """Give the batch back: its commit failed, and later edits may join it."""
        with self._open() as database:
            database.execute("UPDATE edits SET taken = 0")

    def drop_last(self, count: int) -> None:
        """Forget the newest `count` lines."""
        with self._open() as database:
            newest = "SELECT number FROM edits ORDER BY number DESC LIMIT ?"
            database.execute(f"DELETE FROM edits WHERE number IN ({newest})", (count,))

    def drop_batch(self) -> None:
        """Forget the batch: a commit holds it."""
        with self._open() as database:
            database.execute("DELETE FROM edits WHERE taken")

    def forget(self, examples: Collection[str]) -> None:
        """Remove every line on one of these examples, and what the file still holds of lines that left it before."""
        if not self._path.exists():
            return
        with self._open() as database:
            rows = database.execute("SELECT number, line FROM edits").fetchall()
            gone = [(number,) for number, line in rows if parse_line(line, f"{JOURNAL}:{number}").example in examples]
            database.executemany("DELETE FROM edits WHERE number = ?", gone)
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

    def _lines_without_writing(self) -> list[str]:
        """The lines, read without the files beside the journal that readers share otherwise."""
        log = self._path.with_name(f"{self._path.name}-wal")
        is_alone = not log.exists() or not log.stat().st_size
        database = sqlite3.connect(f"{self._path.as_uri()}?{'immutable=1' if is_alone else 'mode=rw'}", uri=True)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'edits'").fetchall():
                return []  # the first label has failed while it made the journal
            return [line for (line,) in database.execute(_LINES)]
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
