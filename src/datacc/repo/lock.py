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


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the lock of the repository at `root`. Raises `RepositoryError` when another process keeps it too long."""
    path = root / ".datacc" / "lock"
    path.parent.mkdir(exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait(file, path)
        yield
    finally:
        os.close(file)


def _wait(file: int, path: Path) -> None:
    last = time.monotonic() + _PATIENCE
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
