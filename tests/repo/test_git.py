"""The door to git: a clean environment, paths of any spelling, errors in words."""

import os
import subprocess
from pathlib import Path

import pytest

from datacc.errors import RepositoryError, ResourceError
from datacc.repo.create import create
from datacc.repo.find import Repository
from datacc.repo.git import Git, _failure

ODD = ["a b.txt", "ü/日本.txt", "*.txt", ":(top)x", "-x", "new\nline", 'quo"te']


def test_paths_of_any_spelling_are_committed_and_read(empty: Repository) -> None:
    for path in ODD:
        target = empty.root / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(path)
    commit = empty.git.commit(ODD, "odd\nnames")
    tree = empty.git.tree(commit)
    assert set(ODD) <= set(tree)
    assert empty.git.blobs([tree[path] for path in ODD]) == [path.encode() for path in ODD]


def test_only_the_named_paths_are_committed(empty: Repository) -> None:
    for name in ("ours", "theirs"):
        (empty.root / name).write_text(name)
    empty.git.run("add", "theirs")
    tree = empty.git.tree(empty.git.commit(["ours"], "one"))
    assert "ours" in tree
    assert "theirs" not in tree
    assert empty.git.run("diff", "--cached", "--name-only") == b"theirs\n"


def test_surprises_in_the_environment_are_ignored(
    empty: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = empty.git.commit_of("HEAD")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    (empty.root / "x").write_text("x")
    after = empty.git.commit(["x"], "x")
    assert empty.git.ask("rev-parse", f"{after}^") == before


def test_the_author_may_be_told_by_the_environment(empty: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ann")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ann@example.org")
    (empty.root / "x").write_text("x")
    commit = empty.git.commit(["x"], "x")
    assert empty.git.ask("log", "-1", "--format=%an <%ae>", commit) == "Ann <ann@example.org>"
    assert empty.git.identity() == ("Ann", "ann@example.org", True)


def test_paths_are_relative_to_a_folder_below_the_top(tmp_path: Path) -> None:
    top = create(tmp_path / "top", "outer").repository
    below = Git(top.root / "below")
    below.root.mkdir()
    (below.root / "x").write_text("inner")
    tree = below.tree(below.commit(["x"], "x"))
    assert set(tree) == {"x"}
    assert below.blobs([tree["x"]]) == [b"inner"]


def test_without_git_the_way_to_get_it_is_named(empty: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(RepositoryError, match="git is not installed") as caught:
        empty.git.tree("HEAD")
    assert "apt-get install git" in caught.value.tries


def test_an_unknown_revision_is_named(empty: Repository) -> None:
    for revision in ("nowhere", "--help", "HEAD:schema", ""):
        with pytest.raises(RepositoryError, match="there is no revision"):
            empty.git.commit_of(revision)


def test_a_lost_object_is_named(empty: Repository) -> None:
    with pytest.raises(RepositoryError, match="lost the object 0000"):
        empty.git.blobs(["0" * 40])


def test_a_refused_commit_leaves_the_index_as_it_was(empty: Repository) -> None:
    hook = empty.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    (empty.root / "x").write_text("x")
    before = empty.git.commit_of("HEAD")
    with pytest.raises(RepositoryError, match="not today"):
        empty.git.commit(["x"], "x")
    assert empty.git.commit_of("HEAD") == before
    assert empty.git.run("status", "--porcelain") == b"?? x\n"


def test_an_interrupt_after_the_commit_counts_as_committed(empty: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Git.run

    def interrupted(self: Git, *arguments: str, input: bytes = b"") -> bytes:
        done = whole(self, *arguments, input=input)
        if "commit" in arguments:
            raise KeyboardInterrupt
        return done

    (empty.root / "x").write_text("x")
    monkeypatch.setattr(Git, "run", interrupted)
    assert empty.git.commit(["x"], "x") == empty.git.commit_of("HEAD")
    monkeypatch.undo()
    assert "x" in empty.git.tree("HEAD")


@pytest.mark.skipif(os.name == "nt", reason="a hook and a signal")
def test_an_interrupt_within_a_commit_leaves_no_lock(empty: Repository) -> None:
    hook = empty.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nls .git/*.lock >held\nkill -INT {os.getpid()}\nsleep 2\n")
    hook.chmod(0o755)
    (empty.root / "x").write_text("x")
    with pytest.raises(KeyboardInterrupt):
        empty.git.commit(["x"], "x")
    assert "index.lock" in (empty.root / "held").read_text()
    assert not list((empty.root / ".git").rglob("*.lock"))
    hook.unlink()
    assert empty.git.commit(["x"], "x") == empty.git.commit_of("HEAD")


def test_git_says_when_the_disk_is_full() -> None:
    error = _failure("add", "error: unable to write file: No space left on device", Path("r"))
    assert isinstance(error, ResourceError)


def test_git_refusing_another_users_repository_says_what_to_do() -> None:
    error = _failure("log", "fatal: detected dubious ownership in repository", Path("/r"))
    assert error.tries == ("git config --global --add safe.directory /r",)


def test_the_repository_passes_gits_own_check(repository: Repository) -> None:
    done = subprocess.run(["git", "fsck", "--strict", "--full"], cwd=repository.root, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_a_password_in_a_url_is_never_repeated(empty: Repository) -> None:
    empty.git.run("remote", "add", "origin", "https://ann:hush@127.0.0.1:9/x.git")
    with pytest.raises(RepositoryError) as caught:
        empty.git.run("fetch", "origin")
    assert "hush" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
