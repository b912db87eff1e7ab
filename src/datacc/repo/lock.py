"""One at a time: who changes the history of a working tree holds its lock, which the system frees with the process."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final

from datacc.errors import RepositoryError

_PATIENCE: Final = 120.0  # seconds
_PAUSE: Final = 0.01


_HELD: Final = set[int]()


@contextmanager
def locked(root: Path, name: str = "lock", *, patience: float = _PATIENCE) -> Iterator[bool]:
    """Hold a lock of the repository at `root`. Raises `RepositoryError` when another process keeps it too long.

    Without `patience` (seconds) it says instead whether it is held.
    """
    path = root / ".datacc" / name
    path.parent.mkdir(exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        is_ours = _take(file)
        if not is_ours and patience:
            _wait(file, path, patience)
        _HELD.add(file)
        yield is_ours or bool(patience)
    finally:
        _HELD.discard(file)
        os.close(file)


def held() -> tuple[int, ...]:
    """The files to hand to every git that is started: it then keeps the locks until it ends, when we are killed."""
    return tuple(_HELD) if os.name != "nt" else ()


def _wait(file: int, path: Path, patience: float) -> None:
    last = time.monotonic() + patience
    while not _take(file):
        if time.monotonic() > last:
            tries = ["wait for it, or stop it, and run again"]
            raise RepositoryError("another datacc is changing this repository", where=str(path), tries=tries)
        time.sleep(_PAUSE)


def _take(file: int) -> bool:
    """Whether the lock is ours now."""
    try:
        if os.name == "nt":
            windows = import_module("msvcrt")
            windows.locking(file, windows.LK_NBLCK, 1)
        else:
            unix = import_module("fcntl")
            unix.flock(file, unix.LOCK_EX | unix.LOCK_NB)
    except OSError:
        return False
    return True
