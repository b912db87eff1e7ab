"""What the judge split can carry is known before anything is fitted; the outlook after the fit against SciPy."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from datacc.compiler.certify import certify, chance_at, chance_of, outlook
from datacc.errors import CertifyError, DataError, SpecError
from datacc.goals import Figure, faultless, rate
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.spec.program import Check, Goal
from datacc.store import Store
from tests.compiler.made import CLASSES, PROGRAM, points, snapshot_of, thirds


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    values, names = points(180)
    columns = {"source": ["phone" if n % 9 == 2 else "scan" for n in range(180)], "page": [n % 4 for n in range(180)]}
    return snapshot_of(Store(tmp_path), values, names, thirds(180), columns)


def goal(at_least: float) -> tuple[Goal, ...]:
    return (Goal(metric="accuracy", limit=at_least),)


def test_a_goal_that_sixty_right_answers_reach_is_let_through(snapshot: Snapshot) -> None:
    assert len(snapshot.rows(JUDGE)) == 60
    assert certify(replace(PROGRAM, goals=goal(0.951)), snapshot) == ()  # 0.05 ** (1 / 60) = 0.95130


def test_a_goal_beyond_them_says_how_many_would_do(snapshot: Snapshot) -> None:
    with pytest.raises(CertifyError) as caught:
        certify(replace(PROGRAM, goals=goal(0.952), path=Path("there/datacc.toml")), snapshot)
    assert caught.value.where == "datacc.toml"
    assert "by 60 judge examples, even if every answer is right" in caught.value.what
    assert "61 in judge" in caught.value.tries[0]  # 0.952 ** 61 < 0.05 < 0.952 ** 60
    assert "183 of them in all" in caught.value.tries[0]
    assert "0.951" in caught.value.tries[1]


def test_a_goal_that_nobody_asked_for_is_not_laid_to_the_file(snapshot: Snapshot) -> None:
    with pytest.raises(CertifyError) as caught:
        certify(replace(PROGRAM, goals=goal(0.952), path=Path("there/datacc.toml")), snapshot, chosen_goal=True)
    assert "datacc chose" in caught.value.where


@pytest.mark.parametrize(
    ("name", "looks"),
    [("a long sentence, number {}", "free text"), ("customer {}", "names or numbers of single examples")],
)
def test_labels_that_hardly_repeat_are_no_classes(name: str, looks: str, snapshot: Snapshot) -> None:
    [field] = snapshot.classes
    known = snapshot.labels[field] >= 0
    numbers = np.where(known, np.cumsum(known) - 1, -1).astype(np.int32)
    named = tuple(name.format(n) for n in range(known.sum()))
    with pytest.raises(DataError, match=looks):
        certify(PROGRAM, replace(snapshot, labels={field: numbers}, classes={field: named}))
    certify(PROGRAM, replace(snapshot, labels={field: np.where(known, numbers // 2, -1)}, classes={field: named}))


def test_labels_that_are_texts_are_said_to_look_like_that_while_they_seldom_repeat(snapshot: Snapshot) -> None:
    [field] = snapshot.classes
    known = snapshot.labels[field] >= 0
    texts = tuple(f"please send the order numbered {n} again" for n in range(40))
    for repeats, is_told in ((3, True), (30, False)):
        labels = np.where(known, (np.cumsum(known) - 1) // repeats, -1).astype(np.int32)
        said = certify(PROGRAM, replace(snapshot, labels={field: labels}, classes={field: texts}))
        assert any(
            f"{field} looks like free text, such as 'please send the order numbered 0" in one for one in said
        ) is (is_told)
        words = tuple(f"order{n}" for n in range(40))
        assert certify(PROGRAM, replace(snapshot, labels={field: labels}, classes={field: words})) == ()


def test_certainty_is_refused_without_a_number_of_examples(snapshot: Snapshot) -> None:
    with pytest.raises(CertifyError, match="cannot be certified") as caught:
        certify(replace(PROGRAM, goals=goal(1.0)), snapshot)
    assert not any("more examples" in attempt for attempt in caught.value.tries)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "auroc", "average_precision"])
def test_a_bootstrapped_goal_is_refused_with_how_many_would_do(snapshot: Snapshot, metric: str) -> None:
    asked = replace(PROGRAM, goals=(Goal(metric=metric, limit=0.99),))
    with pytest.raises(CertifyError, match="60 judge examples, even if every answer is right") as caught:
        certify(asked, snapshot)
    wanted = int(caught.value.tries[0].split("about ")[1].split()[0].replace(",", ""))
    names = points(180)[1]
    truth = np.array([CLASSES.index(names[n * 180 // wanted]) for n in range(wanted)], np.int32)
    found = load("goals", metric).measure(truth, faultless(truth, 3), None)
    assert found.bound == pytest.approx(0.99, abs=0.004)
    assert certify(replace(PROGRAM, goals=(Goal(metric=metric, limit=0.8),)), snapshot) == ()


@pytest.mark.parametrize(("value", "limit"), [(0.9, 0.85), (0.9, 0.88), (0.9, 0.91)])
def test_the_chance_of_a_bootstrapped_goal_is_how_often_it_comes_true(value: float, limit: float) -> None:
    random, seen, rows = np.random.default_rng(1), 400, 900
    spread = 0.4 / math.sqrt(seen)
    figure = Figure(value=value, bound=value - 1.645 * spread, right=0, total=seen, spread=spread)
    there = 0.4 / math.sqrt(rows)
    true = random.normal(value, spread, 20_000)
    passes = random.normal(true, there) - 1.645 * there >= limit
    assert chance_at(figure, rows, limit) == pytest.approx(passes.mean(), abs=0.02)


def test_a_slice_counts_its_own_judge_rows(snapshot: Snapshot) -> None:
    check = Check(metric="accuracy", at_least=0.9, where={"source": "phone"}, line=12)
    with pytest.raises(CertifyError) as caught:
        certify(replace(PROGRAM, checks=(check,)), snapshot)
    assert caught.value.where == "datacc.toml:12"
    assert "by 20 judge examples" in caught.value.what
    assert certify(replace(PROGRAM, checks=(replace(check, at_least=0.86),)), snapshot) == ()


def test_a_slice_without_judge_rows_says_so(tmp_path: Path) -> None:
    values, names = points(90)
    column = ["new" if n == 0 else "old" for n in range(90)]  # example 0 is in learn
    snapshot = snapshot_of(Store(tmp_path), values, names, thirds(90), {"age": column})
    check = Check(metric="accuracy", at_least=0.5, where={"age": "new"})
    with pytest.raises(CertifyError, match="it has no judge example"):
        certify(replace(PROGRAM, checks=(check,)), snapshot)


@pytest.mark.parametrize(
    ("check", "said", "near"),
    [
        (Check(metric="accuracy", at_least=0.5, where={"sorce": "phone"}, line=3), "column 'sorce'", "'source'"),
        (Check(metric="accuracy", at_least=0.5, where={"source": "fone"}), "source = 'fone'", "'phone'"),
        (Check(metric="recall", at_least=0.5, of_class="hihg"), "class 'hihg'", "'high'"),
        (Check(metric="recall", at_least=0.5, of_class="hihg"), "class 'hihg'", "'low', 'high', 'far'"),
        (Check(metric="accuracy", at_least=0.5, where={"page": "1"}), "page = '1'", "'1'"),
        (Check(metric="accuracy", at_least=0.5, where={"page": True}), "page = True", "'1'"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(snapshot: Snapshot, check: Check, said: str, near: str) -> None:
    with pytest.raises(SpecError) as caught:
        certify(replace(PROGRAM, checks=(check,)), snapshot)
    assert said in caught.value.what
    assert near in caught.value.tries[0]


def test_a_rare_class_is_a_warning_since_its_judge_labels_are_sealed(snapshot: Snapshot) -> None:
    check = Check(metric="recall", at_least=0.9, of_class="far")
    (warning,) = certify(replace(PROGRAM, checks=(check,)), snapshot)
    assert "needs 29 judge examples" in warning
    assert "estimated from learn and tune" in warning
    assert certify(replace(PROGRAM, checks=(replace(check, of_class="low", at_least=0.8),)), snapshot) == ()


@given(st.integers(1, 200), st.integers(0, 120), st.integers(0, 120), st.data())
def test_the_chance_is_a_beta_binomial_one(rows: int, right: int, wrong: int, data: st.DataObject) -> None:
    wanted = data.draw(st.integers(0, rows))
    found = chance_of(wanted, rows, rate(right, right + wrong))
    assert found == pytest.approx(betabinom.sf(wanted - 1, rows, right + 1, wrong + 1), abs=1e-9)


def test_a_bad_outlook_is_told_with_its_numbers() -> None:
    program = replace(PROGRAM, goals=goal(0.965))
    said = outlook(program, rate(480, 500), 1000)
    assert said is not None
    assert "480 of 500 on tune" in said
    assert outlook(program, rate(498, 500), 1000) is None
    assert outlook(replace(program, goals=()), rate(0, 500), 1000) is None
    known = (Goal(metric="coverage", limit=0.9), *program.goals)  # right answers say nothing of a coverage
    assert outlook(replace(program, goals=known[:1]), rate(0, 500), 1000) is None
    assert outlook(replace(program, goals=known), rate(480, 500), 1000) == said
