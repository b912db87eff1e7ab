"""Erase what lies outside git of examples that are forgotten: here, and in the remotes of media."""

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from datacc.errors import DataccError
from datacc.repo.find import OWN_FOLDER, Repository
from datacc.repo.index import FOLDER
from datacc.repo.needs import first_commit
from datacc.repo.packs import Packs, packs_folder
from datacc.repo.remotes import read_remotes

# Any of these may hold what an example was: rows, texts, pictures as numbers, files that were damaged, half an import.
_CACHES: Final = (Path(FOLDER).name, "cache", "damaged", "staging-*", "healing-*")


def erase_here(repository: Repository, packs: Collection[str]) -> None:
    """Remove the caches, all of them made again when needed, and these packs."""
    own = repository.root / OWN_FOLDER
    for path in (found for pattern in _CACHES for found in own.glob(pattern)):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    for name in packs:
        (packs_folder(repository) / name).unlink(missing_ok=True)


def erase_there(
    repository: Repository, packs: Collection[str], instead: Mapping[str, bytes]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Remove these packs from every remote, once it holds those that come `instead`, name → bytes.

    Remote → the packs that went; and of the remotes where that could not be done, name → why.
    """
    opened, gone, waiting = Packs(repository), dict[str, tuple[str, ...]](), dict[str, str]()
    for remote in read_remotes(repository.git) if packs else ():
        try:
            store = opened.store(remote)
            if store.owners() - {first_commit(repository.git)}:
                waiting[remote.name] = "other repositories keep packs there"
                continue
            for name, data in instead.items():
                store.put(name, data)
            there = sorted(store.sizes().keys() & set(packs))
            for name in there:
                store.delete(name)
                store.unmark(name)
            gone[remote.name] = tuple(there)
        except DataccError as error:
            waiting[remote.name] = error.what
    return gone, waiting
