"""What candidates are ranked by: right answers, or the area that a goal asks for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from datacc.compiler.chances import outlook, passing_chance, score, trial_of
from datacc.goals import rate
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.join import join
from datacc.repo.snapshot import TUNE
from datacc.spec.program import Goal
from datacc.store import Store
from datacc.types.label import ENTRY as LABEL
from tests.compiler.made import PROGRAM, snapshot_of, thirds

SEEN = rate(7, 10)


def program(weight: float) -> Graph:
    """It says more of the second class the larger the sum is, or the other way round."""
    b = Builder()
    weights = b.weight("w", (2, 2), value=np.array([[-weight, 0.1], [weight, -0.1]]))
    b.op("dense", "y", b.input("point", "float32", (2,)), weights, b.weight("b", (2,), value=np.zeros(2)))
    return join(b.graph({"side.features": "y"}), LABEL.answer("side", ("low", "high")))


@pytest.mark.parametrize("weight", [1.0, -1.0, 0.001])
def test_an_area_that_a_goal_asks_for_is_measured_on_tune(tmp_path: Path, weight: float) -> None:
    random, count = np.random.default_rng(0), 4500
    values = random.normal(size=(count, 2)).astype(np.float32)
    names = ["high" if x + random.normal() > 0 else "low" for x, _ in values]
    examples = snapshot_of(Store(tmp_path), values.tolist(), names, thirds(count), classes=("low", "high"))
    asked = replace(PROGRAM, goals=(Goal(metric="auroc", limit=0.6),))
    graph, rows = program(weight), examples.rows(TUNE)
    found = interpret(graph, {"point": examples.inputs["point"][rows]})["side_scores"][:, 1]
    area = roc_auc_score(examples.labels["side"][rows], found)
    assert score(trial_of(asked, examples, graph), SEEN) == pytest.approx(area, abs=1e-6)
    assert score(trial_of(PROGRAM, examples, graph), SEEN) == SEEN.value


def test_the_outlook_of_an_area_grows_as_errors_shrink(tmp_path: Path) -> None:
    """With all errors it is the chance, without any certain; what a tenth of them misses is not in sight."""
    random, count = np.random.default_rng(0), 4500
    values = random.normal(size=(count, 2)).astype(np.float32)
    names = ["high" if x + random.normal() > 0 else "low" for x, _ in values]
    examples = snapshot_of(Store(tmp_path), values.tolist(), names, thirds(count), classes=("low", "high"))
    for limit in (0.6, 0.9, 0.99):
        asked = replace(PROGRAM, goals=(Goal(metric="auroc", limit=limit),))
        trial = trial_of(asked, examples, program(1.0))
        seen = [outlook(trial, SEEN, left) for left in (1.0, 0.5, 0.1, 0.0)]
        assert seen == sorted(seen)
        assert seen[0] == passing_chance(trial, SEEN, folded=False)
        assert seen[-1] == 1.0
        assert (seen[0] > 0.99, seen[2] > 0.99) == {0.6: (True, True), 0.9: (False, True), 0.99: (False, False)}[limit]
