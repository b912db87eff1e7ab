"""`datacc port`: a function of the user's own becomes a program that agrees with it; what cannot be ported is told."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc import errors
from datacc.cli import app
from datacc.runtime.load import load
from datacc.spec.read import read_program
from tests.cli.port.theirs import MODULE, write_csv, write_sizes
from tests.tools import installed

Datacc = Callable[..., Any]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a function was ported."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "theirs.py").write_text(MODULE)
    write_sizes(folder / "sizes.csv", 4000)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["--agreement", "0.97", "--coverage", "0.8", "--name", "shape_port", "--yes"]
        assert app.call(["port", "theirs:shape", "--inputs", "sizes.csv", *words]) == 0
    return folder


def test_the_program_agrees_with_the_function(once: Path) -> None:
    program = read_program(once / "shape_port" / "datacc.toml")
    assert program.source.type == "function"
    assert program.source.options["function"] == "theirs:shape"
    assert {goal.metric: goal.limit for goal in program.goals} == {"error": 0.03, "coverage": 0.8}
    built = load(once / "shape_port" / "build" / "shape_port")
    random = np.random.default_rng(9)
    answers = [(built([w, h]), "wide" if w > h else "tall") for w, h in random.uniform(0, 10, (500, 2))]
    known = [answer.label == truth for answer, truth in answers if answer.known]
    assert len(known) > 350
    assert np.mean(known) > 0.95


def test_the_wheel_stands_in_its_place(once: Path, tmp_path: Path) -> None:
    """In a process without datacc: what it does not know it asks the function, and keeps."""
    [wheel] = (once / "shape_port" / "build" / "shape_port").rglob("*.whl")
    site = installed(wheel, tmp_path / "site")
    code = f"""
