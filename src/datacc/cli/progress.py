"""Shows how fits go, on standard error: loss, the best tune score so far, the time left, and what candidates did."""

import json
import sys
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from datacc import fit
from datacc.compiler.attempts import WHOLE, Attempt
from datacc.repo.words import printable

HEAD = f"{'candidate':<34}{'multiply-adds':>15}{'fitted':>8}"


class FitDisplay:
    """A context in which `watch` gives every fit a line of its own: a moving one on a terminal, else a plain one.

    `tell` adds a candidate of a search to the table above the moving line. With `events` all is told as JSON, a line
    each.
    """

    def __init__(self, *, events: bool = False) -> None:
        self._events = events
        self._moves = sys.stderr.isatty() and not events
        self._told = 0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[told]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not self._moves,
        )

    def __enter__(self) -> "FitDisplay":
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def watch(self, title: str) -> fit.Watch:
        """A line for one fit, and what keeps it up to date."""
        task = self._progress.add_task(printable(title), total=None, told="")
        seen: list[float | None] = [None]

        def watch(progress: fit.Progress) -> None:
            self._tell(task, progress)
            ended = progress.step == progress.steps
            if self._events and (ended or progress.tune != seen[0]):
                facts = {"step": progress.step, "steps": progress.steps, "loss": progress.loss, "tune": progress.tune}
                _event("fit", what=title, **facts)
                seen[0] = progress.tune
            elif not self._moves and ended:
                print(f"{printable(title)}: {_told(progress)}", file=sys.stderr, flush=True)

        return watch

    def tell(self, attempt: Attempt) -> None:
        """A candidate that was fitted, or whose fit was remembered."""
        rung = attempt.rung
        if self._events:
            what = {"skeleton": rung.skeleton, "sizes": dict(rung.sizes), "arithmetic": rung.arithmetic}
            by = None if attempt.tutor is None else attempt.tutor.rung.title
            cost = {"work": rung.work, "share": attempt.share}
            _event("candidate", **what, **cost, tune=attempt.score, promising=attempt.promising, tutor=by)
        if not self._moves:
            return
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        if not self._told:
            self._progress.console.print(Text(f"{HEAD}{attempt.how:>13}", style="dim"))
        self._told += 1
        fitted = "whole" if attempt.share == WHOLE else f"× {attempt.share:g}"
        fitted = "taught" if attempt.tutor is not None else fitted
        cells = f"{printable(rung.title):<34}{rung.work:>15,}{fitted:>8}{attempt.score:>13.2%}"
        self._progress.console.print(Text(f"{cells}{'  ✓' if attempt.promising else ''}"))

    def _tell(self, task: TaskID, progress: fit.Progress) -> None:
        self._progress.update(task, total=progress.steps, completed=progress.step, told=_told(progress))


def _event(event: str, **facts: Any) -> None:
    print(json.dumps({"event": event, **facts}), file=sys.stderr, flush=True)


def _told(progress: fit.Progress) -> str:
    tune = "" if progress.tune is None else f", tune {progress.tune:.1%}"
    return f"loss {progress.loss:.3f}{tune}"
