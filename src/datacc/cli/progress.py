"""Shows how a fit goes, on standard error: loss, the best tune score so far, and the time left."""

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from datacc import fit
from datacc.repo.words import printable


class FitDisplay:
    """A context in which `watch` gives every fit a line of its own: a moving one on a terminal, else a plain one."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
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

        def watch(progress: fit.Progress) -> None:
            self._tell(task, progress)
            if not self._moves and progress.step == progress.steps:
                print(f"{printable(title)}: {_told(progress)}", file=sys.stderr, flush=True)

        return watch

    def _tell(self, task: TaskID, progress: fit.Progress) -> None:
        self._progress.update(task, total=progress.steps, completed=progress.step, told=_told(progress))


def _told(progress: fit.Progress) -> str:
    tune = "" if progress.tune is None else f", tune {progress.tune:.1%}"
    return f"loss {progress.loss:.3f}{tune}"
