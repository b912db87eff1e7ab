"""DoltLite's side, run as a process of its own: its library takes SQLite's place, which must not be loaded before.

`python labels_doltlite.py FOLDER COUNT` prints one JSON line per row: its name and seconds. Rows have their number as a
key, which suits a tree better than the digest of a text.
"""

import doltlite  # type: ignore[import-not-found, unused-ignore]  # isort: skip
import contextlib
import csv
import json
import sqlite3
import sys
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sides.cpu import cpu, wall
from sides.labelled import CLASSES, Texts, edits, make_texts

assert doltlite.libdoltlite_path()


def say(row: str, seconds: float) -> None:
    print(json.dumps([row, seconds]), flush=True)


class Base:
    """A database of texts under versions."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.connection = self.open()

    def open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def ask(self, question: str, *values: Any) -> list[Any]:
        return self.connection.execute(question, values).fetchall()

    def write(self, question: str, rows: Any) -> None:
        self.ask("BEGIN")
        self.connection.executemany(question, rows)
        self.ask("COMMIT")

    def commit(self) -> None:
        self.ask("SELECT dolt_commit('-A', '-m', 'edit')")

    def load(self, table: Path) -> None:
        self.ask("CREATE TABLE labels (id INTEGER PRIMARY KEY, text TEXT, topic TEXT)")
        with table.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows)
            self.write("INSERT INTO labels VALUES (?, ?, ?)", ((n, *row) for n, row in enumerate(rows)))
        self.commit()

    def edit(self, some: dict[int, str]) -> None:
        self.write("UPDATE labels SET topic = ? WHERE id = ?", [(name, row) for row, name in some.items()])

    def snapshot(self, count: int) -> None:
        self.connection.close()
        self.connection = self.open()
        assert len(self.ask("SELECT id, topic FROM labels")) == count

    def diff(self) -> None:
        assert len(self.ask("SELECT to_id, from_topic, to_topic FROM dolt_diff_labels('HEAD^', 'HEAD')")) == 1000

    def branch(self, ours: dict[int, str], theirs: dict[int, str]) -> None:
        """As our side's: 50 examples in both, every second one with another label."""
        for k, row in enumerate(list(ours)[:50]):
            theirs.pop(next(iter(theirs)))
            theirs[row] = ours[row] if k % 2 else CLASSES[(CLASSES.index(ours[row]) + 1) % 10]
        self.ask("SELECT dolt_branch('side')")
        for branch, some in (("side", theirs), ("main", ours)):
            self.ask("SELECT dolt_checkout(?)", branch)
            self.edit(some)
            self.commit()

    def merge(self) -> None:
        self.ask("BEGIN")
        with contextlib.suppress(sqlite3.OperationalError):  # so it tells of conflicts
            self.ask("SELECT dolt_merge('side')")

    def abort(self) -> None:
        [[count]] = self.ask("SELECT sum(num_conflicts) FROM dolt_conflicts")
        assert 15 <= count <= 25, count  # of our 25 it merges those in which one side says what was there before
        self.ask("ROLLBACK")


def every(base: Base, table: Path, texts: Texts) -> None:
    say("import_1m", cpu(lambda: base.load(table)))
    say("snapshot_cold", cpu(lambda: base.snapshot(len(texts.texts))))

    def committed(count: int, block: int) -> float:
        some = edits(texts, count, block)  # choosing is no part of it
        return cpu(lambda: (base.edit(some), base.commit()))

    say("commit_1", median(committed(1, k) for k in range(5)))
    say("commit_1000", median(committed(1000, 10 + k) for k in range(5)))
    say("diff_1000", median(cpu(base.diff) for _ in range(5)))
    say(
        "blame",
        median(cpu(lambda k=k: base.ask("SELECT * FROM dolt_blame_labels WHERE id = ?", k * 37)) for k in range(5)),
    )  # type: ignore[misc]
    base.branch(edits(texts, 1000, 20), edits(texts, 1000, 30))
    say("merge_1000x1000", cpu(base.merge))
    base.abort()
    one = edits(texts, 50, 40)
    say("acknowledge", median(wall(lambda row=row: base.edit({row: one[row]})) for row in one))  # type: ignore[misc]
    say("status", median(cpu(lambda: base.ask("SELECT * FROM dolt_status")) for _ in range(5)))
    base.commit()
    say("clone", clone(base))


def clone(base: Base) -> float:
    url = base.file.with_name("remote").as_uri()
    base.ask("SELECT dolt_remote('add', 'origin', ?)", url)
    base.ask("SELECT dolt_push('origin', 'main')")
    other = sqlite3.connect(base.file.with_name("clone.db"), isolation_level=None)
    return wall(lambda: other.execute("SELECT dolt_clone(?)", (url,)).fetchall())


def main(folder: Path, count: int) -> None:
    texts = make_texts(count)
    folder.mkdir(parents=True, exist_ok=True)
    texts.write(folder / "texts.csv")
    every(Base(folder / "labels.db"), folder / "texts.csv", texts)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
