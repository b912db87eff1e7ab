"""Checks: what must hold beside the goals, one kind per file, named by the key of `[[check]]` that tells it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering, Arrays, told
from datacc.compiler.likeness import Likeness, likeness_of
from datacc.compiler.slices import slice_rows
from datacc.compiler.verdict import Line, rate_line
from datacc.compiler.whole import ask_whole
from datacc.frozen import frozen
from datacc.goals import Figure, Metric, Told, rate
from datacc.registry import load
from datacc.repo.snapshot import TUNE, Snapshot
from datacc.repo.words import counted
from datacc.spec.bounds import needed_right
from datacc.spec.program import Check, Field, Program
from datacc.spec.table import Table
from datacc.store import Store

NAMED: Final = 5  # examples that a line names
MOST_TUNE: Final = 512  # rows that the search varies, for each check


@frozen(eq=False)
class Place:
    """Where a program that is judged stands: the folder of its `datacc.toml`, its artifact, and the one before it."""

    root: Path
    artifact: Path
    before: Path | None
    store: Store


@frozen(eq=False)
class Trial:
    """A program that is looked at: R rows of the snapshot, what they are and what it answers.

    `rows` (R,) are row numbers, `truth` the frozen labels of the output `field`, (R,), or (R, K) of several labels;
    `native` answers, and `told` holds what it said already, arrays (R, *shape). `place` is there for the final library
    alone.
    """

    program: Program
    snapshot: Snapshot
    field: str
    native: Answering
    rows: NDArray[np.intp]
    truth: NDArray[Any]
    told: Arrays | None = None
    place: Place | None = None

    @cached_property
    def answers(self) -> Arrays:
        """What is answered to the rows, by field, each (R, *shape)."""
        return self.told if self.told is not None else ask_whole(self.native, self.snapshot, self.rows)

    @property
    def answer(self) -> NDArray[Any]:
        """What was answered, like `truth`: class indices or numbers (R,), or 0 and 1 (R, K)."""
        return self.answers[self.field].reshape(self.truth.shape)

    @property
    def said(self) -> Told:
        """What was answered, as metrics take it."""
        return told(self.answers, self.field, self.likeness.tolerance)

    @cached_property
    def figures(self) -> Mapping[str, Figure]:
        """What each goal's metric says of it, by name; measured once, since a bootstrap takes its time."""
        metrics: dict[str, Metric] = {goal.metric: load("goals", goal.metric) for goal in self.program.goals}
        return {name: metric.measure(self.truth, self.said, None) for name, metric in metrics.items()}

    @cached_property
    def likeness(self) -> Likeness:
        """How its answers are read."""
        return likeness_of(self.program, self.snapshot, self.field)

    @cached_property
    def inputs(self) -> Arrays:
        """The inputs of the rows, each (R, *shape)."""
        return {name: array[self.rows] for name, array in self.snapshot.inputs.items()}

    def sliced(self, check: Check) -> "Trial":
        """The rows that `check` is about."""
        return self._only(slice_rows(self.snapshot, check, self.program.file)[self.rows])

    def first(self, count: int) -> "Trial":
        """At most so many rows; ids are digests, so that these are as good as any."""
        return self._only(np.arange(len(self.rows)) < count)

    def _only(self, chosen: NDArray[np.bool_]) -> "Trial":
        told = {name: array[chosen] for name, array in self.answers.items()}
        return replace(self, rows=self.rows[chosen], truth=self.truth[chosen], told=told)

    def on_tune(self) -> "Trial":
        """The same program on the tune rows, whose names may be told."""
        rows = self.snapshot.rows(TUNE)
        return replace(self, rows=rows, truth=self.snapshot.labels[self.field][rows], told=None)

    def named(self, row: int) -> str:
        """What people call one of the rows: its id, and its name where it has one."""
        name = self.snapshot.columns.get("name", (None,) * len(self.snapshot.ids))[row]
        return f"{self.snapshot.ids[row][:12]}{f' ({name})' if name else ''}"


