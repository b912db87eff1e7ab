"""Making and finding repositories."""

import subprocess
from pathlib import Path

import pytest

from datacc.errors import RepositoryError, SpecError
from datacc.repo.contents import read_contents
from datacc.repo.create import create
from datacc.repo.find import MARKER, find


def test_a_new_repository_is_one_clean_commit_on_main(tmp_path: Path) -> None:
    created = create(tmp_path / "a" / "b", "pets")
    git = created.repository.git
    assert git.ask("symbolic-ref", "--short", "HEAD") == "main"
    assert git.commit_of("HEAD") == created.commit
    assert git.run("status", "--porcelain") == b""
    assert set(git.tree("HEAD")) == {".gitignore", ".gitattributes", MARKER}
    assert b"/.datacc/" in (tmp_path / "a/b/.gitignore").read_bytes()


def test_it_says_when_git_knows_no_user(tmp_path: Path) -> None:
    assert "git config user.name" in create(tmp_path / "r", "pets").notes[0]


def test_an_existing_git_repository_keeps_its_files_and_history(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "trunk", tmp_path], check=True)
    (tmp_path / ".gitignore").write_bytes(b"*.o\n/build/\n")
    (tmp_path / "notes.txt").write_text("mine")
    git = create(tmp_path, "pets").repository.git
    assert (tmp_path / ".gitignore").read_bytes() == b"*.o\n/build/\n/.datacc/\n"
    assert git.ask("symbolic-ref", "--short", "HEAD") == "trunk"
    assert git.run("status", "--porcelain") == b"?? notes.txt\n"


def test_inside_another_repository_it_gets_one_of_its_own(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    create(tmp_path / "inner", "pets")
    assert (tmp_path / "inner" / ".git").is_dir()
    assert subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, capture_output=True).returncode != 0


def test_a_second_time_is_refused(tmp_path: Path) -> None:
    create(tmp_path, "pets")
    with pytest.raises(RepositoryError, match="already"):
        create(tmp_path, "pets")


def test_a_file_in_the_way_stays(tmp_path: Path) -> None:
    (tmp_path / "pets").write_text("mine")
    with pytest.raises(RepositoryError, match="a file is there"):
        create(tmp_path / "pets", "pets")
    assert (tmp_path / "pets").read_text() == "mine"


@pytest.mark.parametrize("name", ["../x", "int", "a b", "x" * 100, "", "json"])
def test_a_name_no_program_can_have_leaves_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError):
        create(tmp_path / "r", name)
    assert not (tmp_path / "r").exists()


def test_a_failure_leaves_the_folder_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitignore").write_bytes(b"*.o\n")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "no date at all")
    with pytest.raises(RepositoryError):
        create(tmp_path, "pets")
    assert {path.name for path in tmp_path.iterdir()} == {".gitignore"}
    assert (tmp_path / ".gitignore").read_bytes() == b"*.o\n"
    with pytest.raises(RepositoryError):
        create(tmp_path / "fresh", "pets")
    assert not (tmp_path / "fresh").exists()


def test_it_is_found_from_any_folder_in_it(tmp_path: Path) -> None:
    create(tmp_path, "pets")
    (tmp_path / "x" / "y").mkdir(parents=True)
    found = find(tmp_path / "x" / "y")
    assert (found.root, found.name) == (tmp_path, "pets")


def test_outside_one_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="no label repository") as caught:
        find(tmp_path)
    assert caught.value.where == str(tmp_path)
    assert "datacc new" in caught.value.tries[0]


def test_one_from_the_future_is_refused_in_the_tree_and_in_history(tmp_path: Path) -> None:
    repository = create(tmp_path, "pets").repository
    old = (tmp_path / MARKER).read_bytes()
    (tmp_path / MARKER).write_bytes(b'{"format": 1, "name": "pets"}')
    with pytest.raises(RepositoryError, match="format 1"):
        find(tmp_path)
    repository.git.commit([MARKER], "future")
    (tmp_path / MARKER).write_bytes(old)
    with pytest.raises(RepositoryError, match="format 1"):
        read_contents(find(tmp_path))


@pytest.mark.parametrize("text", [b"", b"{}", b"[0]", b'{"format": "x", "name": 1}'])
def test_a_damaged_marker_is_named(tmp_path: Path, text: bytes) -> None:
    create(tmp_path, "pets")
    (tmp_path / MARKER).write_bytes(text)
    with pytest.raises(RepositoryError, match="damaged"):
        find(tmp_path)
