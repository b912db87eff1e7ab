"""Erase what lies outside git of examples that are forgotten: here, and in the remotes of media."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final

from datacc.errors import DataccError, RepositoryError
from datacc.repo.find import OWN_FOLDER, Repository
from datacc.repo.index import FOLDER
from datacc.repo.needs import first_commit, needed_packs
from datacc.repo.packs import Packs, packs_folder
from datacc.repo.remotes import read_remotes
from datacc.repo.staging import staging

# Any of these may hold what an example was: rows, texts, pictures as numbers, files that were damaged.
_CACHES: Final = (Path(FOLDER).name, "cache", "damaged")


def erase_here(repository: Repository, packs: Collection[str]) -> None:
    """Remove the caches, all of them made again when needed, and these packs."""
    own = repository.root / OWN_FOLDER
    with staging(repository.root) as aside:  # or half a cache would be left where it is looked for
        for name in (name for name in _CACHES if os.path.lexists(own / name)):
            os.replace(own / name, aside / name)
            path = aside / name
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name in packs:
        (packs_folder(repository) / name).unlink(missing_ok=True)


def erase_there(repository: Repository, packs: Collection[str]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Remove these packs from every remote, once it holds what HEAD needs in their places.

    Remote → the packs that went; and of the remotes where that could not be done, name → why.
    """
    needed = {name for name, need in needed_packs(repository.git, "HEAD").items() if need.blob is None}
    opened, gone, waiting = Packs(repository), dict[str, tuple[str, ...]](), dict[str, str]()
    for remote in read_remotes(repository.git) if packs else ():
        try:
            store = opened.store(remote)
            if store.owners() - {first_commit(repository.git)}:
                waiting[remote.name] = "other repositories keep packs there"
                continue
            held = store.sizes().keys()
            for name in needed - held:
                if (data := opened.local(name)) is None:
                    raise RepositoryError(f"the pack {name}, which is needed, is neither here nor there")
                store.put(name, data)
            there = sorted(held & set(packs))
            for name in there:
                store.delete(name)
                store.unmark(name)
            gone[remote.name] = tuple(there)
        except DataccError as error:
            waiting[remote.name] = error.what
    return gone, waiting
