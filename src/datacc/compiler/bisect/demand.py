"""What must hold at a commit: a metric on a slice, or the answer to one example."""

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.likeness import Likeness
from datacc.compiler.past import Past
from datacc.compiler.shown import percent
from datacc.compiler.slices import class_index, described, row_named, slice_rows
from datacc.compiler.verdict import share
from datacc.errors import DataError, UsageError
from datacc.frozen import frozen
from datacc.goals import PLAINEST, Figure, Metric, Told
from datacc.registry import load, names, require
from datacc.repo.snapshot import JUDGE, SPLITS, Snapshot
from datacc.spec.program import Check, Field

_GOAL: Final = re.compile(r"\s*(\w+)\s*(?:>=|≥)\s*([0-9.]+(?:e-?[0-9]+)?)\s*")
_ROUNDING: Final = 1e-9  # of shares that are subtracted

Truth = Mapping[str, Any]  # example id → value


@frozen
class Reading:
    """What was seen at a commit: whether the demand holds, in words, and the figure behind it where there is one."""

    holds: bool
    told: str
    figure: Figure | None = None


class Demand(ABC):
    """What the user asks of every commit. Members are frozen."""

    @property
    @abstractmethod
    def told(self) -> str:
        """The demand in words."""

    @abstractmethod
    def read(self, past: Past) -> Reading:
        """What is seen at one commit. Raises `DataError` or `SpecError` where it cannot be decided."""

    def of(self, output: Field) -> "Demand":
        """The demand of this output. Raises `UsageError` where it cannot be."""
        return self

    def after(self, good: Reading) -> "Demand":
        """The demand, once the good commit was seen."""
        return self


