"""The whole path through the command: a table becomes a program that answers, and everything else asked of it."""

import csv
import errno
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import datacc as package
from datacc import errors
from datacc.cli import app
from datacc.cli.interrupt import INTERRUPTED
from datacc.cli.progress import FitDisplay
from datacc.compiler.verify import verify
from datacc.runtime.machine import machine_class
from datacc.spec.lock import read_lock
from datacc.spec.read import read_program

Datacc = Callable[..., dict[str, Any]]
Told = Callable[..., str]

CLASSES = ("*/ left\\", "right 'ü\"")


def write_table(path: Path, rows: int = 400) -> None:
    """Two clouds of points, far apart, whose classes and columns have hostile names."""
    random = np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["width", 'a "quoted" column', "kind"])
        for n in range(rows):
            x, y = random.normal((-2, 2)[n % 2], 0.5, 2)
            writer.writerow([f"{x:.3f}", f"{y:.3f}", CLASSES[n % 2]])


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `datacc build points.csv --label kind` was said."""
    folder = tmp_path_factory.mktemp("points")
    write_table(folder / "points.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert app.call(["build", "points.csv", "--label", "kind"]) == 0
    return folder


@pytest.fixture
def points(once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, and the current one."""
    folder = tmp_path / "points"
    shutil.copytree(once, folder, symlinks=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.tiny
def test_what_a_build_leaves(points: Path) -> None:
    program = read_program(points / "datacc.toml")
    lock = read_lock(points / "datacc.lock")
    assert (program.name, program.goals[0].metric) == ("points", "accuracy")
    assert lock
    assert (points / "build/points/report.json").exists()
    assert (points / "build/points/points.c").exists()
    untouched = points / "again.csv"
    write_table(untouched)
    assert (points / "points.csv").read_bytes() == untouched.read_bytes()


def test_the_next_build_obeys_the_lock(points: Path, datacc: Datacc) -> None:
    lock = (points / "datacc.lock").read_bytes()
    before = json.loads((points / "build/points/report.json").read_text())
    said = datacc("build")
    assert said["holds"]
    assert said["report"]["digests"] == before["digests"]
    assert (points / "datacc.lock").read_bytes() == lock


@pytest.mark.tiny
def test_the_program_answers(points: Path, datacc: Datacc, told: Told) -> None:
    record = json.dumps({"width": -2.0, 'a "quoted" column': -2.0})
    [answer] = datacc("run", "build/points", record)["answers"]
    assert answer["label"] == CLASSES[0]
    assert answer["confidence"] == pytest.approx(answer["scores"][CLASSES[0]])
    assert sum(answer["scores"].values()) == pytest.approx(1)
    assert CLASSES[0] in told("run", "build/points", record)
    assert package.load("build/points")([2.0, 2.0]).label == CLASSES[1]


def test_it_answers_every_row_of_a_table(points: Path, datacc: Datacc) -> None:
    answers = datacc("run", "build/points", "points.csv")["answers"]
    assert [answer["label"] for answer in answers] == [CLASSES[n % 2] for n in range(400)]
    assert answers[0]["input"] == "points.csv:2"


@pytest.mark.parametrize(
    ("words", "error", "where"),
    [
        (["build/points", "nothing.csv"], errors.DataError, "nothing.csv"),
        (["build/points", ""], errors.UsageError, ""),
        (["build/points", "{"], errors.DataError, "input"),
        (["build/points", '{"width": 1}'], errors.DataError, "input"),
        (["build/points", "[1, NaN]"], errors.DataError, "input"),
        (["build/points", "datacc.toml"], errors.DataError, "datacc.toml"),
        (["build/nothing", "[1, 2]"], errors.UsageError, "build/nothing"),
        (["build/points"], errors.UsageError, "datacc run"),
    ],
)
def test_what_cannot_be_asked(
    words: list[str], error: type[errors.DataccError], where: str, points: Path, datacc: Datacc
) -> None:
    said = datacc("run", *words, code=error.exit_code)
    assert said["error"]["where"] == where


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('width,"a ""quoted"" column"\n', "there is no row to answer"),
        ("width,b\n\n\n", "there is no row to answer"),
        ("width,b\n1,2,3\n", "1 example cannot be read\n  rows.csv:2: has 3 cells"),
        ("", "the table is empty"),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_a_table_without_rows_is_told(
    text: str, what: str, as_json: bool, points: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(text)
    words = ["run", "build/points", str(rows), *(["--json"] if as_json else [])]
    assert app.call(words) == errors.DataError.exit_code
    said = capsys.readouterr()
    if as_json:
        found = json.loads(said.out)
        assert (found["program"], found["answers"], found["error"]["where"]) == ("points", [], str(rows))
        assert found["error"]["what"].startswith(what)
    else:
        assert said.out == ""
        assert f"error: {rows}: {what}" in said.err
        assert "\n  try: " in said.err


def test_rows_that_cannot_be_read_are_told_beside_the_answers(
    points: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text('width,"a ""quoted"" column"\n1,2,3\n2,2\n')
    assert app.call(["run", "build/points", str(rows)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("rows.csv:3:")
    assert said.err.startswith("note: 1 example left out: rows.csv:2 has 3 cells")


@pytest.mark.tiny
def test_inspect_adds_up(points: Path, datacc: Datacc, told: Told) -> None:
    said = datacc("inspect", "build/points")
    report = json.loads((points / "build/points/report.json").read_text())
    assert said["work"] == sum(op["work"] for op in said["ops"]) == report["costs"]["work"]
    assert sum(said["shares"].values()) == pytest.approx(1)
    steps = {
        kind: sum(op["work"] + op["comparisons"] for op in said["ops"] if op["kind"] == kind) for kind in said["shares"]
    }
    assert said["shares"] == {kind: pytest.approx(count / sum(steps.values())) for kind, count in steps.items()}
    assert min(said["shares"].values()) > 0
    assert "multiply-adds per answer" in told("inspect", "build/points")
    assert datacc("inspect") == said  # the program of the datacc.toml here


def test_inspect_shows_the_step_that_fits_the_skeleton(points: Path, datacc: Datacc, told: Told) -> None:
    said = datacc("inspect", "--backward")
    assert sum(said["shares"].values()) == pytest.approx(1)
    assert set(said["shares"]) == {node["op"] for node in said["nodes"]}
    assert {"conv_weight", "sum"} <= set(said["adjoints"])
    assert {node["varies"] for node in said["nodes"] if node["op"] in ("sum", "conv_weight")} == {"whole"}
    assert {node["varies"] for node in said["nodes"] if node["op"] == "conv_input"} <= {"row"}
    assert "adjoints: " in told("inspect", "--backward", "build/points")


def test_a_miss_is_an_answer_and_an_error(points: Path, datacc: Datacc) -> None:
    lock = (points / "datacc.lock").read_bytes()
    with (points / "datacc.toml").open("a") as toml:
        toml.write('\n[budget]\nlatency = "0.001 ns"\n')
    said = datacc("build", code=errors.GoalMissed.exit_code)
    assert not said["holds"]
    assert "latency" in said["error"]["what"]
    assert said["error"]["tries"]
    assert (points / "datacc.lock").read_bytes() == lock


def test_the_frontier_is_told_and_drawn(points: Path, datacc: Datacc, told: Told) -> None:
    said = datacc("build", "--frontier")
    found = said["frontier"]
    assert found == [one for one in said["report"]["tried"] if one in found]
    assert [one["tune"] for one in found] == sorted({one["tune"] for one in found})
    assert all(one["share"] >= 1 for one in found)
    drawn = ElementTree.fromstring(re.findall("<svg.*?</svg>", next(points.glob("build/*/report.html")).read_text())[0])
    fitted = [one for one in said["report"]["tried"] if one["tune"] is not None]
    assert sum(one.tag == "circle" for one in drawn.iter()) == len(fitted) >= 2
    assert "multiply-adds" in told("build", "--frontier")


def test_the_best_is_no_worse_and_the_next_build_obeys_it(points: Path, datacc: Datacc) -> None:
    said = datacc("build", "--best")
    fitted = [one for one in said["report"]["tried"] if one["tune"] is not None]
    assert all(one["tune"] is not None or one["note"].startswith("over budget") for one in said["report"]["tried"])
    [chosen] = [one for one in fitted if one["chosen"]]
    assert chosen["tune"] == max(one["tune"] for one in fitted if one["share"] >= 1)
    assert datacc("build")["report"]["digests"] == said["report"]["digests"]
    datacc("build", "--best", "--frontier", code=errors.UsageError.exit_code)


def test_events_are_told_line_by_line(points: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["build", "--search", "--exact", "--json"]) == 0
    said = capsys.readouterr()
    events = [json.loads(line) for line in said.err.splitlines()]
    tried = {(one["skeleton"], *one["sizes"].values()): one for one in events if one["event"] == "candidate"}
    for one in json.loads(said.out)["report"]["tried"]:
        if one["tune"] is not None:
            assert tried[one["skeleton"], *one["sizes"].values()]["tune"] == one["tune"]
    ends = [one for one in events if one["event"] == "fit" and one["step"] == one["steps"]]
    assert len(ends) >= len(tried)


def test_what_was_fitted_before_an_interruption_is_not_fitted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two folders: a build that runs through, and one that is interrupted in its second fit."""

    def fits() -> list[str]:
        events = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
        return [one["what"] for one in events if one["event"] == "fit" and one["step"] == one["steps"]]

    def interrupt(display: FitDisplay, attempt: Any) -> None:
        raise KeyboardInterrupt

    whole: dict[str, list[str]] = {}
    for name in ("through", "interrupted"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        write_table(Path("points.csv"))
        words = ["build", "points.csv", "--label", "kind", "--json"]
        capsys.readouterr()
        if name == "interrupted":
            with monkeypatch.context() as patch:
                patch.setattr(FitDisplay, "tell", interrupt)
                assert app.call(words) == INTERRUPTED
            first = fits()
            assert len(first) == 1
        assert app.call(words) == 0
        whole[name] = fits()
    assert first + whole["interrupted"] == whole["through"]
    one, other = (tmp_path / name / "build/points/graph.dcc" for name in whole)
    assert one.read_bytes() == other.read_bytes()


def test_another_table_in_the_same_folder_is_refused(points: Path, datacc: Datacc) -> None:
    write_table(points / "other.csv", rows=40)
    toml = (points / "datacc.toml").read_bytes()
    datacc("build", "other.csv", "--label", "kind", code=errors.UsageError.exit_code)
    assert (points / "datacc.toml").read_bytes() == toml


def test_the_same_table_again_is_the_same_program(points: Path, datacc: Datacc) -> None:
    assert datacc("build", "points.csv", "--label", "kind")["holds"]
    assert datacc("build", "points.csv")["holds"]


@pytest.mark.parametrize("asked", [["--label", "x"], ["--type", "number"], ["--skip-bad"]])
def test_the_same_table_asked_otherwise_is_refused(points: Path, datacc: Datacc, asked: list[str]) -> None:
    toml = (points / "datacc.toml").read_bytes()
    datacc("build", "points.csv", *asked, code=errors.UsageError.exit_code)
    assert (points / "datacc.toml").read_bytes() == toml


def test_a_lock_of_another_program(points: Path, datacc: Datacc) -> None:
    toml = points / "datacc.toml"
    toml.write_text(toml.read_text().replace("output.kind", "output.sort"))
    said = datacc("build", code=errors.SpecError.exit_code)
    assert said["error"]["where"] == "datacc.lock"
    assert said["error"]["tries"][0] == "datacc build --search"


def test_the_same_bytes_elsewhere(points: Path, datacc: Datacc) -> None:
    said = datacc("build", "--verify")
    assert {"points.c", "graph.dcc"} <= set(said["verified"])
    assert said["report"]["provenance"]["machine"] == machine_class()


def test_the_machines_for_which_the_same_bytes_are_promised_are_told(points: Path, told: Told) -> None:
    promise = f"promised on {machine_class()}, of the same examples"
    assert promise in " ".join(told("build", "--verify").split())
    assert all(promise in (points / "build/points" / name).read_text() for name in ("card.md", "report.html"))


def test_other_bytes_are_noticed(points: Path) -> None:
    with (points / "build/points/points.c").open("a") as file:
        file.write("/* tampered with */\n")
    with pytest.raises(errors.VerifyError, match=r"other bytes: points\.c\n"):
        verify(read_program(points / "datacc.toml"), points, None)


def test_judge_again(points: Path, datacc: Datacc) -> None:
    before = (points / "build/points/report.json").read_bytes()
    said = datacc("judge")
    assert said["holds"]
    assert said["report"]["digests"] == json.loads(before)["digests"]
    assert (points / "build/points/report.json").read_bytes() == before
    datacc("judge", "nowhere", code=errors.UsageError.exit_code)


def test_judge_goes_by_the_goals_and_examples_of_the_build_as_its_help_says(
    points: Path, datacc: Datacc, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = points / "datacc.toml"
    toml.write_text(re.sub(r"accuracy = .+", "accuracy = 0.9999", toml.read_text()))
    assert read_program(toml).goals[0].limit == 0.9999
    write_table(points / "points.csv", rows=200)
    built = json.loads((points / "build/points/report.json").read_text())["verdict"]["lines"]
    judged = datacc("judge")["report"]["verdict"]["lines"]
    assert [(line["what"], line["wanted"]) for line in judged] == [(line["what"], line["wanted"]) for line in built]
    assert judged[0]["figure"] == built[0]["figure"]
    with pytest.raises(SystemExit):
        app.call(["judge", "--help"])
    assert "those that it was built with" in capsys.readouterr().out


def test_diff_after_a_relabel(points: Path, datacc: Datacc, told: Told) -> None:
    datacc("diff", code=errors.UsageError.exit_code)
    lines = (points / "points.csv").read_text(encoding="utf-8").splitlines()
    turned = [line.replace(CLASSES[0], CLASSES[1]) for line in lines[:21]]
    (points / "points.csv").write_text("\n".join(turned + lines[21:]) + "\n", encoding="utf-8")
    datacc("build")
    said = datacc("diff", "--quick")
    assert 5 <= len(said["relabelled"]) <= 10
    assert {(one["old"], one["new"]) for one in said["relabelled"]} == {CLASSES}
    assert [part["split"] for part in said["answers"]] == [
        "learn and tune"
    ]  # a few examples are all learnt, and answered out of fold
    assert f"{len(said['relabelled'])} changed" in told("diff", "--quick")


@pytest.mark.parametrize(
    ("stop", "code"),
    [
        (KeyboardInterrupt(), INTERRUPTED),
        (OSError(errno.ENOSPC, "no space", "x"), errors.ResourceError.exit_code),
        (MemoryError(), errors.ResourceError.exit_code),
    ],
)
def test_a_build_that_is_cut_off_leaves_the_last_good_one(
    stop: BaseException, code: int, points: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(made: Any, root: Path, store: Any, folder: Path, *more: Any) -> None:
        (folder / "half").write_text("written")
        raise stop

    def everything() -> dict[Path, bytes]:
        kept = [path for path in points.rglob("*") if path.is_file() and ".datacc" not in path.parts]
        return {path: path.read_bytes() for path in kept}

    next(points.glob("build/*/card.md")).unlink()  # else nothing would be built
    before = everything()
    monkeypatch.setattr("datacc.compiler.build.finish", cut_off)
    assert app.call(["build"]) == code
    assert everything() == before


@pytest.mark.parametrize(
    ("content", "label", "error"),
    [
        ("a,b\n1,2\n", "kind", errors.DataError),
        ("a,kind\n1,x\n2,x\n", "kind", errors.DataError),
        ("a,kind\n", "kind", errors.DataError),
        ("", "kind", errors.DataError),
        ("a,kind\n" + "1,x\nnan,y\n" * 50, "kind", errors.DataError),
        ("a,kind\n" + "1,x\n1,y\n" * 50, "kind", errors.DataError),
        (b"\x89PNG\r\n\x1a\n\xff", "kind", errors.DataError),
    ],
    ids=["no column", "one class", "no rows", "empty", "nan", "constant", "no text"],
)
def test_an_unusable_table_leaves_nothing(
    content: str | bytes,
    label: str,
    error: type[errors.DataccError],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    datacc: Datacc,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    said = datacc("build", "bad.csv", "--label", label, code=error.exit_code)
    assert said["error"]["tries"]
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.csv", ".datacc"}


def test_a_table_that_is_not_there_is_told_before_what_else_is_asked(points: Path, datacc: Datacc) -> None:
    for words in (["--frontier", "cost.svg"], ["other.csv", "--label", "kind"]):
        said = datacc("build", *words, code=errors.DataError.exit_code)
        assert said["error"]["what"] == "there is no such file or folder"
        assert said["error"]["where"] == next(word for word in words if "." in word)
