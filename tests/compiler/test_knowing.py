"""Abstaining from end to end: halves of tune, what is calibrated, what is built, judged, told and refused."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import betabinom, kstest

from datacc.compiler.again import judge_again
from datacc.compiler.ask import ask_reference
from datacc.compiler.build import Order, build
from datacc.compiler.cache import cache
from datacc.compiler.certify import certify
from datacc.compiler.chances import chance, trial_of
from datacc.compiler.folds import emptied
from datacc.compiler.halves import calibrating, selecting
from datacc.compiler.knowing import Knowing, calibrated, features_of
from datacc.compiler.parity import compare
from datacc.compiler.report import read_report
from datacc.compiler.temperature import calibration_error
from datacc.errors import CertifyError, ParityError
from datacc.fit import Fitted
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.runtime.load import load as load_native
from datacc.spec.bounds import CONFIDENCE
from datacc.spec.program import Goal, Program
from datacc.spec.read import read_program
from datacc.store import Store
from tests.compiler.made import CLASSES, PROGRAM, Standing, graph_for, points, snapshot_of, thirds
from tests.compiler.tables import blobs

[SIDE] = PROGRAM.outputs
ABSTAINS = replace(
    PROGRAM,
    outputs=(replace(SIDE, options={"abstain": True}),),
    goals=(Goal(metric="error", limit=0.3), Goal(metric="coverage", limit=0.2)),
)
COUNT = 900


def graph() -> Graph:
    """The network for points of other tests, with an answer that abstains."""
    kind, label = load("types", "record"), load("types", "label")
    front = kind.front("point", kind.options(columns=["x", "y"]))
    answer = label.answer("side", CLASSES, label.options(abstain=True))
    plain = graph_for()
    whole: Graph = load("skeletons", "mlp.v1").graph([front], answer, {"width": 8, "depth": 1})
    return whole.fill({node.name: plain.by_name[node.name].value for node in whole.holes})  # type: ignore[misc]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


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


TOML = """name = "flowers"
[source]
type = "table"
path = "flowers.csv"
label = "species"
[input.row]
type = "record"
columns = ["length", "width", "depth"]
[output.species]
type = "label"
abstain = true
[goal]
accuracy = 0.5
error = 0.2
coverage = 0.4
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program that abstains, built."""
    folder = tmp_path_factory.mktemp("flowers")
    blobs(folder / "flowers.csv", rows=2400, spread=0.9, seed=1)
    (folder / "datacc.toml").write_text(TOML)
    build(program_of(folder), folder)
    return folder


def program_of(folder: Path) -> Program:
    return read_program(folder / "datacc.toml")


def test_a_build_that_knows_when_it_does_not_know(built: Path) -> None:
    report = read_report(built / "build" / "flowers" / "report.json")
    assert report.verdict.holds
    lines = {line.what: line for line in report.verdict.lines}
    error, coverage = lines["error"].figure, lines["coverage"].figure
    assert error is not None
    assert coverage is not None
    assert coverage.total == report.data.rows["judge"]
    assert error.total == coverage.right
    assert error.at_most
    assert error.value < error.bound <= 0.2
    assert 0.4 <= coverage.bound < coverage.value < 1
    assert lines["error"].wanted == "≤ 20 %"
    [known] = report.known
    assert known.selecting + known.calibrating == report.data.rows["tune"]


def test_the_artifact_answers_as_its_graph_means(built: Path) -> None:
    """The linked library on every row that is not sealed: the flag is its own confidence against the stored limit."""
    folder, program = built / "build" / "flowers", program_of(built)
    snapshot = load("sources", "table").snapshot(program, built, None, cache(built))
    rows = {"row": snapshot.inputs["row"][np.isin(snapshot.splits, (LEARN, TUNE))]}
    found = load_native(folder).batch(rows)
    limit = load_graph((folder / "graph.dcc").read_bytes()).by_name["species.limit"].value
    assert limit is not None
    np.testing.assert_array_equal(found["species_known"], found["species_confidence"] >= limit)
    assert 0 < found["species_known"].mean() < 1
    assert limit[0] == np.float32(read_report(folder / "report.json").known[0].limit)


def test_it_stands_until_a_goal_changes_and_is_judged_again(built: Path) -> None:
    program, folder = program_of(built), built / "build" / "flowers"
    first = (folder / "graph.dcc").read_bytes()
    report = read_report(folder / "report.json")
    assert build(program, built).digests == report.digests
    assert judge_again(folder, built, cache(built)).verdict.lines[2:4] == report.verdict.lines[2:4]
    loose = replace(program, goals=(Goal(metric="coverage", limit=0.8),))
    other = build(loose, built)
    assert (folder / "graph.dcc").read_bytes() != first
    assert [line.what for line in other.verdict.lines if line.kind == "goal"] == ["coverage"]
    build(program, built)
    assert (folder / "graph.dcc").read_bytes() == first


def test_it_is_told_everywhere(built: Path) -> None:
    folder = built / "build" / "flowers"
    card, page = ((folder / name).read_text() for name in ("card.md", "report.html"))
    [known] = read_report(folder / "report.json").known
    for text in (card, page):
        assert "When it does not know" in text
        assert f"{known.limit:.4g}" in text
        assert "expected calibration error" in text
    assert ">not known<" in page
    answers = run(built, "flowers.csv")["answers"]
    assert {answer["known"] for answer in answers} == {True, False}
    unsure = next(n for n, answer in enumerate(answers) if not answer["known"])
    text = command(built, "run", "build/flowers", "flowers.csv").splitlines()[unsure]
    assert f"not known ({answers[unsure]['label']}?)" in text


def command(folder: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "datacc", *words], cwd=folder, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout


def run(folder: Path, *inputs: str) -> Any:
    return json.loads(command(folder, "run", "--json", "build/flowers", *inputs))


def test_a_program_of_integers_abstains_to_the_last_bit(tmp_path: Path) -> None:
    blobs(tmp_path / "flowers.csv", rows=2400, spread=0.9, seed=1)
    (tmp_path / "datacc.toml").write_text(TOML + '[target]\narithmetic = "int8"\n')
    report = build(program_of(tmp_path), tmp_path)
    assert report.verdict.holds
    assert "to the last bit" in report.verdict.lines[0].wanted
    whole = load_graph((tmp_path / "build" / "flowers" / "graph.dcc").read_bytes())
    assert any(node.type.dtype == "int8" for node in whole.weights)
    assert {node.name for node in whole.weights if node.role == "calibrated"} == {"species.sharpness", "species.limit"}
    [known] = report.known
    assert whole.by_name["species.limit"].value == np.float32(known.limit)


def test_a_goal_that_cannot_be_kept_is_told_with_its_numbers(tmp_path: Path) -> None:
    blobs(tmp_path / "flowers.csv", rows=2400, spread=0.9, seed=1)
    hard = TOML.replace("error = 0.2", "error = 0.03").replace("coverage = 0.4", "coverage = 0.9")
    (tmp_path / "datacc.toml").write_text(hard)
    report = build(program_of(tmp_path), tmp_path, Order(search=True))
    assert [line.what for line in report.verdict.missed] == ["error"]
    assert "more right of" in report.verdict.missed[0].closes
    notes = "\n".join(report.data.notes)
    assert "no limit of species is shown to keep error ≤ 3 %" in notes
    assert "the chance that judge certifies error ≤ 3 % and coverage ≥ 90 % is about 0 %" in notes
