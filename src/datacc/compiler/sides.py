"""Opens builds again: the two that a behaviour diff compares, or the one whose examples are looked at."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.compiler.artifact import PREVIOUS
from datacc.compiler.begin import fitted_graph
from datacc.compiler.changes import Diff
from datacc.compiler.diff import Side, diff
from datacc.compiler.folds import Announce, unseen
from datacc.compiler.learnt import Unlearnt, lessons
from datacc.compiler.recipe import recipe_of
from datacc.compiler.remembering import Remembering
from datacc.compiler.report import Report, read_report
from datacc.compiler.suggest import MOST, Suggestions, suggest
from datacc.compiler.verdict import Verdict
from datacc.errors import DataccError, DataError, UsageError
from datacc.registry import load
from datacc.repo.snapshot import Snapshot, recall
from datacc.runtime.load import load as load_native
from datacc.sources import Source
from datacc.spec.program import Program
from datacc.spec.read import read_program
from datacc.store import Store

_COMMIT: Final = "commit "


def diff_builds(
    new: Path,
    root: Path,
    store: Store,
    *,
    old: Path | None = None,
    learn: bool = True,
    announce: Announce = lambda fold: None,
) -> Diff:
    """The behaviour diff of the artifact in the folder `new` against `old`, left out: the one that it replaced.

    `root` is the folder of `datacc.toml`. `learn` fits (or remembers) the fold models of both sides, and so it is where
    one learnt tune; `announce` is told of each fit. Raises `UsageError` when there is nothing to compare with,
    `DataError` when the examples of a build cannot be had again.
    """
    before = old if old is not None else new / PREVIOUS
    for folder in (new, before):
        if not (folder / "report.json").exists():
            what = (
                "there is no other build before this one" if folder == new / PREVIOUS else "there is no built program"
            )
            raise UsageError(what, where=str(folder), tries=["relabel, datacc commit, datacc build", "datacc build"])
    with _helping(before):
        sides = open_side(before, root, store), open_side(new, root, store)
        if not (learn or any(side.learnt_tune for side in sides)):
            return diff(*sides)
        first, second = (
            unseen_of(folder, side, store, announce) for folder, side in zip((before, new), sides, strict=True)
        )
    return diff(*sides, (first, second))


@contextmanager
def _helping(before: Path) -> Iterator[None]:
    """Says what helps where a file of an artifact that was replaced is damaged: no build makes that again."""
    try:
        yield
    except DataccError as error:
        if before.name == PREVIOUS and error.where.startswith(str(before)):
            error.tries = ("relabel, datacc commit, datacc build: the next artifact is compared with the present one",)
        raise


def open_side(folder: Path, root: Path, store: Store, like: Snapshot | None = None) -> Side:
    """The build in `folder`, with the very examples that it saw; inputs that are those of `like` are not read again.

    Raises `DataError` when they cannot be had again.
    """
    report = read_report(folder / "report.json")
    return Side(
        origin=report.data.origin,
        program=asked(report),
        snapshot=lessons(snapshot_of(report, root, store, like), report.provenance.learnt),
        native=Remembering(native=load_native(folder), library=report.digests.library, store=store),
        right=right_of(report.verdict),
    )


def right_of(verdict: Verdict) -> tuple[int, int] | None:
    """Right answers and all, by the accuracy goal of a verdict."""
    for line in verdict.lines:
        if line.kind == "goal" and line.what == "accuracy" and line.figure is not None:
            return line.figure.right, line.figure.total
    return None


def asked(report: Report) -> Program:
    """The program that `report` says was asked for."""
    with tempfile.TemporaryDirectory(prefix="datacc-") as folder:
        file = Path(folder) / "datacc.toml"
        file.write_text(report.program, encoding="utf-8")
        return replace(read_program(file), path=None)


def snapshot_of(report: Report, root: Path, store: Store, like: Snapshot | None = None) -> Snapshot:
    """The examples of a build: from the cache, and what is in `like` too from there; else from their commit.

    Raises `DataError` when they cannot be had again.
    """
    found = recall(store, report.data.digest, like)
    if found is None and report.data.origin.startswith(_COMMIT):
        program = asked(report)
        source: Source = load("sources", program.source.type)
        found = source.snapshot(program, root, report.data.origin.removeprefix(_COMMIT), store)
    if found is None or found.digest != report.data.digest:
        what = f"the examples of the build from {report.data.origin} are no longer in the cache"
        raise DataError(what, where=str(root), tries=["build both versions again"])
    return replace(found, origin=report.data.origin, notes=report.data.notes)


def suggestions(
    folder: Path, root: Path, store: Store, announce: Announce = lambda fold: None, most: int = MOST
) -> Suggestions:
    """What could be done about the examples of the build in `folder`, at most so many suspects named.

    Raises `DataError` when examples are too few or lost.
    """
    report, graph = read_report(folder / "report.json"), fitted_graph(folder)
    program, snapshot = asked(report), snapshot_of(report, root, store)
    recipe = recipe_of(report.recipe, str(folder / "report.json"))
    found = suggest(program, snapshot, graph, recipe, store, announce, most)
    if found is None:
        what = "there are too few examples: no fold of them tells anything"
        raise DataError(what, where=str(root), tries=["add examples; about 100 are a beginning"])
    return found


def unseen_of(folder: Path, side: Side, store: Store, announce: Announce = lambda fold: None) -> Unlearnt:
    """What models of the form of the artifact in `folder`, whose side this is, answer to learn rows out of fold."""
    graph = fitted_graph(folder)
    report = read_report(folder / "report.json")
    recipe = recipe_of(report.recipe, str(folder / "report.json"))
    by = report.provenance.toolchain.get("fit")
    return unseen(side.program, side.snapshot, graph, recipe, store, announce, by)
