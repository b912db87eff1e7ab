"""A function that answers numbers, and may be given None, becomes a program that explains them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import r2_score

from datacc import errors
from datacc.cli import app
from datacc.runtime.load import load
from datacc.spec.read import read_program
from tests.cli.port.theirs import MODULE, write_csv
from tests.tools import installed

Datacc = Callable[..., Any]


def cost(weight: float, far: float, tax: float | None) -> float:
    return 3 + 2 * weight + 0.5 * far + (0 if tax is None else 10 + tax)


def calls(rows: int, seed: int) -> list[tuple[float, float, float | None]]:
    random = np.random.default_rng(seed)
    numbers = random.uniform(0, (10, 100, 9), (rows, 3)).round(3).tolist()
    return [(w, f, None if n % 4 == 0 else t) for n, (w, f, t) in enumerate(numbers)]


def write_calls(path: Path, rows: int, seed: int) -> None:
    write_csv(
        path, ["weight", "far", "tax"], [["" if cell is None else cell for cell in row] for row in calls(rows, seed)]
    )


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which it was ported."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "theirs.py").write_text(MODULE)
    write_calls(folder / "calls.csv", 2500, seed=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert app.call(["port", "theirs:cost", "--inputs", "calls.csv", "--agreement", "0.8", "--yes"]) == 0
    return folder / "ported_cost"


def test_the_program_answers_numbers_near_those_of_the_function(once: Path) -> None:
    program = read_program(once / "datacc.toml")
    assert program.outputs[0].type == "number"
    assert program.inputs[0].options["missing"] == ["tax"]
    assert {goal.metric: goal.limit for goal in program.goals} == {"r2": 0.8}
    built, fresh = load(once / "build" / "ported_cost"), calls(300, seed=5)
    told = [built(dict(zip(("weight", "far", "tax"), row, strict=True))) for row in fresh]
    truth = [cost(*row) for row in fresh]
    assert r2_score(truth, [one.value for one in told]) > 0.98
    assert np.mean([one.low <= true <= one.high for one, true in zip(told, truth, strict=True)]) > 0.8


def test_the_wheel_stands_in_its_place_and_keeps_what_lies_outside(once: Path, tmp_path: Path) -> None:
    [wheel] = (once / "build" / "ported_cost").rglob("*.whl")
    site = installed(wheel, tmp_path / "site")
    code = f"""
