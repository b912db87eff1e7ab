"""A function that gives several labels at once becomes a program that gives them, and knows when it does not."""

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
from datacc.repo.names import natural
from datacc.runtime.load import load
from datacc.spec.read import read_program
from tests.cli.port.theirs import write_csv
from tests.tools import installed

Datacc = Callable[..., Any]

MODULE = """
import enum
Mark = enum.Enum("Mark", "WIDE TALL LARGE")

def marks(width: float, height: float):
    return ["wide" if width > height else "tall", *(["large"] if width + height > 10 else [])]

def gathered(n: int):
    return {"odd", "some"} if n % 2 else {"even"}

def ranked(n: int):
    return ["zebra", "ant", "mole"][n % 4 :]

def torn_order(n: int):
    return ["one", "two"] if n % 2 else ["two", "one"]

def by_chance(n: int):
    return list({f"name {k}" for k in range(12)} if n % 2 else {"name 1"})

def listed(n: int) -> list:
    return ["odd", "some", "odd"] if n % 2 else []

def members(n: int):
    return (Mark.WIDE, Mark.TALL) if n % 2 else (Mark.LARGE,)

def now_and_then(n: int):
    return None if n % 3 == 0 else "one" if n % 3 == 1 else ["one", "two"]

def torn(n: int):
    return ["a;b", "c"] if n % 2 else ["c"]

def texts(n: int):
    return [f"text {n}", f"and {n}"]
"""


def marks(width: float, height: float) -> list[str]:
    return ["wide" if width > height else "tall", *(["large"] if width + height > 10 else [])]


def sizes(rows: int, seed: int) -> list[list[float]]:
    found: list[list[float]] = np.random.default_rng(seed).uniform(0, 10, (rows, 2)).round(3).tolist()
    return found


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which it was ported."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "marked.py").write_text(MODULE)
    write_csv(folder / "sizes.csv", ["width", "height"], sizes(2500, seed=0))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["--agreement", "0.8", "--coverage", "0.6", "--yes"]
        assert app.call(["port", "marked:marks", "--inputs", "sizes.csv", *words]) == 0
    return folder / "ported_marks"


def test_the_program_gives_the_labels_of_the_function(once: Path) -> None:
    program = read_program(once / "datacc.toml")
    assert (program.outputs[0].type, dict(program.outputs[0].options)) == ("labels", {"abstain": True})
    assert {goal.metric: goal.limit for goal in program.goals} == {"error": 0.2, "coverage": 0.6}
    built = load(once / "build" / "ported_marks")
    told = [(built([w, h]), marks(w, h)) for w, h in sizes(400, seed=5)]
    known = [[*answer.labels] == truth for answer, truth in told if answer.known]  # in the function's order
    assert len(known) > 150
    assert np.mean(known) > 0.75


def test_a_shadow_keeps_where_they_differ(once: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc) -> None:
    write_csv(once.parent / "more.csv", ["width", "height"], sizes(200, seed=7))
    monkeypatch.chdir(once.parent)
    found = datacc("port", "marked:marks", "--inputs", "more.csv", "--shadow", "--yes")
    built = load(once / "build" / "ported_marks")
    told = [(built([w, h]), marks(w, h)) for w, h in sizes(200, seed=7)]
    known = [[*answer.labels] == truth for answer, truth in told if answer.known]
    assert (found["known"], found["disagreed"]) == (len(known), len(known) - sum(known))
    assert found["imported"] == 200 - sum(known)


def test_the_wheel_stands_in_its_place(once: Path, tmp_path: Path) -> None:
    [wheel] = (once / "build" / "ported_marks").rglob("*.whl")
    site = installed(wheel, tmp_path / "site")
    code = f"""
import sys
sys.path[:0] = [{str(site)!r}, {str(once.parent)!r}]
import json, ported_marks, marked
ask = ported_marks.wrap(fallback=marked.marks, value=list, shadow=0.5)
print(json.dumps([ask(w, h) for w, h in {sizes(100, seed=9)}] + [ask.counts]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    *told, counts = json.loads(done.stdout)
    assert counts["asked"] == 100
    assert np.mean([one == marks(w, h) for one, (w, h) in zip(told, sizes(100, seed=9), strict=True)]) > 0.7


@pytest.mark.parametrize(
    ("function", "names", "first"),
    [
        ("listed", {"odd", "some"}, []),
        ("gathered", {"odd", "some", "even"}, ["even"]),
        ("members", {"WIDE", "TALL", "LARGE"}, ["LARGE"]),
        ("now_and_then", {"one", "two"}, []),
    ],
)
def test_lists_tuples_and_what_stands_beside_them_are_labels(
    function: str, names: set[str], first: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    (tmp_path / "marked.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "numbers.csv", ["n"], [[n] for n in range(60)])
    said = datacc("port", f"marked:{function}", "--inputs", "numbers.csv", "--no-build", "--yes")
    assert said["answers"] == "labels"
    folder = tmp_path / f"ported_{function}"
    assert read_program(folder / "datacc.toml").outputs[0].type == "labels"
    told = [json.loads(file.read_text())["name"] for file in (folder / "schema").rglob("*.json")]
    assert names <= set(told)
    monkeypatch.chdir(folder)
    datacc("export", tmp_path / "all.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    [row] = [row for row in rows if row.get("n") == 0]
    assert sorted({*str(row["answer"]).split(";")} - {""}) == first


@pytest.mark.parametrize(
    ("function", "order"),
    [("ranked", ["zebra", "ant", "mole"]), ("torn_order", None), ("by_chance", None), ("listed", ["odd", "some"])],
)
def test_labels_keep_the_order_in_which_they_always_come(
    function: str, order: list[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    (tmp_path / "marked.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "numbers.csv", ["n"], [[n] for n in range(60)])
    said = datacc("port", f"marked:{function}", "--inputs", "numbers.csv", "--no-build", "--yes")
    assert any("in no order" in note for note in said["notes"]) is (order is None)
    monkeypatch.chdir(tmp_path / f"ported_{function}")
    [classes] = [one["classes"] for one in datacc("schema")["columns"] if one["kind"] == "output"]
    names = [one["name"] for one in classes]
    assert names == (order or sorted(names, key=natural))


@pytest.mark.parametrize(
    ("function", "what"), [("torn", "'a;b' can be no label"), ("texts", "hardly repeat: 120 different")]
)
def test_what_is_no_list_of_labels_is_told(
    function: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    (tmp_path / "marked.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "numbers.csv", ["n"], [[n] for n in range(60)])
    words = ["port", f"marked:{function}", "--inputs", "numbers.csv", "--no-build", "--yes"]
    failed = datacc(*words, code=errors.DataError.exit_code)
    assert what in failed["error"]["what"]
    assert not (tmp_path / f"ported_{function}").exists()
