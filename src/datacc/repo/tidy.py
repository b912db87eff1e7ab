"""Tidy up after a killed command: it had noted what it was about to rewrite, and that becomes what HEAD has of it.

HEAD moves last and in one step, so a command that did not live to its end either happened or did not.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Final

from datacc.repo.git import Git
from datacc.repo.lock import locked
from datacc.store import write_atomically

_NOTE: Final = ".datacc/lock.note"


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the lock of the repository at `root`, tidied up. Errors as of `locked`."""
    with locked(root):
        _tidy(root)
        yield


@contextmanager
def changing(root: Path, files: Sequence[str]) -> Iterator[None]:
    """Whoever is inside and fails, or is killed, has not changed these files; the lock is held.

    Files that differ from HEAD already must not be among them.
    """
    write_atomically(root / _NOTE, json.dumps({"files": list(files)}).encode())
    try:
        yield
    except BaseException:
        with suppress(Exception):  # the disk may still be full: the next command tries again
            _tidy(root)
        raise
    (root / _NOTE).unlink(missing_ok=True)


def _tidy(root: Path) -> None:
    note = root / _NOTE
    if not note.exists():
        return
    with suppress(ValueError, TypeError, KeyError):  # one that says nothing: nothing was touched yet
        files = [str(path) for path in json.loads(note.read_bytes())["files"]]
        if all(_is_inside(path) for path in files):
            _follow_head(Git(root), files)
    note.unlink(missing_ok=True)


def _is_inside(path: str) -> bool:
    return not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts


def _follow_head(git: Git, files: Sequence[str]) -> None:
    known = git.tree(git.commit_of("HEAD"))
    git.unstage(files)
    for path in files:
        file = git.root / path
        if any((git.root / parent).is_symlink() for parent in PurePosixPath(path).parents):
            continue
        for half in file.parent.glob(f".{file.name[:40]}.*"):  # by `write_atomically`
            half.unlink()
        if path not in known:
            file.unlink(missing_ok=True)
            remove_empty(file.parent, git.root)
    back = b"\0".join(os.fsencode(path) for path in files if path in known)
    if back:
        git.run("checkout", "--quiet", "HEAD", "--pathspec-from-file=-", "--pathspec-file-nul", input=back)


def remove_empty(folder: Path, root: Path) -> None:
    """Remove an empty folder below the root, and those above it that are empty then."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