@frozen
class SliceGoal(Demand):
    """A metric of the examples where every column of `where` has its value, given as text, or of one class.

    Without a `metric` it is the plainest of the output. It must reach `at_least`; without that, it may not fall by more
    than `drop` under what the good commit has. It is measured by the labels of the commit itself, or by `truth`, on the
    examples that this knows.
    """

    metric: str = ""
    at_least: float | None = None
    drop: float = 0.0
    where: Mapping[str, str]
    of_class: str | None = None
    truth: Truth | None = None

    def __post_init__(self) -> None:
        if not self.metric:
            return
        require("goals", self.metric)
        metric = _metric(self.metric)
        if metric.needs_known:
            what = f"{self.metric} is of programs that are calibrated and judged; a commit is only fitted"
            raise UsageError(what, tries=['--goal "accuracy >= 0.9"'])
        if metric.needs_scores or metric.at_most:
            what = (
                f"{self.metric} is judged on a built program; a commit is looked at by its answers and a share of them"
            )
            raise UsageError(what, tries=['--goal "accuracy >= 0.9"'])
        if metric.needs_class and self.of_class is None:
            raise UsageError(f"{self.metric} is of one class: which?", tries=["--class NAME"])
        if not metric.takes_class and self.of_class is not None:
            others = [name for name in names("goals") if _metric(name).needs_class]
            tries = [f'--goal "{name} >= {self.at_least or 0.9:g}"' for name in others]
            raise UsageError(f"{self.metric} is not of one class", tries=tries)

    def of(self, output: Field) -> Demand:
        """With the metric of the output, where none was asked for."""
        plain = "recall" if self.of_class is not None else PLAINEST[output.form]
        if self.metric and output.form not in _metric(self.metric).forms:
            what = f"{self.metric} does not measure {output.name}, which is of type {output.type}"
            raise UsageError(what, tries=[f'--goal "{plain} >= {self.at_least or 0.9:g}"'])
        return replace(self, metric=self.metric or plain)

    @property
    def told(self) -> str:
        """The demand in words."""
        if self.at_least is None:
            return f"{self._slice} may fall by {share(self.drop)}"
        return f"{self._slice} ≥ {share(self.at_least)}"

    @property
    def _slice(self) -> str:
        return described(Check(metric=self.metric, at_least=0, of_class=self.of_class, where=self.where))

    def read(self, past: Past) -> Reading:
        """The metric on the slice."""
        check = Check(metric=self.metric, at_least=0, of_class=self.of_class, where=_typed(self.where, past.snapshot))
        rows = past.snapshot.rows(past.split)
        rows = rows[slice_rows(past.snapshot, check, "--where")[rows]]
        index = class_index(past.snapshot, past.field, check, "--class")
        rows, truth = self._truth(past, rows)
        metric = _metric(self.metric)
        if not metric.rows(truth, index):
            what = f"{SPLITS[past.split]} has no example to measure {self._slice} on"
            raise DataError(what, tries=["--out-of-fold measures on learn, which has more", "a larger slice"])
        figure = metric.measure(truth, Told(value=past.answers(rows)), index)
        counted = f"{figure.right:,} of {figure.total:,}" if metric.exact else f"on {figure.total:,}"
        told = f"{percent(figure.value, 1)} ({counted})"
        holds = self.at_least is None or figure.value >= self.at_least - _ROUNDING
        return Reading(holds=holds, told=told, figure=figure)

    def _truth(self, past: Past, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """Those of the rows with a true label, and that: one past all classes where the commit has no such class."""
        if self.truth is None:
            return rows, past.snapshot.labels[past.field][rows]
        known = np.array([row for row in rows if past.snapshot.ids[row] in self.truth], np.intp)
        values = [self.truth[past.snapshot.ids[row]] for row in known]
        if past.likeness.type.form != "label":
            return known, past.likeness.encoded(values)
        place = {name: index for index, name in enumerate(past.classes)}
        return known, np.array([place.get(value, len(place)) for value in values], np.int32)

    def after(self, good: Reading) -> Demand:
        """With what the good commit has, where that is the measure."""
        if self.at_least is not None or good.figure is None:
            return self
        return replace(self, at_least=max(good.figure.value - self.drop, 0.0))


@frozen
class Pinned(Demand):
    """The example whose id begins with `example` must be answered as `answer`, written as a cell of a table has it."""

    example: str
    answer: str

    @property
    def told(self) -> str:
        """The demand in words."""
        return f"{self.example[:12]} is answered {self.answer!r}"

    def read(self, past: Past) -> Reading:
        """The answer to it; also to one that the program was fitted to, unless answers are out of fold."""
        row, like = self._row(past), past.likeness
        wanted = like.type.read(self.answer)
        if isinstance(wanted, str) and wanted not in past.classes:
            close = difflib.get_close_matches(wanted, past.classes) or past.classes[:5]
            raise DataError(f"{past.field} has no class {wanted!r}", tries=[f"--is {name!r}" for name in close])
        [wanted] = like.decoded(like.encoded([wanted]))
        [said] = like.decoded(past.answers(np.array([row], np.intp)))
        return Reading(holds=like.same(said, wanted), told=f"answered {like.quoted(said)}")

    def _row(self, past: Past) -> int:
        row = row_named(past.snapshot, self.example)
        split, id = int(past.snapshot.splits[row]), past.snapshot.ids[row][:12]
        if split == JUDGE:
            raise DataError(f"{id} is in judge, which stays sealed", tries=["an example of learn or tune"])
        if past.out_of_fold and split != past.split:
            raise DataError(f"{id} is in {SPLITS[split]}: no fold has it", tries=["leave --out-of-fold out"])
        return row


def read_goal(text: str) -> tuple[str, float]:
    """The metric and the share of "accuracy >= 0.9". Raises `UsageError`."""
    found = _GOAL.fullmatch(text)
    if found is None:
        raise UsageError(f"--goal {text!r}: a metric, >=, and a share", tries=['--goal "accuracy >= 0.9"'])
    return found[1], read_share(found[2], f"--goal {text!r}")


def read_share(text: str, where: str) -> float:
    """A number above 0, at most 1. Raises `UsageError`."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        tries = [f"{value / 100:g}"] if 1 < value <= 100 else ["0.9"]
        raise UsageError(f"{text!r} is no share above 0 and at most 1", where=where, tries=tries)
    return value


def truth_of(likeness: Likeness) -> Truth:
    """What the learn and tune examples of a snapshot are."""
    snapshot = likeness.snapshot
    values = likeness.decoded(snapshot.labels[likeness.output.name])
    return {id: value for id, value in zip(snapshot.ids, values, strict=True) if value is not None}


def _metric(name: str) -> Metric:
    found: Metric = load("goals", name)
    return found


def _typed(where: Mapping[str, str], snapshot: Snapshot) -> dict[str, object]:
    """Values as the columns have them: text is all that a command line can say."""

    def value(text: str, column: Sequence[object]) -> object:
        return next((item for item in column if item is not None and str(item) == text), text)

    return {name: value(text, snapshot.columns.get(name, ())) for name, text in where.items()}
