"""Abstaining from end to end: what is built, judged, told and missed."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.compiler.again import judge_again
from datacc.compiler.build import Order, build
from datacc.compiler.cache import cache
from datacc.compiler.report import read_report
from datacc.ir.file import load as load_graph
from datacc.registry import load
from datacc.repo.snapshot import LEARN, TUNE
from datacc.runtime.load import load as load_native
from datacc.spec.program import Goal
from tests.compiler.abstaining import TOML, program_of
from tests.compiler.tables import blobs


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program that abstains, built."""
    folder = tmp_path_factory.mktemp("flowers")
    blobs(folder / "flowers.csv", rows=2400, spread=0.9, seed=1)
    (folder / "datacc.toml").write_text(TOML)
    build(program_of(folder), folder)
    return folder


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
