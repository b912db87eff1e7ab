"""`datacc new`: a repository, with a program or without, and nothing where it cannot be."""

import json
import subprocess
from pathlib import Path

import pytest

from datacc import errors
from datacc.cli import app

TOML = """\
name = "kinds"
[input.row]
type = "record"
columns = ["a"]
[output.kind]
type = "label"
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def committed(root: str) -> str:
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True)
    assert subprocess.run(["git", "status", "-s"], cwd=root, capture_output=True, check=True).stdout == b""
    return listed.stdout


def test_a_folder_becomes_a_repository_of_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["new", "My digits!", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["name"] == "my_digits"
    assert "schema/format.json" in committed("My digits!")


def test_it_begins_with_a_program(tmp_path: Path) -> None:
    (tmp_path / "asked.toml").write_text(TOML)
    assert app.call(["new", "somewhere", "--program", "asked.toml"]) == 0
    assert (tmp_path / "somewhere/datacc.toml").read_text() == TOML
    assert "datacc.toml" in committed("somewhere")


def test_a_program_that_lies_there_already(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "datacc.toml").write_text(TOML)
    assert app.call(["new", ".", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "kinds"
    assert "datacc.toml" in committed(".")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["new", "x", "--name", "class"], errors.SpecError),
        (["new", "x", "--program", "nowhere.toml"], errors.SpecError),
        (["new", "x", "--name", "a", "--program", "b"], errors.UsageError),
        (["new"], errors.UsageError),
    ],
)
def test_what_cannot_be_leaves_nothing(words: list[str], error: type[errors.DataccError], tmp_path: Path) -> None:
    assert app.call(words) == error.exit_code
    assert list(tmp_path.iterdir()) == []


def test_twice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["new", "x"]) == 0
    before = committed("x")
    assert app.call(["new", "x"]) == errors.RepositoryError.exit_code
    assert committed("x") == before
