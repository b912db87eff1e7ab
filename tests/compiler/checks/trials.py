"""Programs that answer as a function says, on points of the plane, for the kinds of checks to look at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.checks import Trial
from datacc.repo.snapshot import JUDGE, TUNE, Snapshot
from datacc.spec.program import Program
from datacc.store import Store
from tests.compiler.made import CLASSES, PROGRAM, points, snapshot_of, thirds

COUNT = 300
VALUES, NAMES = points(COUNT)
SOURCES = ["phone" if n % 5 == 2 else "scan" for n in range(COUNT)]


@dataclass
class Fake:
    """Answers class indices by `answer` of a point, and scores by `scores` of it."""

    answer: Callable[[Any], int]
    scores: Callable[[Any], Sequence[float]] = lambda point: (1.0, 0.0, 0.0)
    asked: int = 0

    def batch(self, inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        rows = inputs["point"]
        self.asked += len(rows)
        scores = np.array([self.scores(row) for row in rows], np.float32).reshape(len(rows), len(CLASSES))
        return {
            "side": np.array([[self.answer(row)] for row in rows], np.int32).reshape(-1, 1),
            "side_confidence": scores.max(axis=1, keepdims=True),
            "side_scores": scores,
        }


def frozen(folder: Path) -> Snapshot:
    """300 points, learn, tune and judge in turn, every fifth from a phone."""
    return snapshot_of(Store(folder / "cache"), VALUES, NAMES, thirds(COUNT), {"source": SOURCES})


def trial_of(folder: Path, native: Fake, *, split: int = JUDGE, program: Program = PROGRAM, **changes: Any) -> Trial:
    """`native` on the rows of a split, whose labels are known."""
    snapshot = frozen(folder)
    rows = snapshot.rows(split)
    truth = np.array([CLASSES.index(name) for name in _names(snapshot)], np.int32)[rows]
    made = Trial(program=program, snapshot=snapshot, field="side", native=native, rows=rows, truth=truth)
    return replace(made, **changes)


def _names(snapshot: Snapshot) -> list[str]:
    """The class of each row by its place in the plane, sealed or not."""
    return [
        "far" if x * x + y * y > 3 else "high" if y > 0 else "low"
        for x, y in snapshot.inputs["point"].astype(np.float64).round(3)
    ]


def tune_of(folder: Path, native: Fake, **changes: Any) -> Trial:
    """The same on tune."""
    return trial_of(folder, native, split=TUNE, **changes)
