"""Abstaining from end to end: halves of tune, what is calibrated, what is built, judged, told and refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import betabinom, kstest

from datacc.compiler.ask import ask_reference
from datacc.compiler.certify import certify
from datacc.compiler.chances import chance, trial_of
from datacc.compiler.folds import emptied
from datacc.compiler.halves import calibrating, selecting
from datacc.compiler.knowing import Knowing, _notes, calibrated, features_of
from datacc.compiler.limit import Asked, Limit
from datacc.compiler.parity import compare
from datacc.compiler.temperature import calibration_error
from datacc.errors import CertifyError, ParityError
from datacc.fit import Fitted
from datacc.repo.snapshot import JUDGE, TUNE, Snapshot
from datacc.spec.bounds import CONFIDENCE
from datacc.spec.program import Goal
from datacc.store import Store
from tests.compiler.abstaining import ABSTAINS, graph
from tests.compiler.made import PROGRAM, Standing, graph_for, points, snapshot_of, thirds

COUNT = 900


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    values, names = points(COUNT)
    return snapshot_of(store, values, names, thirds(COUNT))


def test_two_halves_make_up_tune(snapshot: Snapshot) -> None:
    ours, others = calibrating(ABSTAINS, snapshot), selecting(ABSTAINS, snapshot)
    np.testing.assert_array_equal(np.sort([*ours, *others]), snapshot.rows(TUNE))
    assert abs(len(ours) - len(others)) < 5 * np.sqrt(COUNT / 3)
    assert not len(calibrating(PROGRAM, snapshot))
    np.testing.assert_array_equal(selecting(PROGRAM, snapshot), snapshot.rows(TUNE))


def test_an_example_stays_in_its_half(snapshot: Snapshot, tmp_path: Path) -> None:
    values, names = points(COUNT)
    fewer = snapshot_of(Store(tmp_path / "fewer"), values[:500], names[:500], thirds(500))
    before, after = ({one.ids[row] for row in calibrating(ABSTAINS, one)} for one in (snapshot, fewer))
    assert after == before & set(fewer.ids)


def test_what_is_calibrated_is_in_the_graph(snapshot: Snapshot, store: Store) -> None:
    """Both numbers against a count by hand."""
    fitted, (known,) = calibrated(ABSTAINS, snapshot, Fitted(graph=graph(), tune=0.5, history=()), store)
    rows = calibrating(ABSTAINS, snapshot)
    inputs = {"point": snapshot.inputs["point"][rows]}
    answers = ask_reference(fitted.graph, inputs)
    confidence = softmax(features_of(graph(), "side", inputs).astype(float) * known.sharpness, axis=1).max(axis=1)
    np.testing.assert_allclose(answers["side_confidence"][:, 0], confidence, atol=1e-6)
    sure = answers["side_confidence"][:, 0] >= np.float32(known.limit)
    np.testing.assert_array_equal(answers["side_known"][:, 0], sure)
    wrong = answers["side"][:, 0] != snapshot.labels["side"][rows]
    assert (known.unknown, known.wrong) == (int((~sure).sum()), int((sure & wrong).sum()))
    assert (known.calibrating, known.selecting) == (len(rows), len(selecting(ABSTAINS, snapshot)))
    np.testing.assert_array_equal(answers["side"], ask_reference(graph(), inputs)["side"])
    plain = ask_reference(graph(), inputs)["side_confidence"][:, 0]
    assert known.before == pytest.approx(calibration_error(plain, ~wrong))
    assert known.after == pytest.approx(calibration_error(answers["side_confidence"][:, 0], ~wrong))


def test_it_is_remembered_and_depends_on_the_goals(snapshot: Snapshot, store: Store) -> None:
    fitted = Fitted(graph=graph(), tune=0.5, history=())
    first, told = calibrated(ABSTAINS, snapshot, fitted, store)
    again, same = calibrated(ABSTAINS, snapshot, fitted, store)
    assert (again.graph.digest, same) == (first.graph.digest, told)
    loose = replace(ABSTAINS, goals=(Goal(metric="coverage", limit=0.6),))
    assert calibrated(loose, snapshot, fitted, store)[0].graph.digest != first.graph.digest
    plain = Fitted(graph=graph_for(), tune=0.5, history=())
    assert calibrated(PROGRAM, snapshot, plain, store)[1] == ()
    assert calibrated(PROGRAM, snapshot, plain, store)[0].graph.digest == graph_for().digest


def test_each_half_has_its_own_number(snapshot: Snapshot, store: Store) -> None:
    """The temperature is of the labels that select alone; with a coverage asked, the limit is of no label at all."""
    fitted, asked = Fitted(graph=graph(), tune=0.5, history=()), replace(ABSTAINS, goals=ABSTAINS.goals[1:])

    def spoiled(rows: np.ndarray, name: str) -> Knowing:
        labels = snapshot.labels["side"].copy()
        labels[rows] = (labels[rows] + 1) % 3
        return calibrated(asked, replace(snapshot, labels={"side": labels}, digest=name), fitted, store)[1][0]

    plain = calibrated(asked, snapshot, fitted, store)[1][0]
    ours, others = spoiled(calibrating(asked, snapshot), "ours"), spoiled(selecting(asked, snapshot), "others")
    assert (ours.sharpness, ours.limit, ours.unknown) == (plain.sharpness, plain.limit, plain.unknown)
    assert ours.wrong != plain.wrong
    assert others.sharpness != plain.sharpness
    assert others.unknown == plain.unknown


def test_coverage_over_a_hundred_snapshots_is_exactly_beta_binomial(tmp_path: Path) -> None:
    """New points each time; temperature and limit as a build makes them; counted on judge."""
    random, ranks = np.random.default_rng(0), []
    fitted, asked = Fitted(graph=graph(), tune=0.5, history=()), replace(ABSTAINS, goals=ABSTAINS.goals[1:])
    for seed in range(100):
        store = Store(tmp_path / str(seed))
        snapshot = snapshot_of(store, *points(300, seed), thirds(300))
        found, (known,) = calibrated(asked, snapshot, fitted, store)
        inputs = {"point": snapshot.inputs["point"][snapshot.rows(JUDGE)]}
        count = int(ask_reference(found.graph, inputs)["side_known"].sum())
        law = betabinom(100, known.calibrating - known.unknown, known.unknown + 1)
        assert law.ppf(5e-6) <= count <= law.ppf(1 - 5e-6)
        ranks.append(law.cdf(count - 1) + random.random() * law.pmf(count))  # uniform, where the law is right
    assert kstest(ranks, "uniform").pvalue > 0.01


def test_what_was_calibrated_plays_no_part_in_folds(snapshot: Snapshot, store: Store) -> None:
    """The very same fits, and no other answers: the classes of a Graph whose calibrated weights are nothing."""
    fitted, _ = calibrated(ABSTAINS, snapshot, Fitted(graph=graph(), tune=0.5, history=()), store)
    assert emptied(fitted.graph).digest == emptied(graph()).digest
    inputs = {"point": snapshot.inputs["point"]}
    nothing = fitted.graph.fill({"side.sharpness": np.zeros(1), "side.limit": np.zeros(1)})
    np.testing.assert_array_equal(ask_reference(nothing, inputs)["side"], ask_reference(graph(), inputs)["side"])


def test_a_limit_between_the_two_sides_is_no_difference() -> None:
    """The program's own confidence decides; a flag that is not what its own confidence says is found."""
    inputs = {"point": np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32)}
    confidence = Standing(graph()).batch(inputs)["side_confidence"][7, 0]
    tight = graph().fill({"side.limit": np.array([confidence])})

    def lower(answers: dict[str, Any], seen: int) -> None:
        answers["side_confidence"][7, 0] = np.nextafter(confidence, np.float32(0))
        answers["side_known"][7, 0] = 0

    def lie(answers: dict[str, Any], seen: int) -> None:
        answers["side_known"][7, 0] = 0

    ids = [f"example{n}" for n in range(40)]
    assert 0 < compare(tight, Standing(tight, lower), inputs, ids).difference < 1e-6
    with pytest.raises(ParityError, match="side_known is 0 in the compiled program and 1"):
        compare(tight, Standing(tight, lie), inputs, ids)


