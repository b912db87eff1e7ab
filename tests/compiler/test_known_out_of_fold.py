"""Few examples that abstain: all are learnt, and what is known is calibrated by models that had not seen the rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

import datacc
from datacc.compiler.ask import ask_reference
from datacc.compiler.build import Order, build
from datacc.compiler.certify import certify
from datacc.compiler.folds import emptied
from datacc.compiler.halves import calibrating, selecting
from datacc.compiler.knowing import as_known, calibrated, features_of
from datacc.compiler.learnt import Unlearnt, lessons
from datacc.compiler.report import Report, read_report
from datacc.compiler.verify import verify
from datacc.errors import CertifyError
from datacc.fit import Fitted
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.spec.lock import ALL, read_lock
from datacc.spec.program import Goal
from datacc.store import Store
from tests.compiler.abstaining import ABSTAINS, TOML, graph, program_of
from tests.compiler.made import points, snapshot_of, thirds
from tests.compiler.tables import blobs

COUNT = 600


@pytest.fixture
def taught(store: Store) -> Snapshot:
    """Points of which all but judge are learnt, labelled as the network answers but for one in five."""
    values, names = points(COUNT)
    frozen = lessons(snapshot_of(store, values, names, thirds(COUNT)), ALL)
    rows, random = frozen.rows(LEARN), np.random.default_rng(0)
    said = ask_reference(graph(), {"point": frozen.inputs["point"][rows]})["side"].reshape(-1)
    labels = frozen.labels["side"].copy()
    labels[rows] = (said + (random.random(len(rows)) < 0.2)) % 3
    return replace(frozen, labels={"side": labels}, digest="as the network says")


def told_by(snapshot: Snapshot) -> Unlearnt:
    """What the network of other tests says of every row that judge does not hold, as if it had not seen one."""
    rows = snapshot.rows(LEARN)
    answers = ask_reference(graph(), {"point": snapshot.inputs["point"][rows]})
    return Unlearnt(rows=rows, answers=answers, how="out of fold")


def test_models_of_folds_say_their_scores_as_they_learnt_them() -> None:
    whole = graph().fill({"side.sharpness": np.full(1, 3.0), "side.limit": np.full(1, 0.7)})
    assert emptied(whole).by_name["side.sharpness"].value == 1


def test_temperature_and_limit_come_from_two_halves_of_what_was_told(taught: Snapshot, store: Store) -> None:
    unlearnt = told_by(taught)
    fitted, (known,) = calibrated(ABSTAINS, taught, Fitted(graph=graph(), tune=0.5, history=()), store, unlearnt)
    ours, others = (half(ABSTAINS, taught, unlearnt.rows) for half in (calibrating, selecting))
    np.testing.assert_array_equal(np.sort([*ours, *others]), taught.rows(LEARN))
    assert (known.calibrating, known.selecting, known.how) == (len(ours), len(others), "out of fold")
    assert "calibrating rows out of fold" in known.told
    features, truth = features_of(graph(), "side", {"point": taught.inputs["point"]}), taught.labels["side"]
    doubt = 1 / (len(others) + 1)

    def loss(log_sharp: float) -> float:
        logs = log_softmax(np.exp(log_sharp) * features[others].astype(float), axis=1)
        return -float((1 - doubt) * logs[np.arange(len(others)), truth[others]].mean() + doubt * logs.mean())

    best = minimize_scalar(loss, bounds=(-4, 4), method="bounded", options={"xatol": 1e-9})
    assert known.sharpness == pytest.approx(np.exp(best.x), rel=1e-4)
    confidence = softmax(features[ours].astype(float) * known.sharpness, axis=1).max(axis=1)
    assert known.limit == pytest.approx(np.sort(confidence)[known.unknown], abs=1e-6)
    assert fitted.graph.by_name["side.limit"].value == np.float32(known.limit)


def test_what_was_told_is_as_sure_and_as_known_as_the_program_has_it(taught: Snapshot, store: Store) -> None:
    """The same network tells and is calibrated, so its own answers are what must come out."""
    unlearnt = told_by(taught)
    fitted, known = calibrated(ABSTAINS, taught, Fitted(graph=graph(), tune=0.5, history=()), store, unlearnt)
    found = as_known(ABSTAINS, taught, unlearnt, known)
    wanted = ask_reference(fitted.graph, {"point": taught.inputs["point"][unlearnt.rows]})
    assert found.rows is unlearnt.rows
    assert set(found.answers) == set(wanted)
    np.testing.assert_array_equal(found.answers["side"], wanted["side"])
    np.testing.assert_allclose(found.answers["side_confidence"], wanted["side_confidence"], atol=1e-5)
    assert (found.answers["side_known"] != wanted["side_known"]).sum() <= 2  # where one stands on the limit
    assert 0 < found.answers["side_known"].mean() < 1


def test_it_is_remembered_by_what_was_told(taught: Snapshot, store: Store) -> None:
    fitted, unlearnt = Fitted(graph=graph(), tune=0.5, history=()), told_by(taught)
    first = calibrated(ABSTAINS, taught, fitted, store, unlearnt)
    again = calibrated(ABSTAINS, taught, fitted, store, unlearnt)
    assert (again[0].graph.digest, again[1]) == (first[0].graph.digest, first[1])
    scores = np.roll(unlearnt.answers["side_scores"], 1, axis=0)
    other = replace(unlearnt, answers={**unlearnt.answers, "side_scores": scores})
    assert calibrated(ABSTAINS, taught, fitted, store, other)[0].graph.digest != first[0].graph.digest


def test_few_rows_carry_a_goal_that_a_half_of_tune_could_not(store: Store) -> None:
    values, names = points(300)
    few = snapshot_of(store, values, names, ["tune" if n < 24 else ("learn", "judge")[n % 2] for n in range(300)])
    asked = replace(ABSTAINS, goals=(Goal(metric="error", limit=0.1),))
    with pytest.raises(CertifyError, match=r"cannot be calibrated by \d+ tune example"):
        certify(asked, few)
    certify(asked, few, folded=True)
    with pytest.raises(CertifyError, match=r"cannot be calibrated by \d+ learn and tune example"):
        certify(replace(ABSTAINS, goals=(Goal(metric="error", limit=0.022),)), few, folded=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A folder with a program of few rows that abstains, and what was reported of its build."""
    folder = tmp_path_factory.mktemp("few")
    blobs(folder / "all.csv", rows=4000, spread=0.9, seed=1)
    head, *lines = (folder / "all.csv").read_text().splitlines()
    (folder / "flowers.csv").write_text("\n".join([head, *lines[:600]]))
    (folder / "datacc.toml").write_text(TOML)
    return folder, build(program_of(folder), folder)