import sys
sys.path[:0] = [{str(site)!r}, {str(once.parent)!r}]
import json, ported_cost, theirs
ask = ported_cost.wrap(fallback=theirs.cost, inbox={str(tmp_path / "box")!r}, shadow=0.5)
plain = ported_cost.wrap(value=round)
near = sum(abs(ask(w / 10, 20.0, t) - theirs.cost(w / 10, 20.0, t)) < 4 for w in range(50) for t in (None, 2.0))
print(json.dumps([near, ask(2.0, 5.0, tax=2.0), plain(2.0, 5.0), ask.counts]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    near, one, whole, counts = json.loads(done.stdout)
    assert near > 80  # how near a fit comes depends on the processor: the function's answers spread over 80
    assert abs(one - cost(2.0, 5.0, 2.0)) < 8
    assert isinstance(whole, int)
    assert counts["asked"] == 101
    assert counts["compared"] > counts["disagreed"]
    kept = [json.loads(line) for file in (tmp_path / "box").glob("*") for line in file.read_text().splitlines()]
    assert len(kept) == counts["disagreed"]
    assert all(call["answer"] == cost(**call["inputs"]) for call in kept)


@pytest.mark.parametrize(
    ("words", "options", "goals"),
    [
        ([], {}, {"r2": 0.99}),
        (["--within", "2.5"], {"abstain": True, "within": 2.5}, {"error": 0.01, "coverage": 0.9}),
        (["--coverage", "0.8", "--agreement", "0.95"], {"abstain": True}, {"error": 0.05, "coverage": 0.8}),
    ],
)
def test_what_need_not_be_answered_asks_for_a_program_that_knows(
    words: list[str],
    options: dict[str, Any],
    goals: dict[str, float],
    once: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    datacc: Datacc,
) -> None:
    """With neither, that is told."""
    (tmp_path / "theirs.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    said = datacc("port", "theirs:cost", "--inputs", once.parent / "calls.csv", *words, "--no-build", "--yes")
    program = read_program(tmp_path / "ported_cost" / "datacc.toml")
    assert (program.outputs[0].type, dict(program.outputs[0].options)) == ("number", options)
    assert {goal.metric: goal.limit for goal in program.goals} == goals
    assert any("--within" in note for note in said["notes"]) is not bool(words)


def test_numbers_that_repeat_are_numbers_where_it_is_said_how_near(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    """And what answers truths cannot be near anything."""
    (tmp_path / "theirs.py").write_text(MODULE + "\ndef half(n: int) -> int:\n    return n // 2\n")
    write_csv(tmp_path / "few.csv", ["n"], [[n] for n in range(200)])
    write_csv(tmp_path / "texts.csv", ["text"], [[f"text {n}!" if n % 3 else f"text {n}"] for n in range(200)])
    monkeypatch.chdir(tmp_path)
    for name, words, kind in (("one", [], "label"), ("two", ["--within", "1"], "number")):
        datacc("port", "theirs:half", "--inputs", "few.csv", "--name", name, "--no-build", "--yes", *words)
        assert read_program(tmp_path / name / "datacc.toml").outputs[0].type == kind
    words = ["port", "theirs:sign", "--inputs", "texts.csv", "--no-build", "--yes", "--within", "1"]
    assert "numbers" in datacc(*words, code=errors.DataError.exit_code)["error"]["what"]
    datacc(*words[:-1], "0", code=errors.UsageError.exit_code)
    assert not (tmp_path / "ported_sign").exists()


def test_a_program_that_knows_its_numbers_leaves_the_others_to_the_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[..., str]
) -> None:
    """What is asked is a wide margin, so that any fit holds it."""
    (tmp_path / "theirs.py").write_text(MODULE)
    write_calls(tmp_path / "calls.csv", 1500, seed=0)
    monkeypatch.chdir(tmp_path)
    words = ["--within", "25", "--agreement", "0.8", "--coverage", "0.4"]
    said = told("port", "theirs:cost", "--inputs", "calls.csv", *words, "--yes")
    assert "numbers at most 25 apart" in said
    built = load(tmp_path / "ported_cost" / "build" / "ported_cost")
    [wheel] = (tmp_path / "ported_cost" / "build").rglob("*.whl")
    code = f"""
import sys
sys.path[:0] = [{str(installed(wheel, tmp_path / "site"))!r}]
import json, ported_cost
ask = ported_cost.wrap(fallback=lambda weight, far, tax=None: "asked")
print(json.dumps([ask(*row) == "asked" for row in {calls(300, seed=5)!r}]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    answers = [built(dict(zip(("weight", "far", "tax"), row, strict=True))) for row in calls(300, seed=5)]
    assert json.loads(done.stdout) == [not answer.known for answer in answers]


def test_its_shadow_keeps_what_lies_outside_the_interval(
    once: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    monkeypatch.chdir(once.parent)
    write_calls(once.parent / "more.csv", 200, seed=9)
    built = load(once / "build" / "ported_cost")
    outside = 0
    for row in calls(200, seed=9):
        told = built(dict(zip(("weight", "far", "tax"), row, strict=True)))
        outside += not told.low <= cost(*row) <= told.high
    found = datacc("port", "theirs:cost", "--inputs", "more.csv", "--shadow", "--yes")
    assert (found["asked"], found["known"], found["disagreed"]) == (200, 200, outside)
    assert found["imported"] == outside > 0
