"""The folder `build/<name>/`: filled beside the old one, exchanged in one step, the one before kept as `previous`."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from datacc.errors import UsageError

PREVIOUS: Final = "previous"
MARKS: Final = ("interface.json", "graph.dcc", "report.json")  # any of which tells an artifact
TOLD: Final = frozenset({"report.json", "report.html", "card.md"})  # of one build, its time and its machine
STALE: Final = 3600  # seconds; filling the folder takes a few


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new empty folder that takes the place of `folder` when the block ends well, and vanishes when it does not.

    The old artifact becomes `previous/` of the new one; what was its own `previous/` goes, unless both hold the same
    program of the same examples, or the old one is no measure: then the older one stays, to be compared with.
    """
    _demand_ours(folder)
    recover(folder)
    fresh = _beside(folder, f"new-{os.getpid()}")  # two builds at a time do not meet; the later one stays
    _sweep(folder)
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"the folder cannot be made: {error.strerror}", where=str(folder)) from error
    try:
        yield fresh
        _keep_previous(folder, fresh)
        _exchange(folder, fresh)
    except OSError as error:
        error.filename = error.filename or str(fresh)  # a disk that is full while it is written to names no file
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def replaced(folder: Path, fresh: Path, examples: str) -> Path | None:
    """The artifact that `fresh` is to be compared with when it takes the place of `folder`; None without one.

    `fresh` holds all but its report; `examples` is the digest of its examples. Where both hold the same program of the
    same examples, or `folder` is no measure, it is the one that `folder` replaced itself.
    """
    before = _before(folder, _content(fresh, examples))
    return before if before is not None and (before / "report.json").is_file() else None


def files(folder: Path) -> dict[str, Path]:
    """Name below `folder` → path, of every file that is part of the program: not the reports, not `previous/`."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path for name, path in paths.items() if name.split("/")[0] != PREVIOUS and name not in TOLD}


def _demand_ours(folder: Path) -> None:
    """Raises `UsageError` for a place that holds something other than an artifact: it would be replaced."""
    tries = [f"{folder / 'program'}", "a folder that is empty or not there"]
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError("this is no folder of its own", where=str(folder), tries=tries)
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / mark).exists() for mark in MARKS):
        raise UsageError("the folder holds other files, which would be replaced", where=str(folder), tries=tries)


def recover(folder: Path) -> None:
    """Finish or undo an exchange that was cut off: afterwards `folder` is the last good artifact, or absent."""
    old = _beside(folder, "old")
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _beside(folder: Path, word: str) -> Path:
    return folder.with_name(f".{folder.name}.{word}")


def _sweep(folder: Path) -> None:
    """Remove what builds that were killed left beside `folder`."""
    for left in folder.parent.glob(f".{folder.name}.new-*"):
        if time.time() - left.stat().st_mtime > STALE:
            shutil.rmtree(left, ignore_errors=True)


def _keep_previous(folder: Path, fresh: Path) -> None:
    before = _before(folder, _content(fresh))
    if before is not None and _is_whole(before):
        shutil.copytree(before, fresh / PREVIOUS, ignore=lambda *_: [PREVIOUS])


def _before(folder: Path, fresh: tuple[object, ...]) -> Path | None:
    """What an artifact of the content `fresh` is to be compared with: `folder`, or what that kept; None without either.

    The older where both are the same, where a check found `folder` to break answers (what is broken would else count as
    given with the next build), and where only that is whole.
    """
    older = folder / PREVIOUS
    kept = (older,) if _content(folder) == fresh or _broke(folder / "report.json") else (folder, older)
    return max(filter(Path.exists, kept), key=_is_whole, default=None)


def _is_whole(artifact: Path) -> bool:
    """Whether its report, if it has one, can be read."""
    report = artifact / "report.json"
    return not report.exists() or _told(report, "data", "digest") is not None


def _content(folder: Path, examples: str | None = None) -> tuple[object, ...]:
    """What makes a build what it is: its Graph, its interface, and the examples (judge's change no Graph)."""
    files = (folder / "graph.dcc", folder / "interface.json")
    told = examples if examples is not None else _told(folder / "report.json", "data", "digest")
    return *(file.read_bytes() if file.exists() else b"" for file in files), told


def _broke(report: Path) -> bool:
    """Whether a check counted more broken answers than it allows."""
    told = _told(report, "verdict", "lines")
    lines = [line for line in told if isinstance(line, dict)] if isinstance(told, list) else []
    counted = [line for line in lines if line.get("check") == "broken" and line.get("value") is not None]
    return any(line.get("holds") is False for line in counted)


def _told(report: Path, *keys: str) -> object:
    """What a report says under these keys; None where it is gone or damaged."""
    try:
        found = json.loads(report.read_bytes())
        for key in keys:
            found = found[key]
        return found
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _exchange(folder: Path, fresh: Path) -> None:
    try:
        if folder.exists():
            folder.rename(_beside(folder, "old"))
        fresh.rename(folder)
    finally:
        recover(folder)