def test_a_build_of_few_learns_tune_and_says_what_calibrated_it(built: tuple[Path, Report]) -> None:
    folder, report = built
    assert report.provenance.learnt == ALL
    assert report.verdict.holds
    [known], rows = report.known, report.data.rows
    assert known.how == "out of fold"
    assert known.selecting + known.calibrating == rows["learn"] + rows["tune"]
    assert read_report(folder / "build" / "flowers" / "report.json").known == (known,)
    assert "calibrating rows out of fold" in (folder / "build" / "flowers" / "card.md").read_text()


def test_a_build_by_its_lock_gives_the_same_bytes(built: tuple[Path, Report]) -> None:
    folder, report = built
    lock = read_lock(folder / "datacc.lock")
    assert lock is not None
    assert lock.learnt == ALL
    exact = build(program_of(folder), folder, Order(exact=True))
    assert exact.digests == report.digests
    assert exact.known == report.known
    assert "graph.dcc" in verify(program_of(folder), folder, None)


def test_what_it_knows_of_others_is_about_what_was_calibrated(built: tuple[Path, Report]) -> None:
    """Fresh rows of the same kinds: coverage is near the share of its calibrating rows, and errors near theirs."""
    folder, report = built
    [known] = report.known
    head, *lines = [line.split(",") for line in (folder / "all.csv").read_text().splitlines()]
    lines = lines[600:]
    native, at = datacc.load(folder / "build" / "flowers"), {name: n for n, name in enumerate(head)}
    told = [native({name: float(line[at[name]]) for name in ("length", "width", "depth")}) for line in lines]
    covered = np.array([answer.known for answer in told])
    wrong = np.array([answer.label != line[at["species"]] for answer, line in zip(told, lines, strict=True)])
    assert covered.mean() > 1 - known.unknown / known.calibrating - 0.15
    assert wrong[covered].mean() < 0.2  # as much as was asked; some 9 points less where it was looked at
    assert wrong[covered].mean() < wrong[~covered].mean()
