"""A repository made by the command itself, and the command as a function from words to what it said."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc.cli import app

Said = dict[str, Any]

TABLE = "width,height,kind\n" + "".join(f"{n}.5,{n % 7},{'long' if n % 3 else 'short'}\n" for n in range(30))


@pytest.fixture
def datacc(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """`datacc("log")` is what `datacc log --json` says; it must end with `code`."""

    def call(*words: str | Path, code: int = 0) -> Said:
        capsys.readouterr()
        ended = app.call([*map(str, words), "--json"])
        said: Said = json.loads(capsys.readouterr().out)
        assert ended == code, said
        return said

    return call


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """`told("log")` is the text that `datacc log` prints."""

    def call(*words: str | Path) -> str:
        capsys.readouterr()
        assert app.call([*map(str, words)]) == 0
        return capsys.readouterr().out

    return call


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Callable[..., Said]) -> Path:
    """A repository of 30 rows, two classes, and the current folder."""
    monkeypatch.chdir(tmp_path)
    datacc("new", "sticks")
    (tmp_path / "sticks.csv").write_text(TABLE)
    monkeypatch.chdir(tmp_path / "sticks")
    datacc("import", tmp_path / "sticks.csv", "--label", "kind")
    return tmp_path / "sticks"
