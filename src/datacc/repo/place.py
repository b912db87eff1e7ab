"""Put new files into the working tree and one git commit, or leave no trace of them."""

import os
from collections.abc import Mapping
from pathlib import Path

from datacc.errors import RepositoryError
from datacc.repo.find import Repository
from datacc.repo.tidy import alone, changing


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


def _sync(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
