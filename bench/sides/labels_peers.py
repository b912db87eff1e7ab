"""Other ways to keep versions of a million labels, each doing the same work in the units of our rows."""

import csv
import io
import shutil
import subprocess
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

    for name, count in (("commit_1", 1), ("commit_1000", 1000)):
        yield name, median(cpu(lambda k=k, n=count: commit(edits(texts, n, k))) for k in range(3))  # type: ignore[misc]
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

    for name, count in (("commit_1", 1), ("commit_1000", 1000)):
        yield name, median(cpu(lambda k=k, n=count: commit(edits(texts, n, k))) for k in range(3))  # type: ignore[misc]
    yield "snapshot_cold", cpu(lambda: library.dataset(folder).to_table(columns=["id", "topic"]))


PEERS: dict[str, Callable[[Path, Texts], Figures]] = {"csv": csv_in_git, "lance": lance}


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