def test_the_search_goes_on_until_both_goals_are_likely(snapshot: Snapshot) -> None:
    """Points answered by a rule that is right where it is sure: likely; sure of everything, and often wrong: not."""
    loose = (Goal(metric="error", limit=0.9), Goal(metric="coverage", limit=0.1))
    assert chance(trial_of(replace(ABSTAINS, goals=loose), snapshot, graph())) >= CONFIDENCE
    assert (
        chance(trial_of(replace(ABSTAINS, goals=(Goal(metric="error", limit=0.01),)), snapshot, graph())) < CONFIDENCE
    )
    nothing = graph().fill({"side.limit": np.array([2.0])})
    assert chance(trial_of(replace(ABSTAINS, goals=loose), snapshot, nothing)) < CONFIDENCE
    assert chance(trial_of(replace(ABSTAINS, goals=loose[:1]), snapshot, nothing)) < CONFIDENCE


@pytest.mark.parametrize(
    ("goal", "said", "tries"),
    [
        (
            Goal(metric="error", limit=0.001),
            "error ≤ 0.1 % cannot be certified by 300 judge",
            ["2,995 in judge", "0.01"],
        ),
        (
            Goal(metric="error", limit=0.015),
            "error ≤ 1.5 % cannot be calibrated by ",
            ["199 that calibrate", "at least"],
        ),
        (Goal(metric="coverage", limit=1.0), "coverage ≥ 100 % cannot be certified", ["ask for less"]),
    ],
)
def test_what_examples_cannot_carry_is_refused(snapshot: Snapshot, goal: Goal, said: str, tries: list[str]) -> None:
    with pytest.raises(CertifyError) as caught:
        certify(replace(ABSTAINS, goals=(goal,)), snapshot)
    assert said in caught.value.what
    assert all(any(part in one for one in caught.value.tries) for part in tries)


