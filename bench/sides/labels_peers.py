"""Other ways to keep versions of a million labels, each doing the same work in the units of our rows."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from .cpu import cpu, wall
from .labelled import Texts, edits

Figures = Iterator[tuple[str, float]]


def csv_in_git(folder: Path, texts: Texts) -> Figures:
    """One CSV file in git: what most teams do. Merges are git's line merges; a row that both changed is a conflict."""
    git = _git(folder)
    yield "import_1m", cpu(lambda: (texts.write(folder / "t.csv"), git("add", "t.csv"), git("commit", "-qm", "import")))
    yield "snapshot_cold", cpu(lambda: list(csv.reader(io.StringIO(git("show", "HEAD:t.csv")))))

    def commit(some: dict[int, str]) -> None:
        texts.relabelled(some).write(folder / "t.csv")
        git("commit", "-qam", "edit")

    yield from _commits(texts, commit)
    yield "diff_1000", cpu(lambda: git("diff", "-U0", "HEAD^", "HEAD"))
    git("switch", "-qc", "side", "HEAD~6")
    commit(edits(texts, 1000, 20))
    git("switch", "-q", "-c", "other", "HEAD^")
    commit(edits(texts, 1000, 30))
    yield "merge_1000x1000", cpu(lambda: git("merge", "-q", "side", allowed=(0, 1)))
    git("merge", "--abort", allowed=(0, 128))
    yield "blame", cpu(lambda: git("blame", "-L", "500,500", "--", "t.csv"))
    yield "status", cpu(lambda: git("status", "--short"))
    yield "clone", wall(lambda: git("clone", "-q", "--no-local", ".", str(folder.with_name("csv-clone"))))


def lance(folder: Path, texts: Texts) -> Figures:
    """A Lance dataset: versions, edits by key; no branches and no merge."""
    import lance as library  # type: ignore[import-not-found, unused-ignore]
    import pyarrow as pa

    ids = list(range(len(texts.texts)))
    whole = pa.table({"id": ids, "text": list(texts.texts), "topic": list(texts.labels)})
    yield "import_1m", cpu(lambda: library.write_dataset(whole, folder))

    def commit(some: dict[int, str]) -> None:
        rows = pa.table({"id": list(some), "text": [texts.texts[row] for row in some], "topic": list(some.values())})
        library.dataset(folder).merge_insert("id").when_matched_update_all().execute(rows)

    yield from _commits(texts, commit)
    yield "snapshot_cold", cpu(lambda: library.dataset(folder).to_table(columns=["id", "topic"]))


def dvc(folder: Path, texts: Texts) -> Figures:
    """A CSV file under DVC: versions of whole files beside git, so no differences, blame or merge of rows."""
    tool = Path(sys.executable).with_name("dvc")
    git = _git(folder)
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}

    def run(*words: str, cwd: Path = folder) -> None:
        done = subprocess.run([tool, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)

    def commit(some: dict[int, str]) -> None:
        texts.relabelled(some).write(folder / "t.csv")
        run("add", "--quiet", "t.csv")
        git("add", "t.csv.dvc", ".gitignore")
        git("commit", "-qm", "edit")

    def opened() -> None:
        (folder / "t.csv").unlink()
        run("checkout", "--quiet")
        with (folder / "t.csv").open(newline="", encoding="utf-8") as file:
            assert len(list(csv.reader(file))) == len(texts.texts) + 1

    def cloned() -> None:
        other = folder.with_name("dvc-clone")
        git("clone", "-q", "--no-local", ".", str(other))
        run("pull", "--quiet", cwd=other)
        assert (other / "t.csv").stat().st_size == (folder / "t.csv").stat().st_size

    run("init", "--quiet")
    run("config", "core.check_update", "false")
    run("remote", "add", "--quiet", "--default", "store", str(folder.with_name("dvc-store")))
    git("add", ".dvc")
    yield "import_1m", cpu(lambda: commit({}))
    yield "snapshot_cold", cpu(opened)
    yield from _commits(texts, commit)
    yield "status", cpu(lambda: run("status", "--quiet"))
    run("push", "--quiet")
    yield "clone", wall(cloned)


def doltlite(folder: Path, texts: Texts) -> Figures:
    """A table in DoltLite, rows under versions; a process of its own, since it takes the place of SQLite."""
    script = Path(__file__).with_name("labels_doltlite.py")
    words = [sys.executable, str(script), str(folder), str(len(texts.texts))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    yield from map(json.loads, done.stdout.splitlines())
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])


def _commits(texts: Texts, commit: Callable[[dict[int, str]], object]) -> Figures:
    """The median of three commits, of one edit each and of a thousand."""
    for name, count in (("commit_1", 1), ("commit_1000", 1000)):
        some = [edits(texts, count, k) for k in range(3)]  # choosing them is no part of it
        yield name, median(cpu(lambda one=one: commit(one)) for one in some)  # type: ignore[misc]


PEERS: dict[str, Callable[[Path, Texts], Figures]] = {
    "csv": csv_in_git,
    "dvc": dvc,
    "doltlite": doltlite,
    "lance": lance,
}


def _git(folder: Path) -> Callable[..., str]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def run(*arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
        who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
        done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode not in allowed:
            raise RuntimeError(done.stderr)
        return done.stdout

    run("init", "-q")
    return run
