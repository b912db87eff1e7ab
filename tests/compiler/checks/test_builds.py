"""Whole builds with checks: one that passes them all, those that miss, and what the next build makes of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.cli import app
from datacc.compiler import search
from datacc.compiler.build import build
from datacc.compiler.report import Report, read_report
from datacc.compiler.report.text import report_text
from datacc.compiler.simplify import simplify
from datacc.errors import GoalMissed, TrustError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.create import create
from datacc.repo.find import Repository, find
from datacc.repo.trust import trust
from datacc.repo.wishes import wishes
from datacc.sources.table import infer_program
from datacc.spec.program import Check, Goal, Program
from datacc.spec.read import read_program
from tests.compiler.tables import blobs
from tests.repo.exchange import git

JITTER = Check(kind="invariant", at_least=0.8, options={"invariant": "jitter", "by": {"share": 0.02}})
SWAP = Check(kind="invariant", at_least=0.9, options={"invariant": "swap", "by": {"column": "length"}})
PYTHON = """
[[check]]
python = "checks/steady.py:steady"
"""
STEADY = """
def steady(program, examples):
    answers = program.batch(examples.inputs["record"])["species"].reshape(-1)
    wrong = sum(examples.classes[a] != label for a, label in zip(answers, examples.labels))
    return wrong < 20, f"{wrong} wrong"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Flowers, imported."""
    create(tmp_path / "first", "flowers")
    made = find(tmp_path / "first")
    import_examples(made, blobs(tmp_path / "flowers.csv"), ImportOptions(label="species"))
    return made


def table(folder: Path, *checks: Check, **changes: Any) -> Program:
    blobs(folder / "flowers.csv")
    inferred = infer_program(folder / "flowers.csv", "species")
    options = {"path": "flowers.csv", "label": "species"}
    return replace(inferred, source=replace(inferred.source, options=options), checks=checks, **changes)


def checks_of(report: Report) -> dict[str, bool]:
    return {line.check: line.holds for line in report.verdict.lines if line.kind == "check"}


def ask(root: Path, text: str) -> Program:
    path = root / "datacc.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return read_program(path)


@pytest.mark.tiny
def test_a_build_that_passes_every_kind(repository: Repository) -> None:
    root = repository.root
    plain = build(read_program(root / "datacc.toml"), root)
    assert plain.verdict.holds
    (root / "checks").mkdir()
    (root / "checks" / "steady.py").write_text(STEADY)
    trust(repository, wishes(repository))
    program = ask(
        root, PYTHON + 'seconds = 30\n[[check]]\ninvariant = "jitter"\nat_least = 0.8\n[[check]]\nbroken = 0\n'
    )
    direction = Check(
        kind="direction",
        at_least=0.8,
        of_class="kind a",
        options={"direction": "up", "column": "length", "by": 1e-9},
    )
    report = build(replace(program, checks=(*program.checks, direction), seed=1), root)
    assert checks_of(report) == {"python": True, "invariant": True, "broken": True, "direction": True}
    assert report.verdict.holds
    by_kind = {line.check: line for line in report.verdict.lines}
    assert by_kind["broken"].reached.startswith("0 of ")
    assert by_kind["python"].reached.endswith(" wrong")
    assert set(report.provenance.checks) == {"checks/steady.py"}
    assert read_report(root / "build/flowers/report.json") == report
    card = (root / "build/flowers/card.md").read_text()
    assert "answer stays under jitter" in card
    assert "checks/steady.py" in card


@pytest.mark.tiny
def test_a_miss_has_its_exit_code_and_its_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    build(table(tmp_path), tmp_path)
    ask(tmp_path, '\n[[check]]\ninvariant = "swap"\nby = { column = "length" }\nat_least = 0.9\n')
    lock = (tmp_path / "datacc.lock").read_bytes()
    capsys.readouterr()
    assert app.call(["build", "--json"]) == GoalMissed.exit_code
    said = json.loads(capsys.readouterr().out)
    [line] = [line for line in said["report"]["verdict"]["lines"] if line["kind"] == "check"]
    assert (line["holds"], line["check"]) == (False, "invariant")
    assert "on tune" in line["detail"]
    assert "answer stays under swap" in said["error"]["what"]
    assert (tmp_path / "datacc.lock").read_bytes() == lock
    page = (tmp_path / "build/flowers/report.html").read_text()
    assert "<details><summary>more</summary><pre>on tune" in page
    assert app.call(["build"]) == GoalMissed.exit_code
    assert "flowers.csv:" in capsys.readouterr().out, "tune examples are named in the terminal"
    assert app.call(["judge"]) == GoalMissed.exit_code


def test_what_one_build_broke_is_no_measure_for_the_next(repository: Repository) -> None:
    """Labels are spoilt, so that many right answers break: the build misses, and so does the next one like it."""
    root = repository.root
    program = ask(root, "\n[[check]]\nbroken = 0\n")
    assert build(program, root).verdict.holds
    place = root / "build" / "flowers"
    first = (place / "graph.dcc").read_bytes()
    spoilt = replace(program, goals=(Goal(metric="accuracy", limit=0.01),), inputs=program.inputs)
    narrow = replace(spoilt, inputs=(replace(program.inputs[0], options={"columns": ("length",)}),))
    (root / "datacc.lock").unlink()
    for seed in (0, 1):  # two programs that see one column of three
        report = build(replace(narrow, seed=seed), root)
        [line] = report.verdict.missed
        assert line.check == "broken"
        assert line.value is not None
        assert line.value > 10
        assert (place / "previous" / "graph.dcc").read_bytes() == first
        assert (place / "graph.dcc").read_bytes() != first
    assert report.since is not None
    assert report.since.judge.differ >= line.value
    (root / "datacc.lock").unlink()  # of a program with other inputs
    mended = build(program, root)
    assert mended.verdict.holds
    assert checks_of(mended) == {"broken": True}


def test_a_clone_runs_nothing_before_it_is_trusted(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, sung = repository.root, tmp_path / "sung"
    (root / "checks").mkdir()
    (root / "checks" / "steady.py").write_text(f"open({str(sung)!r}, 'a').write('x')\n{STEADY}")
    ask(root, PYTHON)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a check")
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    monkeypatch.chdir(clone)
    assert app.call(["build"]) == TrustError.exit_code
    assert "datacc trust" in capsys.readouterr().err
    assert not (clone / "build").exists()
    assert app.call(["trust"]) == TrustError.exit_code
    assert "run checks/steady.py (" in capsys.readouterr().out
    assert not sung.exists()
    assert app.call(["trust", "--yes"]) == 0
    assert app.call(["build", "--verify"]) == 0
    assert sung.read_text() == "x", "once, not again where the bytes are verified"
    assert app.call(["build"]) == 0
    assert sung.read_text() == "x", "nothing changed: the artifact stands"
    with (clone / "checks" / "steady.py").open("a") as file:
        file.write("\n# another\n")
    assert app.call(["build"]) == TrustError.exit_code
    assert app.call(["trust", "--yes"]) == 0
    assert app.call(["build"]) == 0
    assert sung.read_text() == "xx", "the file changed: it is judged anew"


def test_a_rung_that_misses_a_check_is_not_chosen_while_another_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = build(table(tmp_path), tmp_path)
    chosen = next(one for one in plain.tried if one.chosen)
    real = search.all_promising

    def objecting(trial: Any) -> bool:
        """No check holds for the rung that would be chosen."""
        return real(trial) and search.work(simplify(trial.native.graph)) != chosen.work

    monkeypatch.setattr(search, "all_promising", objecting)
    (tmp_path / "datacc.lock").unlink()
    other = build(table(tmp_path, JITTER), tmp_path)
    now = next(one for one in other.tried if one.chosen)
    assert now.work != chosen.work
    assert now.tune is not None


def test_without_a_rung_that_passes_the_best_on_tune_is_judged(tmp_path: Path) -> None:
    report = build(table(tmp_path, SWAP, goals=(Goal(metric="accuracy", limit=0.5),)), tmp_path)
    assert not report.verdict.holds
    best = max(one.tune for one in report.tried if one.tune is not None)
    assert next(one for one in report.tried if one.chosen).tune == best


def test_pictures_vary_through_the_library(tmp_path: Path) -> None:
    """Bars, upright or lying: a small turn does not matter, one by ninety degrees does."""
    random = np.random.default_rng(0)
    pictures, labels = np.zeros((400, 12, 12), np.uint8), []
    for n, picture in enumerate(pictures):
        at = random.integers(4, 8)
        (picture if n % 2 else picture.T)[at] = 255
        labels.append(("upright", "lying")[n % 2])
    noisy = (pictures + random.integers(0, 40, pictures.shape)).clip(0, 255).astype(np.uint8)
    np.savez(tmp_path / "bars.npz", x=noisy, y=np.array(labels))
    program = infer_program(tmp_path / "bars.npz", "y")
    turns = tuple(
        Check(kind="invariant", at_least=0.7, options={"invariant": "rotate", "by": {"degrees": degrees}})
        for degrees in (5, 180)
    )
    light = Check(kind="invariant", at_least=0.7, options={"invariant": "brightness"})
    report = build(replace(program, checks=(*turns, light)), tmp_path)
    assert [line.holds for line in report.verdict.lines if line.kind == "check"] == [True, False, True]
    assert report_text(report)
