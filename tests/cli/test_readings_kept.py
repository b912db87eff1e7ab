"""Numbers and several labels among people and in files: votes become gold, an export is imported as what it was."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from datacc.cli import app
from datacc.repo.examples import read_examples
from datacc.repo.find import find
from datacc.spec.read import read_program
from tests.cli.readings import ROWS, SPLITS, cell, ids, points, repository, values

FORMS = ("number", "labels")


@pytest.mark.parametrize("form", FORMS)
def test_votes_make_gold(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of three people two say the same; of two who differ nothing follows."""
    root = repository(tmp_path, form)
    monkeypatch.chdir(root)
    first, second = ids(root)[0], ids(root)[4]
    said = {"number": ("7", "7.0", "9"), "labels": ("east; north", "north; east", "east")}[form]
    for name, one, other in zip(("ann", "bob", "cat"), said, (said[0], said[2], ""), strict=True):
        for role in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{role}_NAME", name)
            monkeypatch.setenv(f"GIT_{role}_EMAIL", f"{name}@example.org")
        assert app.call(["label", first, one, "--vote"]) == 0
        assert not other or app.call(["label", second, other, "--vote"]) == 0
        assert app.call(["commit", "-m", name]) == 0
    capsys.readouterr()
    assert app.call(["agreement", "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)["alone"]
    if form == "labels":
        assert alone["east"] is None  # everybody always says it
        assert alone["north"] == pytest.approx(alpha_of([(1, 1, 0), (1, 0)]))
    assert app.call(["gold", "--majority"]) == 0
    assert app.call(["commit", "-m", "gold"]) == 0
    assert app.call(["check"]) == 0
    truth = values(form)
    capsys.readouterr()
    for row, id in ((0, first), (4, second)):
        assert app.call(["show", id, "--json"]) == 0
        now = json.loads(capsys.readouterr().out)["values"]["what"]["value"]
        before = f"{truth[row]:g}" if form == "number" else "; ".join(truth[row]) or "none"
        assert now == (("7" if form == "number" else "east; north") if row == 0 else before)
    assert app.call(["build"]) == 0


def alpha_of(units: list[tuple[int, ...]]) -> float:
    """Krippendorff's alpha for nominal values, by pairs: 1 − observed / expected disagreement."""
    count = sum(map(len, units))
    weighed = sum(sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units)
    every = [value for unit in units for value in unit]
    expected = sum(a != b for a, b in permutations(every, 2)) / (count - 1)
    return 1 - weighed / expected


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "json", "npz"])
def test_an_export_is_imported_as_what_it_was(
    form: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all rows, a label of 0 or of nothing among them; .npz has no texts, so the column of texts is left out."""
    inputs = ["--inputs", "x", "y"] if ending == "npz" else []
    first, second = (tmp_path / name for name in ("first", "second"))
    lines = ["x,y,site,what,split"]
    lines += [f"{x},{y},s{n % 2},{cell(v)},{SPLITS[n % 4]}" for n, ((x, y), v) in enumerate(cases(form))]
    (tmp_path / "t.csv").write_text("\n".join([*lines, ""]))
    monkeypatch.chdir(tmp_path)
    for name, source, more in (
        ("first", "t.csv", ["--label", "what", "--split", "split", "--type", form, *inputs]),
        ("second", f"out.{ending}", []),
    ):
        assert app.call(["new", name]) == 0
        monkeypatch.chdir(tmp_path / name)
        assert app.call(["import", str(tmp_path / source), *more]) == 0
        if name == "first":
            assert app.call(["export", str(tmp_path / f"out.{ending}")]) == 0
        monkeypatch.chdir(tmp_path)
    assert f'[output.what]\ntype = "{form}"' in (second / "datacc.toml").read_text()
    assert told(first) == told(second)
    assert len(told(first)) == ROWS


def cases(form: str) -> list[tuple[Any, Any]]:
    """Points and what they are, one of them 0 or no label at all."""
    found = list(zip(points().tolist(), values(form), strict=True))
    return [(found[0][0], 0 if form == "number" else []), *found[1:]]


def told(root: Path) -> list[tuple[str, str]]:
    """Every example's numbers and its label in words, sorted."""
    repository_of = find(root)
    program = read_program(root / "datacc.toml")
    examples_of = read_examples(repository_of, program, repository_of.git.commit_of("HEAD")).examples
    return sorted((str(example.inputs), str(example.labels)) for example in examples_of)
