"""What a build tries: what its goals and budgets leave, and what it keeps of a search that misses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler import halving, onward
from datacc.compiler.build import Order, build
from datacc.compiler.halving import GOAL_PATIENCE
from datacc.errors import BudgetError
from datacc.sources.table import infer_program
from datacc.spec.lock import read_lock, write_lock
from datacc.spec.program import Budget, Goal, Program
from tests.compiler.tables import program_in


def noise(root: Path, seed: int = 0) -> Program:
    """A program whose goal nothing can reach: its labels are drawn by chance."""
    points, kinds = np.random.default_rng(0), np.random.default_rng(seed)
    drawn = zip(*points.normal(size=(2, 300)), kinds.integers(0, 2, 300), strict=True)
    (root / "noise.csv").write_text("\n".join(["a,b,kind", *(f"{x:.3f},{y:.3f},{'xy'[k]}" for x, y, k in drawn)]))
    return replace(infer_program(root / "noise.csv", "kind"), goals=(Goal(metric="accuracy", limit=0.9),))


def test_a_missed_goal_is_told_and_its_search_is_kept(tmp_path: Path) -> None:
    report = build(noise(tmp_path), tmp_path)
    assert not report.verdict.holds
    (missed,) = report.verdict.missed
    assert missed.kind == "goal"
    assert "more right" in missed.closes
    chosen = read_lock(tmp_path / "datacc.lock")
    assert chosen is not None
    (wanted,) = (one for one in report.tried if one.chosen)
    assert (chosen.skeleton, chosen.sizes) == (wanted.skeleton, wanted.sizes)
    assert sum(one.tune is not None for one in report.tried) > GOAL_PATIENCE
    to_the_end = [one.tune for one in report.tried if one.tune is not None and not one.note.startswith("0.25")]
    assert max(to_the_end) == report.tried[[one.chosen for one in report.tried].index(True)].tune
    (told,) = report.tune
    right = sum(count for truth, answer, count in told.pairs if truth == answer)
    rows = sum(count for _, _, count in told.pairs)
    assert any(f"after {right} of {rows} out of fold" in note for note in report.data.notes)


def test_after_a_miss_a_build_goes_on_and_a_search_that_misses_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onward, "CHEAP", 0)
    build(noise(tmp_path), tmp_path)
    first = read_lock(tmp_path / "datacc.lock")
    assert first is not None
    assert first.parent is not None
    again = build(noise(tmp_path, seed=1), tmp_path)  # most labels are others: a new parent
    second = read_lock(tmp_path / "datacc.lock")
    assert (len(again.tried), again.verdict.holds) == (1, False)
    assert second == replace(first, parent=second.parent if second else None)
    assert second != first
    mine = replace(first, recipe={**first.recipe, "epochs": 1})
    write_lock(tmp_path / "datacc.lock", mine)
    assert not build(noise(tmp_path), tmp_path, Order(search=True)).verdict.holds
    assert read_lock(tmp_path / "datacc.lock") == mine


def test_the_cheapest_rung_that_will_do_is_chosen(tmp_path: Path) -> None:
    program = program_in(tmp_path, goals=(Goal(metric="accuracy", limit=0.6),))
    report = build(program, tmp_path)
    works = [one.work for one in report.tried]
    assert works == sorted(works)
    chosen = [one.chosen for one in report.tried].index(True)
    assert all(one.tune is not None for one in report.tried[: chosen + 1])
    dearer = [n for n, one in enumerate(report.tried) if n > chosen and one.note != "not tried"]
    assert dearer in ([], [len(works) // 2])  # fits are brief here, and begin in the middle


def test_a_dear_fit_is_not_spent_on_a_goal_that_nobody_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = replace(noise(tmp_path), goals=())
    fitted = []
    for dear in (10**11, 0):
        monkeypatch.setattr(halving, "DEAR", dear)
        report = build(program, tmp_path, Order(search=True))
        fitted.append(sum(one.tune is not None for one in report.tried))
    assert fitted[0] > fitted[1] == 1


def test_what_breaks_the_budget_is_never_fitted(tmp_path: Path) -> None:
    program = program_in(tmp_path, budget=Budget(work=100))
    fitted = []
    report = build(program, tmp_path, announce=lambda rung: fitted.append(rung.work))  # type: ignore[func-returns-value]
    assert fitted
    assert all(work <= 100 for work in fitted)
    assert [one for one in report.tried if one.note.startswith("over budget")]


def test_a_budget_below_the_smallest_candidate_gets_a_narrower_one(tmp_path: Path) -> None:
    """As wide as the budget allows: one channel more would break it."""
    ample = build(program_in(tmp_path), tmp_path, Order(search=True))
    smallest = min(one.work for one in ample.tried)
    asked = program_in(tmp_path, budget=Budget(work=smallest - 1))
    report = build(asked, tmp_path, Order(search=True))
    assert report.costs.work < smallest
    assert any("made narrower" in note for note in report.data.notes)
    [line] = [line for line in report.verdict.lines if line.what == "work"]
    assert line.holds
    [chosen] = [one for one in report.tried if one.chosen]
    lock = read_lock(tmp_path / "datacc.lock")
    assert lock is not None
    assert lock.sizes == chosen.sizes
    assert build(asked, tmp_path).digests == report.digests
    wider = replace(lock, sizes={**lock.sizes, "width": lock.sizes["width"] + 1})
    with pytest.raises(BudgetError, match=r"budget\.work allows"):
        build(asked, tmp_path, Order(lock=wider))


def test_a_budget_that_nothing_meets_names_the_narrowest(tmp_path: Path) -> None:
    with pytest.raises(BudgetError) as caught:
        build(program_in(tmp_path, budget=Budget(work=5, memory=1)), tmp_path)
    assert "even the narrowest, mlp.v1 with width = 1" in caught.value.what
    assert "multiply-adds (budget.work allows 5)" in caught.value.what
    assert any(attempt.startswith("work =") for attempt in caught.value.tries)
    assert any(attempt.startswith("memory =") for attempt in caught.value.tries)
    assert not (tmp_path / "build" / "flowers").exists()