def test_a_tune_too_small_to_calibrate_says_how_many_would_do(store: Store) -> None:
    values, names = points(300)
    few = snapshot_of(store, values, names, ["tune" if n < 12 else ("learn", "judge")[n % 2] for n in range(300)])
    for goal, wanted in ((Goal(metric="coverage", limit=0.95), 19), (Goal(metric="error", limit=0.1), 29)):
        with pytest.raises(CertifyError, match="cannot be calibrated") as caught:
            certify(replace(ABSTAINS, goals=(goal,)), few)
        assert caught.value.tries[0].startswith(f"more examples: {wanted} that calibrate")


@pytest.mark.parametrize(
    ("wrong", "unknown", "said"), [(1, 2, "1 of 8 known ones is"), (2, 1, "2 of 9 known ones are")]
)
def test_one_is_told_as_one(wrong: int, unknown: int, said: str) -> None:
    limit = Limit(value=0.5, unknown=unknown, rows=10, right=10 - unknown - wrong, holds=False, chance=1.0)
    [note] = _notes("kind", limit, Asked(error=0.01, judge=20))
    assert f": {said} wrong, which is " in note
    counts = {"calibrating": 10, "unknown": unknown, "wrong": wrong, "before": 0.1, "after": 0.1}
    told = Knowing(field="kind", selecting=9, sharpness=1.0, limit=0.5, **counts).told
    assert f" {unknown} {'is' if unknown == 1 else 'are'} not known, {wrong} of the others wrong" in told
