"""The kinds that go row by row, invariant and direction: counted by hand, the same again, judge unnamed."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.compiler.certify import certify
from datacc.compiler.checks import MOST_TUNE, kind_of
from datacc.compiler.checks.invariant import DRAWS, generator
from datacc.errors import CertifyError, SpecError
from datacc.repo.snapshot import JUDGE, LEARN
from datacc.spec.bounds import lower_bound
from datacc.spec.program import Check
from tests.compiler.checks.trials import Fake, frozen, trial_of, tune_of
from tests.compiler.made import PROGRAM

ABOVE = Fake(lambda point: int(point[1] > 0))
SWAP = Check(kind="invariant", at_least=0.3, options={"invariant": "swap", "by": {"column": "y"}})
UP = Check(kind="direction", at_least=0.9, of_class="high", options={"direction": "up", "column": "x", "by": 0.5})


def fresh(native: Fake) -> Fake:
    return replace(native, asked=0)


def logistic(point: Any) -> list[float]:
    p = 1 / (1 + np.exp(-float(point[0])))
    return [1 - p, p, 0.0]


@pytest.mark.parametrize("draws", [1, 2, DRAWS])
def test_a_row_keeps_its_answer_when_every_draw_does(tmp_path: Path, draws: int) -> None:
    trial = trial_of(tmp_path, fresh(ABOVE), program=replace(PROGRAM, seed=5))
    check = replace(SWAP, options={**SWAP.options, "draws": draws})
    learn = trial.snapshot.inputs["point"][trial.snapshot.rows(LEARN), 1]
    kept = [
        all(
            (learn[generator(5, trial.snapshot.ids[row], draw).integers(len(learn))] > 0) == (y > 0)
            for draw in range(draws)
        )
        for row, y in zip(trial.rows, trial.inputs["point"][:, 1], strict=True)
    ]
    figure = kind_of(check).line(check, trial).figure
    assert figure is not None
    assert (figure.right, figure.total) == (sum(kept), len(trial.rows))
    assert 0 < figure.right < figure.total
    assert figure.bound == lower_bound(sum(kept), len(kept))


def test_what_no_answer_depends_on_may_vary(tmp_path: Path) -> None:
    trial = trial_of(tmp_path, fresh(ABOVE))
    for options in ({"invariant": "swap", "by": {"column": "x"}}, {"invariant": "jitter", "by": {"share": 0.9}}):
        line = kind_of(SWAP).line(replace(SWAP, at_least=0.96, options=options), trial)
        assert (line.holds, line.detail) == (True, "")
        assert line.figure is not None
        assert line.figure.right == line.figure.total == len(trial.rows)


def test_draws_follow_from_the_seed_and_the_example(tmp_path: Path) -> None:
    whole, kind = trial_of(tmp_path, fresh(ABOVE)), kind_of(SWAP)
    kept = kind.kept(SWAP, whole)  # type: ignore[attr-defined]
    part = replace(whole, rows=whole.rows[40:60], truth=whole.truth[40:60])
    np.testing.assert_array_equal(kind.kept(SWAP, part), kept[40:60])  # type: ignore[attr-defined]
    other = replace(whole, program=replace(PROGRAM, seed=1))
    assert not np.array_equal(kind.kept(SWAP, other), kept)  # type: ignore[attr-defined]


@pytest.mark.parametrize("check", [SWAP, replace(UP, options={**UP.options, "direction": "down", "strict": True})])
def test_a_miss_names_tune_examples_and_none_of_judge(tmp_path: Path, check: Check) -> None:
    trial = trial_of(tmp_path, replace(ABOVE, scores=logistic))
    line = kind_of(check).line(replace(check, at_least=0.9), trial)
    assert not line.holds
    assert "that keep it" in line.closes
    snapshot = trial.snapshot
    named = [row for row in range(len(snapshot.ids)) if snapshot.ids[row][:12] in line.detail]
    tune = kind_of(check).kept(check, tune_of(tmp_path, replace(ABOVE, scores=logistic)))  # type: ignore[attr-defined]
    gone = np.flatnonzero(snapshot.splits == 1)[~tune]
    assert named == gone[:5].tolist()
    assert f"on tune {len(gone)} of 100 do not" in line.detail


def test_a_slice_is_looked_at_alone(tmp_path: Path) -> None:
    trial = trial_of(tmp_path, fresh(ABOVE))
    line = kind_of(SWAP).line(replace(SWAP, where={"source": "phone"}), trial)
    assert line.figure is not None
    assert line.figure.total == sum(trial.snapshot.columns["source"][row] == "phone" for row in trial.rows)
    assert line.what.endswith("where source = 'phone'")


def test_the_search_looks_at_some_rows_of_tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = tune_of(tmp_path, fresh(ABOVE))
    kind = kind_of(SWAP)
    share = kind.kept(SWAP, trial).mean()  # type: ignore[attr-defined]
    assert len(trial.rows) < MOST_TUNE
    assert kind.promising(replace(SWAP, at_least=float(share)), trial)
    assert not kind.promising(replace(SWAP, at_least=float(share) + 0.01), trial)
    assert kind.promising(replace(SWAP, at_least=0.99), replace(trial, rows=trial.rows[:0], truth=trial.truth[:0]))
    monkeypatch.setattr("datacc.compiler.checks.MOST_TUNE", 10)
    native = fresh(ABOVE)
    kind.promising(SWAP, replace(trial, native=native))
    assert native.asked == len(trial.rows) + 10 * DRAWS


@pytest.mark.parametrize(
    ("direction", "strict", "scores", "holds"),
    [
        ("up", True, logistic, True),
        ("up", False, logistic, True),
        ("down", False, logistic, False),
        ("down", True, lambda point: logistic(-point), True),
        ("up", False, lambda point: [0.5, 0.5, 0], True),
        ("down", False, lambda point: [0.5, 0.5, 0], True),
        ("up", True, lambda point: [0.5, 0.5, 0], False),
        ("up", False, lambda point: [0.5 + 4e-7 * point[0], 0.5 - 4e-7 * point[0], 0], True),
        ("up", False, lambda point: [0.5 + 1e-4 * point[0], 0.5 - 1e-4 * point[0], 0], False),
    ],
    ids=[
        "rises",
        "does not fall",
        "falls",
        "falls as asked",
        "flat",
        "flat, down",
        "flat, strict",
        "rounding",
        "a bit",
    ],
)
def test_a_score_goes_the_way_that_is_asked(
    tmp_path: Path, direction: str, strict: bool, scores: Any, holds: bool
) -> None:
    options = {**UP.options, "direction": direction} | ({"strict": True} if strict else {})
    line = kind_of(UP).line(replace(UP, options=options), trial_of(tmp_path, Fake(lambda point: 0, scores=scores)))
    assert line.holds == holds
    assert line.figure is not None
    assert line.figure.right == (line.figure.total if holds else 0)


@pytest.mark.parametrize("by", [0.25, None])
def test_the_column_is_raised_by_what_is_asked_or_one_deviation(tmp_path: Path, by: float | None) -> None:
    seen = []

    def scores(point: Any) -> list[float]:
        seen.append(point.copy())
        return [0, 1, 0]

    options = {key: value for key, value in UP.options.items() if key != "by"} | ({"by": by} if by else {})
    trial = trial_of(tmp_path, Fake(lambda point: 0, scores=scores))
    assert len(trial.answers) == 3
    before = np.array(seen)
    seen.clear()
    kind_of(UP).kept(replace(UP, options=options), trial)  # type: ignore[attr-defined]
    step = np.array(seen) - before
    learn = trial.snapshot.inputs["point"][trial.snapshot.rows(LEARN), 0].astype(float)
    np.testing.assert_allclose(step[:, 0], by or learn.std(), rtol=1e-5)
    assert not step[:, 1].any()


def test_a_number_at_the_end_of_float32_is_not_raised_beyond(tmp_path: Path) -> None:
    seen = []

    def scores(point: Any) -> list[float]:
        seen.append(float(point[0]))
        return [0, 1, 0]

    check = replace(UP, options={**UP.options, "by": 1e39})
    kind_of(check).line(check, trial_of(tmp_path, Fake(lambda point: 0, scores=scores)))
    assert np.isfinite(seen).all()


@pytest.mark.parametrize("check", [SWAP, UP, Check(metric="accuracy")])
def test_a_slice_that_is_too_small_is_refused_before_anything_is_fitted(tmp_path: Path, check: Check) -> None:
    snapshot = frozen(tmp_path)
    asked = replace(check, at_least=0.95, where={"source": "phone"}, line=12)
    with pytest.raises(CertifyError) as caught:
        certify(replace(PROGRAM, checks=(asked,)), snapshot)
    assert caught.value.where == "datacc.toml:12"
    rows = sum(snapshot.columns["source"][row] == "phone" for row in snapshot.rows(JUDGE))
    assert f"by {rows} judge examples" in caught.value.what
    assert certify(replace(PROGRAM, checks=(replace(asked, at_least=0.8),)), snapshot) == ()
    with pytest.raises(CertifyError, match="cannot be certified"):
        certify(replace(PROGRAM, checks=(replace(asked, where={}, at_least=1.0),)), snapshot)
    with pytest.raises(SpecError, match="'sorce'"):
        certify(replace(PROGRAM, checks=(replace(asked, where={"sorce": "phone"}),)), snapshot)


def test_a_share_of_broken_answers_that_is_too_small_to_certify_is_answered_with_one_that_is_not(
    tmp_path: Path,
) -> None:
    snapshot, asked = frozen(tmp_path), Check(kind="broken", line=12, options={"broken": 0.001})
    with pytest.raises(CertifyError, match=r"≤ 0\.1 % cannot be certified") as caught:
        certify(replace(PROGRAM, checks=(asked,)), snapshot)
    (would,) = re.findall(r"ask for at least ([0-9.]+)", " ".join(caught.value.tries))
    assert float(would) == pytest.approx(1 - 0.05 ** (1 / len(snapshot.rows(JUDGE))), abs=1e-3)
    assert certify(replace(PROGRAM, checks=(replace(asked, options={"broken": float(would)}),)), snapshot) == ()


def test_a_direction_that_nothing_can_follow(tmp_path: Path) -> None:
    snapshot = frozen(tmp_path)
    with pytest.raises(SpecError, match="class 'hihg'"):
        certify(replace(PROGRAM, checks=(replace(UP, of_class="hihg"),)), snapshot)
    flat = {"point": snapshot.inputs["point"].copy()}
    flat["point"][:, 0] = 0.1
    constant = replace(snapshot, inputs=flat)
    assert certify(replace(PROGRAM, checks=(UP,)), constant) == ()  # trivially so, but so
    for options in ({"direction": "up", "column": "x"}, {**UP.options, "strict": True}):
        with pytest.raises(SpecError, match="the same in all of learn"):
            certify(replace(PROGRAM, checks=(replace(UP, options=options),)), constant)
