"""What is said of judge labels that people changed, and of goals that no program may reach because of them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import beta

from datacc.compiler.noise import judge_noise
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.spec.program import Goal
from datacc.store import Store
from tests.compiler.made import PROGRAM, points, snapshot_of, thirds

FIELD = PROGRAM.outputs[0].name


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    values, names = points(600)
    return snapshot_of(Store(tmp_path), values, names, thirds(600))


def told(snapshot: Snapshot, seen: int, changed: int, at_least: float = 0.5) -> tuple[str, ...]:
    program = replace(PROGRAM, goals=(Goal(metric="accuracy", limit=at_least),))
    return judge_noise(program, replace(snapshot, looked={FIELD: (seen, changed)}))


def test_nothing_is_said_where_nothing_was_found(snapshot: Snapshot) -> None:
    assert judge_noise(PROGRAM, snapshot) == ()
    assert told(snapshot, 50, 0, 0.97) == ()


def test_the_share_comes_with_exact_bounds_and_what_the_rest_may_hold(snapshot: Snapshot) -> None:
    assert len(snapshot.rows(JUDGE)) == 200
    (line,) = told(snapshot, 50, 4)
    shares = [float(share) / 100 for share in re.findall(r"([\d.]+) %", line)]
    assert shares == pytest.approx([4 / 50, beta.ppf(0.05, 4, 47), beta.ppf(0.95, 5, 46)], abs=5e-4)
    assert "of the 150 that nobody looked at about 12 may be" in line


def test_a_goal_that_such_labels_do_not_carry_is_named(snapshot: Snapshot) -> None:
    """Of 200 rows 188 may be counted right: enough for a bound of 0.9, not for one of 0.95."""
    assert len(told(snapshot, 50, 4, 0.9)) == 1
    (_, goal) = told(snapshot, 50, 4, 0.95)
    assert "accuracy ≥ 95.0 % needs 196 right answers of 200" in goal
    assert "about 188" in goal


def test_what_everybody_looked_at_is_mended(snapshot: Snapshot) -> None:
    (line,) = told(snapshot, 200, 16, 0.95)
    assert "of the 0 that nobody looked at about 0 may be" in line
