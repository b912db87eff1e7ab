"""Numbers and several labels at once: checks, parents, diffs and bisects as for one label, counted again with NumPy."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from datacc.cli import app
from datacc.compiler import onward
from datacc.compiler.report import Report, read_report
from datacc.repo.find import find
from datacc.runtime.load import load
from datacc.spec.lock import read_lock
from tests.cli.readings import NAMES, ROWS, SPLITS, cell, ids, points, repository, values

FORMS = ("number", "labels")
SPLIT = np.array(SPLITS * (ROWS // len(SPLITS)))
PYTHON = """
def mine(program, examples):
    answers = program.batch(examples.inputs["record"])["what"]
    return len(answers) == len(examples.labels), repr(examples.labels[0])
"""
CHECKS = """
[[check]]
invariant = "jitter"
by = {{ share = 0.3, columns = ["x"] }}
draws = 1
at_least = 0.2

[[check]]
direction = "up"
column = "x"
{of_class}by = 0.5
at_least = 0.5

[[check]]
pinned = [{right}]

[[check]]
pinned = [{wrong}]
answer = {answer}

[[check]]
broken = 3

[[check]]
python = "checks/mine.py:mine"
"""


@pytest.fixture(autouse=True, scope="module")
def worth_it() -> Iterator[None]:
    """Fits as small as these go on from a parent, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onward, "CHEAP", 0)
        yield


