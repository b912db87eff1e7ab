"""Put new files into the working tree and one git commit, or leave no trace of them."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from datacc.errors import RepositoryError, ResourceError
from datacc.repo.find import Repository
from datacc.repo.tidy import alone, changing

_FORGOTTEN: Final = 24 * 3600.0  # seconds


@contextmanager
def staging(repository: Repository) -> Iterator[Path]:
    """A folder for half-made files, on the same disk and ignored by git; gone afterwards.

    Raises `ResourceError` when the disk fills up inside.
    """
    parent = repository.root / ".datacc"
    try:
        parent.mkdir(exist_ok=True)
        _sweep(parent)
        folder = Path(tempfile.mkdtemp(prefix="staging-", dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        tries = ["free some space and run again; nothing was changed"]
        raise ResourceError("the disk is full", where=str(repository.root), tries=tries) from error


def commit_new(repository: Repository, staged: Mapping[str, Path], message: str) -> str:
    """Move `staged` (path below the root → file) into place and commit them. The hash of the commit.

    The paths must be new. When anything fails, or the user interrupts, none of them stays.
    """
    for path in staged:
        refuse_links(repository.root, path)
    with alone(repository.root):
        return _commit_new(repository, staged, message)


def _commit_new(repository: Repository, staged: Mapping[str, Path], message: str) -> str:
    with changing(repository.root, list(staged)):
        for path, file in staged.items():
            target = repository.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _sync(file)
            os.replace(file, target)
        return repository.git.commit(staged, message)


def refuse_links(root: Path, path: str) -> None:
    """Raises `RepositoryError` when a folder of `path` below the root is a link: writing would go elsewhere."""
    folder = root
    for part in Path(path).parts[:-1]:
        folder = folder / part
        if folder.is_symlink():
            tries = ["remove the link", f"git log -- {folder.relative_to(root).as_posix()} says who committed it"]
            raise RepositoryError(
                "this is a link; the repository has folders of its own", where=str(folder), tries=tries
            )


def _sweep(parent: Path) -> None:
    """Remove what imports left that were killed long ago."""
    for folder in parent.glob("staging-*"):
        if time.time() - folder.stat().st_mtime > _FORGOTTEN:
            shutil.rmtree(folder, ignore_errors=True)


def _sync(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
