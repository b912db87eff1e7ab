"""Trouble of the machine on the way: a cache that is damaged, or that cannot be written, costs time and is said."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.cli import app

Datacc = Callable[..., dict[str, Any]]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small table, the current one."""
    monkeypatch.chdir(tmp_path)
    rows = (f"{n % 2 + n * 1e-3},{n * n % 7 + 0.5},{'ab'[n % 2]}" for n in range(120))
    (tmp_path / "two.csv").write_text("\n".join(["near,far,topic", *rows, ""]))
    return tmp_path


def built(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a build that works says on standard error."""
    capsys.readouterr()
    assert app.call(["build", *words]) == 0
    return capsys.readouterr().err


def test_a_damaged_cache_is_made_anew_and_said(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "note:" not in built("two.csv", "--label", "topic", capsys=capsys)
    graph = (table / "build/two/graph.dcc").read_bytes()
    for words, told in (([], "note: the cache "), (["--json"], '{"event": "note", "what": "the cache ')):
        shutil.rmtree(table / "build")
        for entry in (table / ".datacc").rglob("*"):
            if entry.is_file():
                entry.write_bytes(entry.read_bytes()[:-1] + b"?")
        said = built(*words, capsys=capsys)
        assert said.count("held damaged entries") == 1
        assert told in said
        assert (table / "build/two/graph.dcc").read_bytes() == graph
        assert "damaged" not in built(*words, capsys=capsys)


def test_a_damaged_lock_is_named_and_can_be_chosen_anew(table: Path, datacc: Datacc) -> None:
    assert datacc("build", "two.csv", "--label", "topic")["holds"]
    lock = table / "datacc.lock"
    whole = lock.read_text()
    for damaged in (
        "garbage",
        "",
        whole.replace("format = 1", "format = 99"),
        whole.replace("width = ", "wdth = "),
        whole.replace("depth = ", "depth = 777"),
        whole.replace('skeleton = "mlp.v1"', 'skeleton = "mlp.v9"'),
    ):
        assert damaged != whole
        lock.write_text(damaged)
        error = datacc("build", code=errors.SpecError.exit_code)["error"]
        assert error["where"].startswith("datacc.lock")
        assert "datacc build --search" in error["tries"]
        assert datacc("build", "--search")["holds"]
        assert lock.read_text() == whole


def test_a_cache_that_cannot_be_written_costs_time_alone(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (table / ".datacc").write_text("a file in its place")
    said = built("two.csv", "--label", "topic", capsys=capsys)
    assert "cannot be written (Not a directory)" in said
    assert (table / ".datacc").read_text() == "a file in its place"
    assert (table / "build/two/two.c").exists()
