"""Tidy up after a killed command: it had noted what it was about to touch, and that becomes what HEAD has of it.

HEAD moves last and in one step, so a command that did not live to its end either happened or did not; files, git's
index and the journal then follow HEAD.
"""

import glob
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Final

from datacc.errors import DataccError
from datacc.frozen import frozen
from datacc.repo.git import Git, GitKilled
from datacc.repo.journal import Journal
from datacc.repo.lock import locked
from datacc.store import halves

EXCHANGE: Final = "exchange"  # push and fetch: another lock, since they may take long
_HISTORY: Final = "lock"
_STRAYS: Final = 60.0  # seconds; an index.lock from later may be that of an editor, which keeps it long
_BRANCH: Final = "(branch).lock"  # of the branch that is worked on, whatever its name
_MERGING: Final = ("MERGE_HEAD", "MERGE_MSG", "MERGE_MODE", "AUTO_MERGE")


@frozen
class Note:
    """What a command is about to touch: files below the root, the journal's edits (by number) that leave it once HEAD
    has the file `proof`, lock files of git (patterns), and whether git's notes of an unfinished merge are its own."""

    files: Sequence[str] = ()
    edits: Sequence[int] = ()
    proof: str = ""
    locks: Sequence[str] = ()
    merges: bool = False


@contextmanager
def alone(root: Path, name: str = _HISTORY) -> Iterator[None]:
    """Hold the lock of the repository at `root`, tidied up. Errors as of `locked`."""
    with locked(root, name):
        _tidy(root, name)
        yield


def tidy(root: Path) -> None:
    """Tidy up after commands that were killed, if there are any and nobody else is at it."""
    for name in (_HISTORY, EXCHANGE):
        if _note(root, name).exists():
            with suppress(OSError, DataccError), locked(root, name, patience=0.0) as is_ours:
                if is_ours:
                    _tidy(root, name)


@contextmanager
def changing(
    root: Path, files: Sequence[str], *, edits: Sequence[int] = (), proof: str = "", merges: bool = False
) -> Iterator[None]:
    """Whoever is inside and fails, or is killed, has not changed these files; the lock is held.

    Files that differ from HEAD already must not be among them. At the end the journal loses the `edits`, as it does
    after a kill if HEAD has the file `proof` by then.
    """
    locks = ("index.lock", "next-index-*.lock", "HEAD.lock", "ORIG_HEAD.lock", _BRANCH)
    with noted(root, Note(files=tuple(files), edits=edits, proof=proof, locks=locks, merges=merges)):
        yield
        if edits:
            Journal(root).drop(edits)


@contextmanager
def exchanging(root: Path) -> Iterator[None]:
    """Hold the lock of those who talk to git's remotes, which may take long: nobody who commits waits for it."""
    locks = ("config.lock", "packed-refs.lock", "shallow.lock", "refs/remotes/**/*.lock")
    with alone(root, EXCHANGE), noted(root, Note(locks=locks), EXCHANGE):
        yield


@contextmanager
def noted(root: Path, note: Note, name: str = _HISTORY) -> Iterator[None]:
    """Keep a note while inside; what it names is settled when that fails."""
    place = _note(root, name)
    with place.open("wb") as file:
        file.write(json.dumps(asdict(note)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        yield
    except BaseException as error:
        with suppress(Exception):  # the disk may still be full: the next command tries again
            since = place.stat().st_mtime if isinstance(error, GitKilled) else None
            if since is None:
                os.utime(place, (0, 0))  # git has removed its own locks: what is left of them is somebody else's
            _settle(root, note, since)
            place.unlink()
        raise
    with suppress(OSError):  # settling once more does no harm
        place.unlink()


def _note(root: Path, name: str) -> Path:
    return root / ".datacc" / f"{name}.note"


def _tidy(root: Path, name: str) -> None:
    place = _note(root, name)
    try:
        since, said = place.stat().st_mtime, place.read_bytes()
    except OSError:
        return
    with suppress(ValueError, TypeError):  # one that was cut off: nothing was touched yet
        note = Note(**json.loads(said))
        if all(_is_inside(path) for path in (*note.files, *note.locks)):
            _settle(root, note, since)
    place.unlink(missing_ok=True)


def _is_inside(path: str) -> bool:
    return not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts


def _settle(root: Path, note: Note, since: float | None) -> None:
    """Let files, index and journal follow HEAD. `since`: when git was called that was killed; else it ended itself."""
    git = Git(root)
    folders = [root / one for one in git.run("rev-parse", "--git-dir", "--git-common-dir").decode().splitlines()]
    if since:
        branch = git.ask("symbolic-ref", "--quiet", "HEAD") or "HEAD"
        patterns = [f"{glob.escape(branch)}.lock" if one == _BRANCH else one for one in note.locks]
        for path in (path for folder in folders for pattern in patterns for path in folder.glob(pattern)):
            _remove_lock(path, since)
    if note.files:
        _follow_head(git, note.files)
    for name in _MERGING if note.merges else ():
        (folders[0] / name).unlink(missing_ok=True)
    if note.edits and note.proof in git.tree(git.commit_of("HEAD")):
        Journal(root).drop(note.edits)


def _remove_lock(path: Path, since: float) -> None:
    """Remove a lock of the git that was called at `since` (a second more or less), never one of another's."""
    with suppress(FileNotFoundError):
        age = path.lstat().st_mtime - since
        if age >= -1.0 and (age <= _STRAYS or path.name != "index.lock"):
            path.unlink()


def _follow_head(git: Git, files: Sequence[str]) -> None:
    known = git.tree(git.commit_of("HEAD"))
    new = [path for path in files if path not in known]
    for path in files:
        file = git.root / path
        if any((git.root / parent).is_symlink() for parent in PurePosixPath(path).parents):
            continue
        for half in halves(file):
            half.unlink()
        if path in new:
            file.unlink(missing_ok=True)
            remove_empty(file.parent, git.root)
    if new:
        listed = b"\0".join(map(os.fsencode, new))
        git.run("reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul", input=listed)
    if len(new) < len(files):
        listed = b"\0".join(os.fsencode(path) for path in files if path in known)
        git.run("checkout", "--quiet", "HEAD", "--pathspec-from-file=-", "--pathspec-file-nul", input=listed)


def remove_empty(folder: Path, root: Path) -> None:
    """Remove an empty folder below the root, and those above it that are empty then."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
