"""What is read through one `git cat-file` is what git's other commands say."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datacc.errors import DataccError
from datacc.repo.git import Git
from tests.laws import about


def git(root: Path, *arguments: str, input: bytes = b"") -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", *who, *arguments], cwd=root, input=input, capture_output=True, check=True)
    return done.stdout.decode(errors="surrogateescape")


@pytest.fixture(params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A git repository with odd names, a link, an executable and a folder that looks like another."""
    git(tmp_path, "init", "--quiet", f"--object-format={request.param}")
    for path in ("a", "b/c", "b/d e", "b.x", "bb/c", "deep/er/ä\n\t", "deep/er/\udcff", "empty"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"" if path == "empty" else os.fsencode(path) * 3)
    (tmp_path / "a").chmod(0o755)
    (tmp_path / "link").symlink_to("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=first")
    return tmp_path


def listed(root: Path, *folders: str) -> dict[str, str]:
    entries = git(root, "ls-tree", "-r", "-z", "HEAD", "--", *folders).split("\0")[:-1]
    pairs = [entry.split("\t", 1) for entry in entries]
    return {path: head.split()[2] for head, path in pairs if head.startswith("100")}


@pytest.mark.parametrize("folders", [(), ("b",), ("deep",), ("a",), ("b", "deep/er"), ("nowhere",), ("b/",)])
def test_a_tree_is_what_ls_tree_lists(repository: Path, folders: tuple[str, ...]) -> None:
    assert Git(repository).tree("HEAD", *folders) == listed(repository, *folders)


def test_a_tree_is_seen_from_the_folder_that_git_is_asked_in(repository: Path) -> None:
    assert Git(repository / "deep").tree("HEAD") == listed(repository / "deep")
    assert Git(repository / "deep").tree("HEAD", "er") == listed(repository / "deep", "er")


@given(contents=st.lists(st.binary(max_size=300), max_size=30))
@settings(max_examples=about(5), deadline=None)
def test_blobs_come_in_order_whatever_is_in_them(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]
) -> None:
    root = tmp_path_factory.mktemp("blobs")
    git(root, "init", "--quiet")
    names = [git(root, "hash-object", "-w", "--stdin", input=data).strip() for data in contents]
    assert Git(root).blobs(names) == contents


def test_more_is_asked_for_than_a_pipe_holds(repository: Path) -> None:
    large = os.urandom(1 << 20)
    name = git(repository, "hash-object", "-w", "--stdin", input=large).strip()
    names = [name, *listed(repository).values()] * 3 + list(listed(repository).values()) * 2000
    read = Git(repository).blobs(names)
    assert read[0] == large
    assert read[-len(listed(repository)) :] == [
        os.fsencode(path) * 3 if path != "empty" else b"" for path in listed(repository)
    ]


def test_commits_are_found_by_every_name_they_have(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD").strip()
    git(repository, "tag", "--annotate", "--message=x", "v1")
    asked = ["HEAD", "v1", "nothing", "HEAD:a", head[:10], "two\nlines", "commit x", ""]
    assert Git(repository).commits_at(*asked) == [head, head, None, None, head, None, None, None]


def test_who_reads_sees_what_happens_meanwhile(repository: Path) -> None:
    asked = Git(repository)
    with asked.reading() as objects:
        reader = Git(repository, objects)
        [before] = reader.commits_at("HEAD")
        (repository / "new").write_bytes(b"new")
        git(repository, "add", "new")
        git(repository, "commit", "--quiet", "--message=second")
        git(repository, "gc", "--quiet")
        [after] = reader.commits_at("HEAD")
        assert after == git(repository, "rev-parse", "HEAD").strip() != before
        assert reader.tree("HEAD") == listed(repository)
    assert reader.tree("HEAD") == listed(repository)  # by another process


def test_what_is_not_there_is_said_with_its_name(repository: Path) -> None:
    with pytest.raises(DataccError, match="f" * 40):
        Git(repository).blobs(["f" * 40])
    with pytest.raises(DataccError, match="nothing"):
        Git(repository).tree("nothing")


def test_a_git_that_is_killed_is_an_error(repository: Path) -> None:
    with Git(repository).reading() as objects:
        os.kill(objects._process.pid, signal.SIGKILL)
        with pytest.raises(DataccError, match="killed by signal 9"):
            Git(repository, objects).commits_at(*["HEAD"] * 10_000)


def test_git_s_own_words_are_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(DataccError, match="not a git repository"):
        Git(tmp_path).tree("HEAD")