@pytest.fixture(params=FORMS, scope="module")
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A repository that was built."""
    root = repository(tmp_path_factory.mktemp(request.param), request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert app.call(["build"]) == 0
    return request.param, root


def answers(root: Path, rows: np.ndarray) -> np.ndarray:
    """What the built program answers to rows of the table, (N,) or (N, 2)."""
    told = load(root / "build" / "prog").batch(inputs(rows))["what"]
    return told.reshape(len(rows), -1).squeeze(1) if told.shape[-1] == 1 else told


def inputs(rows: np.ndarray) -> np.ndarray:
    """As the program takes them: x, y and the place of the site."""
    return np.column_stack([points()[rows], rows // 4 % 2]).astype(np.float32)


def frozen(form: str, truth: list[Any]) -> np.ndarray:
    """As the program answers: (N,), or (N, 2)."""
    given = truth if form == "number" else [[name in one for name in NAMES] for one in truth]
    return np.array(given, np.float32)


def alike(form: str, one: np.ndarray, other: np.ndarray, truth: list[Any]) -> np.ndarray:
    """Which are as near as a tenth of the deviation of learn, or the very labels."""
    if form == "labels":
        return (one == other).all(axis=1)
    return np.abs(one - other) <= 0.1 * frozen(form, truth)[SPLIT == "learn"].astype(np.float64).std()


def report(root: Path) -> Report:
    return read_report(root / "build" / "prog" / "report.json")


def test_every_kind_of_check_looks_at_them(built: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    form, root = built
    monkeypatch.chdir(root)
    known = ids(root)
    rows = np.flatnonzero(SPLIT != "judge")
    truth = values(form)
    fine = alike(form, answers(root, rows), frozen(form, truth)[rows], truth)
    good, bad = ([known[row] for row in rows[mask]][:4] for mask in (fine, ~fine))
    (root / "checks").mkdir(exist_ok=True)
    (root / "checks" / "mine.py").write_text(PYTHON)
    assert app.call(["trust", "--yes"]) == 0
    plain = (root / "datacc.toml").read_text()
    text = CHECKS.format(
        of_class="" if form == "number" else 'class = "east"\n',
        right=", ".join(f'"{id}"' for id in good),
        wrong=", ".join(f'"{id}"' for id in [*good, *bad]),
        answer="-1e6" if form == "number" else '["north", "east"]',
    )
    try:
        (root / "datacc.toml").write_text(plain + text)
        app.call(["build"])
        lines = [line for line in report(root).verdict.lines if line.kind == "check"]
        judge = np.flatnonzero(SPLIT == "judge")
        raised = inputs(judge)
        raised[:, 0] += 0.5
        native = load(root / "build" / "prog")
        name = "what" if form == "number" else "what_scores"
        before, after = (native.batch(given)[name][:, 0] for given in (inputs(judge), raised))
        assert lines[0].figure is not None
        assert 0 < lines[0].figure.right <= lines[0].figure.total == len(judge)
        assert lines[1].figure is not None
        assert lines[1].figure.right == (after >= before - 1e-5).sum() == len(judge)
        assert lines[1].what.startswith("answer does not fall" if form == "number" else "score of 'east' does not fall")
        assert (lines[2].holds, lines[2].reached) == (True, "4 of 4")
        both = [values(form)[row] for row in rows[fine]][:4]
        wanted = sum(set(one) == set(NAMES) for one in both) if form == "labels" else 0
        assert not lines[3].holds
        assert lines[3].reached.startswith(f"{wanted + len(_both(form, root, rows[~fine][:4]))} of ")
        assert lines[4].holds
        assert lines[5].holds
        first = next(known[row] for row in sorted(rows, key=lambda row: known[row]))
        assert lines[5].reached == repr(values(form)[next(row for row in rows if known[row] == first)])
    finally:
        (root / "datacc.toml").write_text(plain)


def _both(form: str, root: Path, rows: np.ndarray) -> list[int]:
    """The rows that are answered with both labels."""
    return [] if form == "number" else [row for row, told in zip(rows, answers(root, rows), strict=True) if told.all()]


@pytest.mark.parametrize(
    ("form", "text", "what"),
    [
        ("number", "direction = 'up'\ncolumn = 'x'\nclass = 'a'\nat_least = 0.5\n", "what is a number, and has no"),
        ("labels", "direction = 'up'\ncolumn = 'x'\nat_least = 0.5\n", "class is missing"),
        ("number", "pinned = ['{id}']\nclass = 'a'\n", "a class is the answer of one label; what is of type number"),
        ("number", "pinned = ['{id}']\nanswer = 'cheap'\n", "'cheap' is no number"),
        ("number", "pinned = ['{id}']\nanswer = true\n", "True is no number"),
        ("labels", "pinned = ['{id}']\nanswer = ['west']\n", "'west' is no list of labels"),
    ],
)
def test_what_such_a_check_cannot_mean_is_said_with_its_line(
    form: str, text: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path, form)
    monkeypatch.chdir(root)
    with (root / "datacc.toml").open("a") as file:
        file.write("\n[[check]]\n" + text.format(id=ids(root)[0]))
    assert app.call(["build"]) == 3
    said = capsys.readouterr().err
    assert what in said
    assert "datacc.toml:" in said


def relabel(root: Path, form: str, rows: list[int], by: float = 12) -> list[Any]:
    """A commit that says something else of these rows: what is said of every row after it."""
    truth = values(form)
    known, edits = ids(root), []
    for row in rows:
        truth[row] = truth[row] + by if form == "number" else sorted(set(NAMES) - set(truth[row]))
        edits.append(json.dumps({"example": known[row], "label": cell(truth[row])}))
    file = root / "edits.jsonl"
    file.write_text("\n".join([*edits, ""]))
    assert app.call(["label", "--from", str(file)]) == 0
    file.unlink()
    assert app.call(["commit", "-m", "said otherwise"]) == 0
    return truth


def test_a_rebuild_goes_on_from_the_parent_and_its_diff_is_counted_again(
    built: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    form, root = built
    monkeypatch.chdir(root)
    parent = read_lock(root / "datacc.lock")
    assert parent is not None
    assert parent.parent == report(root).digests.graph
    tune, learn = (np.flatnonzero(name == SPLIT) for name in ("tune", "learn"))
    was = answers(root, tune)
    far = learn[np.argsort(points()[learn, 0])[-8:]]
    truth = relabel(root, form, far.tolist())
    assert app.call(["build"]) == 0
    assert report(root).provenance.parent == parent.parent
    assert any("fitted on from" in note and "8 of 120" in note for note in report(root).data.notes)
    now, label = answers(root, tune), frozen(form, truth)[tune]
    changed = ~alike(form, was, now, truth)
    ok = [alike(form, told, label, truth) for told in (was, now)]
    assert changed.sum() > 0
    capsys.readouterr()
    assert app.call(["diff", "--json", "--quick"]) == 0
    found = json.loads(capsys.readouterr().out)
    [part] = found["answers"]
    assert (part["rows"], part["broke"]) == (len(tune), (changed & ok[0] & ~ok[1]).sum())
    assert (part["fixed"], part["other"]) == ((changed & ~ok[0] & ok[1]).sum(), (changed & (ok[0] == ok[1])).sum())
    assert found["labels"] == 8
    apart = [np.abs(told - label).reshape(len(tune), -1).sum(axis=1).mean() for told in (was, now)]
    assert part["off"] == pytest.approx(apart, rel=1e-5)
    assert apart[0] > 0


def test_numbers_that_are_spread_otherwise_are_fitted_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path, "number")
    monkeypatch.chdir(root)
    assert app.call(["build"]) == 0
    monkeypatch.setattr("tests.cli.test_readings.values", lambda form: [5000.0] * ROWS)
    relabel(root, "number", [0])
    app.call(["build"])
    assert report(root).provenance.parent is None
    assert any("numbers are spread otherwise" in note for note in report(root).data.notes)


@pytest.mark.parametrize("form", FORMS)
def test_commits_are_compared_and_the_one_that_did_harm_is_found(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path, form)
    monkeypatch.chdir(root)
    git = find(root).git
    good = git.commit_of("HEAD")
    learn = np.flatnonzero(SPLIT == "learn")
    relabel(root, form, learn[:1].tolist())
    harm = learn[points()[learn, 0] > 0][:40] if form == "number" else learn[:100]
    relabel(root, form, harm.tolist(), by=60)
    guilty = git.commit_of("HEAD")
    relabel(root, form, learn[-1:].tolist())
    known = ids(root)
    capsys.readouterr()
    assert app.call(["diff", "--json", f"{good}..HEAD", "--answers"]) == 0
    answers_ = json.loads(capsys.readouterr().out)["answers"]
    assert answers_["labels"] == len({*learn[:1], *harm, learn[-1]})
    tune, learnt = answers_["answers"]
    assert (tune["rows"], learnt["rows"], answers_["judge"]["rows"]) == (60, 120, 60)
    assert tune["broke"] > 10
    assert app.call(["bisect", "--json", "--good", good, "--drop", "0.1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [step["commit"] for step in found["guilty"]] == [guilty]
    assert found["demand"].startswith("r2" if form == "number" else "accuracy")
    row = int(np.flatnonzero(SPLIT == "tune")[0])
    is_ = cell(values(form)[row])
    code = app.call(["bisect", "--good", good, "--example", known[row], "--is", is_])
    said = capsys.readouterr()
    assert code in (0, 2)
    assert f"is answered {is_!r}" in said.out + said.err
    code = app.call(["bisect", "--good", good, "--goal", "recall >= 0.5", "--class", "x"])
    what = "recall does not measure what, which is" if form == "number" else "what has no class 'x'"
    assert code == (2 if form == "number" else 3)
    assert what in capsys.readouterr().err


def test_an_amount_on_a_slice_is_held_to_the_most_it_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path, "number")
    monkeypatch.chdir(root)
    checks = "".join(
        f'\n[[check]]\nmetric = "{name}"\nwhere = {{ site = "s1" }}\nat_most = {limit}\n'
        for name, limit in (("mae", 30), ("rmse", 0.01))
    )
    plain = (root / "datacc.toml").read_text()
    (root / "datacc.toml").write_text(plain + checks)
    assert app.call(["build"]) == 8
    rows = np.flatnonzero((SPLIT == "judge") & (np.arange(ROWS) // 4 % 2 == 1))
    truth, told = frozen("number", values("number"))[rows], answers(root, rows)
    first, second = (line for line in report(root).verdict.lines if line.kind == "check")
    assert (first.holds, second.holds) == (True, False)
    assert first.figure is not None
    assert second.figure is not None
    assert first.figure.value == pytest.approx(metrics.mean_absolute_error(truth, told), rel=1e-4)
    assert second.figure.value == pytest.approx(metrics.root_mean_squared_error(truth, told), rel=1e-4)
    assert first.figure.total == len(rows)
    (root / "datacc.toml").write_text(plain + '\n[[check]]\nmetric = "mae"\nat_least = 0.5\n')
    assert app.call(["build"]) == 3
