"""A folder for half-made files, on the disk of the repository; whoever comes after a killed owner removes it."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from datacc.errors import DataccError, ResourceError
from datacc.repo.lock import locked

_MAKING: Final = "staging"  # held while a folder gets its owner, or loses it
_OWNER: Final = "owner"  # in the folder: a lock, which the system frees with the process


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A folder for the repository at `root`, ignored by git; gone afterwards.

    Raises `ResourceError` when the disk fills up inside.
    """
    parent = root / ".datacc"
    try:
        parent.mkdir(exist_ok=True)
        with ExitStack() as stack:
            with locked(root, _MAKING):
                folder = Path(tempfile.mkdtemp(prefix="staging-", dir=parent))
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
                stack.enter_context(locked(root, f"{folder.name}/{_OWNER}"))
            yield folder
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        tries = ["free some space and run again; nothing was changed"]
        raise ResourceError("the disk is full", where=str(root), tries=tries) from error


def sweep(root: Path) -> None:
    """Remove the folders whose owners are dead."""
    for folder in (root / ".datacc").glob("staging-*"):
        with suppress(OSError, DataccError), locked(root, _MAKING, patience=0.0) as is_ours:
            if is_ours and _is_dead(root, folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_dead(root: Path, folder: Path) -> bool:
    with locked(root, f"{folder.name}/{_OWNER}", patience=0.0) as is_ours:
        return is_ours