import sys
sys.path[:0] = [{str(site)!r}, {str(once)!r}]
import json, random, shape_port, theirs
ask = shape_port.wrap(fallback=theirs.shape, shadow=0.2, inbox={str(tmp_path / "box")!r})
random.seed(0)
pairs = [(random.uniform(0, 10), random.uniform(0, 10)) for _ in range(2000)]
same = sum(ask(*pair) == theirs.shape(*pair) for pair in pairs)
same += sum(ask(a) == theirs.shape(a) for a, _ in pairs)  # the default of the function is that of the program
print(json.dumps([same, ask.counts, "datacc" in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    same, counts, ours = json.loads(done.stdout)
    assert same > 3800
    assert counts["compared"] >= counts["unknown"] > 0
    assert ours is False
    lines = [json.loads(line) for file in (tmp_path / "box").iterdir() for line in file.read_text().splitlines()]
    assert len(lines) == counts["unknown"] + counts["disagreed"]


def test_the_inbox_becomes_examples(
    once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    box = tmp_path / "box"
    box.mkdir()
    calls = [
        {"at": 1, "why": "unknown", "inputs": {"width": 90.5, "height": 1.0}, "said": "tall", "answer": "wide"},
        {"at": 2, "why": "disagreed", "inputs": {"width": 1.0, "height": 80.5}, "said": "wide", "answer": "tall"},
        {"at": 3, "why": "unknown", "inputs": {"width": 70.25, "height": 70.5}, "said": "wide"},
    ]
    (box / "000000000001-1-aa.calls.jsonl").write_text("".join(json.dumps(call) + "\n" for call in calls) + '{"torn')
    subprocess.run(["git", "clone", "-q", str(once / "shape_port"), str(tmp_path / "clone")], check=True)
    monkeypatch.chdir(tmp_path / "clone")
    before = datacc("status")
    said = datacc("import", "--inbox", box)
    assert (said["examples"], said["unlabelled"], said["classes"]) == (3, 1, {"tall": 1, "wide": 1})
    assert datacc("status")["examples"] == before["examples"] + 3
    assert datacc("log", "--where", "why=disagreed")["commits"]
    again = datacc("import", "--inbox", box)
    assert (again["examples"], again["already"]) == (0, 3)
    (tmp_path / "empty").mkdir()
    datacc("import", "--inbox", tmp_path / "empty", code=errors.DataError.exit_code)
    datacc("import", "x.csv", "--inbox", box, code=errors.UsageError.exit_code)


def test_shadow_keeps_where_they_differ(once: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc) -> None:
    monkeypatch.chdir(once)
    write_sizes(once / "more.csv", 900, seed=5)
    built = load(once / "shape_port" / "build" / "shape_port")
    with (once / "more.csv").open() as file:
        rows = [(float(one["width"]), float(one["height"])) for one in csv.DictReader(file)]
    answers = [(built([w, h]), "wide" if w > h else "tall") for w, h in rows]
    words = ["port", "theirs:shape", "--name", "shape_port", "--inputs", "more.csv", "--shadow"]
    said = datacc(*words)  # the code is trusted in that repository
    assert (said["asked"], said["known"]) == (900, sum(answer.known for answer, _ in answers))
    assert said["disagreed"] == sum(answer.known and answer.label != truth for answer, truth in answers)
    assert said["imported"] == sum(not answer.known or answer.label != truth for answer, truth in answers) > 0
    assert datacc(*words)["imported"] == 0


def test_nothing_runs_before_somebody_says_yes(counted: Path, datacc: Datacc) -> None:
    words = ["port", "theirs:hangs", "--inputs", "numbers.csv", "--no-build"]
    said = datacc(*words, code=errors.TrustError.exit_code)
    assert "call theirs:hangs (" in said["error"]["what"]
    assert sorted(path.name for path in counted.iterdir()) == ["numbers.csv", "theirs.py"]


def test_what_was_allowed_is_remembered_until_the_code_changes(
    here: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    write_sizes(here / "sizes.csv", 200)
    words = ["port", "theirs:shape", "--inputs", "sizes.csv", "--no-build"]
    first = datacc(*words, "--yes")
    assert (first["asked"], first["left_out"], first["import"]["examples"]) == (200, 0, 200)
    again = datacc(*words)
    assert again["import"]["examples"] == 0
    with (here / "theirs.py").open("a") as file:
        file.write("\n# changed\n")
    datacc(*words, code=errors.TrustError.exit_code)
    monkeypatch.chdir(here / "ported_shape")
    wanted = datacc("trust", code=errors.TrustError.exit_code)["wanted"]
    assert [one.split(" (")[0] for one in wanted] == ["call theirs:shape"]
    datacc("trust", "--yes")
    monkeypatch.chdir(here)
    assert any("is not that which datacc.toml names" in note for note in datacc(*words)["notes"])
    monkeypatch.chdir(here / "ported_shape")
    datacc("trust", "--revoke")
    monkeypatch.chdir(here)
    datacc(*words, code=errors.TrustError.exit_code)


def test_another_function_in_the_same_repository_is_refused(here: Path, datacc: Datacc) -> None:
    write_sizes(here / "sizes.csv", 200)
    datacc("port", "theirs:shape", "--inputs", "sizes.csv", "--no-build", "--yes", "--name", "one")
    write_csv(here / "numbers.csv", ["n"], [[n] for n in range(60)])
    words = ["port", "theirs:raises", "--inputs", "numbers.csv", "--no-build", "--yes", "--name", "one"]
    said = datacc(*words, code=errors.UsageError.exit_code)
    assert "asks for another program" in said["error"]["what"]


def test_answers_of_any_kind_name_classes(here: Path, datacc: Datacc) -> None:
    texts = [f"{word} {n}{end}" for n in range(20) for word, end in (("so", "!"), ("what", "?"), ("well", "."))]
    write_csv(here / "texts.csv", ["sentence"], [[text] for text in texts])
    said = datacc("port", "theirs:sign", "--inputs", "texts.csv", "--no-build", "--yes")
    assert said["answers"] == "json"
    assert said["import"]["classes"] == {"false": 20, "null": 20, "true": 20}
    program = read_program(here / "ported_sign" / "datacc.toml")
    assert program.source.options["answers"] == "json"
    [field] = program.inputs
    assert (field.name, field.type, field.options["augment"]) == ("text", "text", "none")
