"""The programs of the past: what was asked for at a commit, fitted to its labels, without leaving an artifact."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import ask_reference
from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.build import LOCK, floor_goal, lock_of
from datacc.compiler.fitting import fit_once
from datacc.compiler.folds import unseen
from datacc.compiler.learnt import Unlearnt, lessons
from datacc.compiler.lesson import taught_by
from datacc.compiler.likeness import Likeness, likeness_of
from datacc.compiler.recipe import recipe_of
from datacc.compiler.search import search
from datacc.errors import SpecError, UsageError
from datacc.fit import Progress, Watch
from datacc.frozen import frozen
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.git import Git
from datacc.repo.snapshot import LEARN, TUNE, Snapshot
from datacc.sources import Source
from datacc.spec.lock import ALL, Lock, read_lock
from datacc.spec.program import FILE, Program
from datacc.spec.read import read_program
from datacc.store import Store

Announce = Callable[[str], Watch | None]


@dataclass(kw_only=True)
class Fits:
    """What watches the fits of one commit: `count` tells how many there were, beyond what the cache knew."""

    announce: Announce
    count: int = field(default=0, init=False)

    def watch(self, title: str) -> Watch:
        """What watches one fit; it is announced when it begins."""
        inner: list[Watch | None] = []

        def watch(progress: Progress) -> None:
            if not inner:
                self.count += 1
                inner.append(self.announce(title))
            if inner[0] is not None:
                inner[0](progress)

        return watch


@frozen(eq=False)
class Past:
    """One commit: its examples, what it asked for, and the form in which that is fitted.

    Without `out_of_fold` the one fitted Graph answers, tested on tune; with it, models that have not seen the learn
    rows that they answer; so it is where the form learns tune too, whose rows are learn rows then. Judge rows are never
    answered.
    """

    program: Program
    snapshot: Snapshot
    form: Lock
    store: Store
    fits: Fits
    out_of_fold: bool = False

    @property
    def field(self) -> str:
        """The output."""
        return self.program.outputs[0].name

    @cached_property
    def likeness(self) -> Likeness:
        """How its answers are read."""
        return likeness_of(self.program, self.snapshot, self.field)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the output, in permanent order."""
        return self.likeness.classes

    @property
    def split(self) -> int:
        """The split that a metric is measured on."""
        return LEARN if self.out_of_fold else TUNE

    def answers(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        """What is answered to N rows of the snapshot, like labels (N,) or (N, K). Raises `FitError`."""
        if self.out_of_fold:
            return self._by_row[rows]
        inputs = {name: array[rows] for name, array in self.snapshot.inputs.items()}
        found = ask_reference(self.fitted, inputs)[self.field]
        return found.reshape(len(rows), *self._labels.shape[1:])

    @cached_property
    def fitted(self) -> Graph:
        """The fitted Graph. Raises `FitError`."""
        recipe, by = recipe_of(self.form.recipe, LOCK), self._by
        watch = self.fits.watch(f"fit {self.form.skeleton}")
        given = self.program, self.snapshot
        tutor = taught_by(*given, self.form.tutor, self.store, watch, by)
        fitted = fit_once(*given, self._graph(), recipe, self.store, watch=watch, asked=by, tutor=tutor)
        return fitted.graph

    @cached_property
    def unseen(self) -> Unlearnt:
        """Answers to the learn rows by models that have not seen them. Raises `FitError`."""
        recipe = recipe_of(self.form.recipe, LOCK)
        return unseen(self.program, self.snapshot, self._graph(), recipe, self.store, self._fold, self._by)

    @cached_property
    def _by_row(self) -> NDArray[Any]:
        """The same by row, blank where it is not in learn."""
        said = self.unseen.answers[self.field]
        answer = np.full_like(self._labels, self.likeness.type.blank, said.dtype)
        answer[self.unseen.rows] = said.reshape(-1, *self._labels.shape[1:])
        return answer

    @property
    def _labels(self) -> NDArray[Any]:
        return self.snapshot.labels[self.field]

    def _fold(self, fold: int) -> Watch:
        return self.fits.watch(f"fit fold {fold + 1}")

    def _graph(self) -> Graph:
        return skeleton_graph(self.program, self.snapshot, self.form.skeleton, self.form.sizes)

    @property
    def _by(self) -> str | None:
        return self.program.backend or self.form.toolchain.get("fit")


def past_of(program: Program, snapshot: Snapshot, form: Lock, store: Store, fits: Fits) -> Past:
    """A commit of these examples as `form` fits it, and as it says that quality is told: on tune, or out of fold."""
    taught = lessons(snapshot, form.learnt)
    return Past(program=program, snapshot=taught, form=form, store=store, fits=fits, out_of_fold=form.learnt == ALL)


def program_at(root: Path, commit: str) -> tuple[Program, Lock | None]:
    """The `datacc.toml` and the `datacc.lock` of the folder `root` as they were. Raises `SpecError`."""
    git = Git(root)
    with tempfile.TemporaryDirectory(prefix="datacc-") as place:
        for name in (FILE, LOCK):
            if git.ask("ls-tree", commit, "--", name) is not None:
                (Path(place) / name).write_bytes(git.run("cat-file", "blob", f"{commit}:./{name}"))
        if not (Path(place) / FILE).exists():
            later = git.ask("ls-tree", "HEAD", "--", FILE) is not None
            tries = [f"a later commit; git log -- {FILE} lists them" if later else f"git add {FILE}, and commit it"]
            raise SpecError(f"there is no {FILE} at {commit[:10]}", tries=tries)
        program = replace(read_program(Path(place) / FILE), path=None)
        source: Source = load("sources", program.source.type)
        if not source.has_commits:
            what = f"the examples of {program.name} come from a {program.source.type}, which has no commits of labels"
            raise UsageError(what, where=FILE, tries=["datacc new, and datacc import"])
        return program, read_lock(Path(place) / LOCK)


def examples_at(program: Program, root: Path, commit: str, store: Store) -> Snapshot:
    """The labelled examples of a commit; judge labels stay sealed."""
    source: Source = load("sources", program.source.type)
    return source.snapshot(program, root, commit, store)


def chosen_form(program: Program, snapshot: Snapshot, store: Store, fits: Fits) -> Lock:
    """The form that a search chooses for these examples; nothing is written."""
    asked = program if program.goals else replace(program, goals=(floor_goal(program, snapshot),))
    choice = search(
        asked,
        snapshot,
        store,
        chosen_goal=not program.goals,
        announce=lambda rung: fits.watch(f"fit {rung.title}"),
    )
    return lock_of(asked, choice)
