"""A build to which nothing is left to do: the artifact stands, unless something of it is gone or was missed by time."""

from dataclasses import replace
from pathlib import Path

import pytest

from datacc.compiler import build as path_of_build
from datacc.compiler.artifact import files
from datacc.compiler.build import Order, build
from datacc.compiler.report import Report, read_report
from datacc.spec.lock import write_lock
from datacc.spec.program import Budget, Goal, Program
from tests.compiler.tables import blobs
from tests.compiler.test_sides import asked, cheap


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A program of two flowers with a lock of a small net."""
    blobs(tmp_path / "flowers.csv", rows=240, classes=2, spread=0.5)
    program = asked(tmp_path)
    write_lock(tmp_path / "datacc.lock", cheap(program))
    return program


def count(monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """The reports of builds that really linked and judged."""
    done: list[Report] = []
    real = path_of_build.finish

    def counted(*words: object) -> Report:
        done.append(real(*words))  # type: ignore[arg-type]
        return done[-1]

    monkeypatch.setattr(path_of_build, "finish", counted)
    return done


def test_what_would_come_out_again_stands(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    done = count(monkeypatch)
    first = build(program, tmp_path)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "build").rglob("*")}
    assert build(program, tmp_path) == first == read_report(tmp_path / "build" / "flowers" / "report.json")
    assert len(done) == 1
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "build").rglob("*")} == times


@pytest.mark.parametrize(
    ("hurt", "gone"),
    [
        *((name, True) for name in ("flowers.c", "graph.dcc", "interface.json", "report.html", "report.json")),
        *((name, False) for name in ("flowers.c", "graph.dcc", "interface.json", "report.json")),
    ],
)
def test_an_artifact_that_is_not_whole_is_made_again(
    hurt: str, gone: bool, tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(program, tmp_path)
    folder = tmp_path / "build" / "flowers"
    whole = {name: path.read_bytes() for name, path in files(folder).items()}
    if gone:
        (folder / hurt).unlink()
    else:
        (folder / hurt).write_bytes(b"{}" + (folder / hurt).read_bytes()[2:-1])
    done = count(monkeypatch)
    again = build(program, tmp_path)
    assert len(done) == 1
    assert again.digests == first.digests
    assert {name: path.read_bytes() for name, path in files(folder).items()} == whole


@pytest.mark.parametrize(
    "change",
    [
        lambda program: replace(program, goals=(Goal(metric="accuracy", limit=0.61),)),
        lambda program: replace(program, budget=Budget(size=10**6)),
        lambda program: replace(program, target=replace(program.target, make=("c",))),
        lambda program: replace(program, target=replace(program.target, cpu="x86-64-v2")),
    ],
    ids=["goal", "budget", "make", "cpu"],
)
def test_what_is_asked_otherwise_is_built(
    change: object, tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(program, tmp_path)
    done = count(monkeypatch)
    assert callable(change)
    build(change(program), tmp_path)
    assert len(done) == 1


def test_a_miss_stands_but_for_its_time(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs(tmp_path / "flowers.csv", rows=240, classes=2, spread=2.5)
    done = count(monkeypatch)
    hard = replace(program, goals=(Goal(metric="accuracy", limit=0.9),))
    assert not build(hard, tmp_path).verdict.holds
    assert build(hard, tmp_path) == done[0]
    slow = replace(program, budget=Budget(latency=1e-9))
    assert [line.what for line in build(slow, tmp_path).verdict.missed] == ["latency"]
    build(slow, tmp_path)
    assert len(done) == 3


def test_exact_builds_always(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    done = count(monkeypatch)
    for _ in range(2):
        build(program, tmp_path, Order(exact=True))
    assert len(done) == 2
    assert done[0].digests == done[1].digests


def test_a_report_tells_what_changed_since_the_build_before(tmp_path: Path, program: Program) -> None:
    table = tmp_path / "flowers.csv"
    assert build(program, tmp_path).since is None
    lines = table.read_text().splitlines()
    swap = {"kind a": "kind b", "kind b": "kind a"}
    for n in range(1, 31):
        head, _, label = lines[n].rpartition(",")
        lines[n] = f"{head},{swap[label]}"
    table.write_text("\n".join(lines) + "\n")
    report = build(program, tmp_path)
    assert report.since is not None
    assert 0 < report.since.labels < 30, "those of judge are sealed"
    assert len(report.since.relabelled) == min(report.since.labels, 20)
    assert [part.split for part in report.since.answers] == ["tune"]
    assert report.since.judge.old is not None
    assert build(program, tmp_path).since == report.since

    (tmp_path / "build" / "flowers" / "flowers.h").unlink()
    assert build(program, tmp_path).since == report.since, "made again, it is compared with the same one"


def test_a_build_before_that_cannot_be_read_is_told(tmp_path: Path, program: Program) -> None:
    build(program, tmp_path)
    for path in (tmp_path / "build" / "flowers").glob("*.so"):
        path.write_bytes(b"")
    report = build(replace(program, seed=1), tmp_path)
    assert report.since is None
    assert "cannot be compared with the build before: the library is damaged" in report.unlike