class CheckKind(ABC):
    """A kind of check. Members are stateless; a check of theirs comes with every call."""

    @abstractmethod
    def read(self, table: Table, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Check:
        """The check that a `[[check]]` of `datacc.toml` asks for. Raises `SpecError` with its line."""

    @abstractmethod
    def described(self, check: Check) -> str:
        """The check in words: "recall of '9' where source = 'phone'"."""

    @abstractmethod
    def certify(self, check: Check, program: Program, snapshot: Snapshot) -> str:
        """A warning of what the examples may not decide, or nothing; before anything is fitted.

        Raises `CertifyError` for what no program can show, `SpecError` for names that no example has.
        """

    @abstractmethod
    def line(self, check: Check, trial: Trial) -> Line:
        """What the final library does on the judge rows of `trial`."""

    def promising(self, check: Check, trial: Trial) -> bool:
        """Whether a candidate's answers on tune leave hope; kinds that are dear to look at do not object."""
        return True

    def contradicts(self, check: Check, other: Check) -> str:
        """Why no program can pass both, or nothing."""
        return ""

    def runs(self, check: Check, root: Path) -> Mapping[str, str]:
        """The files that it runs, with their digests.

        Raises `SpecError` for one that is missing, `TrustError` for one that nobody allowed.
        """
        return {}


class RateKind(CheckKind):
    """A kind whose check is a share of rows, or another figure of them, held to its limit by its bound."""

    def limit(self, check: Check) -> float:
        """What must be reached, from the side that the figure says."""
        return check.at_least

    @abstractmethod
    def figure(self, check: Check, trial: Trial) -> Figure:
        """The share among the rows of `trial` that the check is about."""

    def line(self, check: Check, trial: Trial) -> Line:
        """The share of judge rows by its bound."""
        return rate_line("check", self.described(check), self.limit(check), self.figure(check, trial))

    def promising(self, check: Check, trial: Trial) -> bool:
        """On tune the measured share decides: slices are too small there for a bound. No row is no objection."""
        figure = self.figure(check, trial)
        limit = self.limit(check)
        return not figure.total or (figure.value <= limit if figure.at_most else figure.value >= limit)


class RowKind(RateKind):
    """A kind that holds or does not for each row, whatever its label."""

    @abstractmethod
    def kept(self, check: Check, trial: Trial) -> NDArray[np.bool_]:
        """Which of the rows of `trial`, (R,), keep it."""

    def figure(self, check: Check, trial: Trial) -> Figure:
        """The share of rows that keep it."""
        kept = self.kept(check, trial.sliced(check))
        return rate(int(kept.sum()), len(kept))

    def promising(self, check: Check, trial: Trial) -> bool:
        """The same on some rows of tune: the reference interpreter takes its time."""
        return super().promising(check, trial.sliced(check).first(MOST_TUNE))

    def line(self, check: Check, trial: Trial) -> Line:
        """The same, and when it is missed some examples of tune that do not keep it."""
        line = super().line(check, trial)
        if line.holds or line.figure is None:
            return line
        wanted = needed_right(line.figure.total, check.at_least)
        closes = f"{wanted - line.figure.right:,} more of {line.figure.total:,} that keep it" if wanted else line.closes
        return replace(line, closes=closes, detail=self._told(check, trial.on_tune().sliced(check)))

    def _told(self, check: Check, tune: Trial) -> str:
        gone = tune.rows[~self.kept(check, tune)]
        named = "".join(f"\n  {tune.named(int(row))}" for row in gone[:NAMED])
        do_not = counted(len(gone), f"of {len(tune.rows):,} does not", f"of {len(tune.rows):,} do not")
        return f"on tune {do_not}{named}" if len(gone) else ""


def kind_of(check: Check) -> CheckKind:
    """The kind of a check."""
    found: CheckKind = load("checks", check.kind)
    return found


def lines(trial: Trial) -> list[Line]:
    """A line for every check of the program, in the order in which they were asked."""
    return [replace(kind_of(check).line(check, trial), check=check.kind) for check in trial.program.checks]


def all_promising(trial: Trial) -> bool:
    """Whether no check objects to a candidate."""
    return all(kind_of(check).promising(check, trial) for check in trial.program.checks)


def what_runs(program: Program, root: Path) -> dict[str, str]:
    """The files that the checks of `program` run, with their digests. Raises `SpecError` or `TrustError`."""
    return {name: digest for check in program.checks for name, digest in kind_of(check).runs(check, root).items()}
