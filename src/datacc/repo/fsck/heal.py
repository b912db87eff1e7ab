"""Mend damage from another copy. What is damaged is moved to `.datacc/damaged`, not deleted; it may be all there is."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from datacc.errors import DataccError
from datacc.repo.find import Repository
from datacc.repo.fsck.damage import Damage
from datacc.repo.fsck.stored import index_file, object_folder
from datacc.repo.git import Git
from datacc.repo.needs import Need
from datacc.repo.packs import Packs, packs_folder
from datacc.repo.remotes import read_remotes
from datacc.repo.staging import staging
from datacc.store import write_atomically

_ASIDE: Final = ".datacc/damaged"


def heal_objects(repository: Repository, damages: Iterable[Damage]) -> None:
    """Move damaged files of git's store aside; take objects from what is left of them, the working tree, git remotes.

    What was damaged comes back when some object could not be had anew.
    """
    git, folder = repository.git, object_folder(repository.git)
    names = [name for one in damages if one.name for name in _together(folder, one.name)]
    aside = {name: _move_aside(repository, folder / name) for name in dict.fromkeys(names)}
    try:
        for name in aside:
            if name.endswith(".pack"):
                git.ask("unpack-objects", "-q", "-r", input=aside[name].read_bytes())
        _from_working_tree(git)
        if git.damages():
            _from_git_remotes(repository)
        if not index_file(git).exists():
            git.ask("read-tree", "HEAD")
    finally:
        if git.damages():
            for name, file in aside.items():
                if not (folder / name).exists():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(file, folder / name)


def _together(folder: Path, name: str) -> list[str]:
    """The files that go with a damaged one: a pack and its index are of no use alone."""
    if not name.startswith("pack/pack-"):
        return [name]
    found = (folder / "pack").glob(f"{Path(name).stem}.*")
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _from_git_remotes(repository: Repository) -> None:
    """Take every object of each git remote, as a new clone of it would have them."""
    git = repository.git
    for name in (git.ask("remote") or "").splitlines():
        with suppress(DataccError), staging(repository.root) as fresh:
            url = git.ask("remote", "get-url", name) or ""
            git.run("clone", "--quiet", "--mirror", "--no-local", "--", url, str(fresh / "fresh"))
            for pack in sorted((fresh / "fresh" / "objects" / "pack").glob("*.pack")):
                git.ask("index-pack", "--stdin", "--fix-thin", input=pack.read_bytes())


def heal_files(repository: Repository, damages: Iterable[Damage]) -> None:
    """Write files of the working tree as git has them; what stood there is moved aside."""
    for one in damages:
        (data,) = repository.git.blobs([one.name])
        file = repository.root / one.where
        if file.is_symlink() or file.exists():
            _move_aside(repository, file)
        write_atomically(file, data)


def heal_packs(packs: Packs, repository: Repository, damages: Iterable[Damage]) -> None:
    """Fetch packs that are damaged or lost here from a remote, those that nothing needs are moved aside."""
    for one in damages:
        file = packs_folder(repository) / one.name
        if file.exists() and "nothing needs it" in one.what:
            _move_aside(repository, file)
            continue
        with suppress(DataccError):
            packs.fetch(one.name)


def heal_remotes(packs: Packs, repository: Repository, damages: Sequence[Damage], needs: Mapping[str, Need]) -> None:
    """Put whole packs, from here or another remote, where a remote lacks one or holds a damaged one."""
    for remote in read_remotes(repository.git):
        names = [one.name for one in damages if one.where == f"{remote.url}/packs/{one.name}"]
        for name in names:
            with suppress(DataccError):
                blob = needs[name].blob
                data = repository.git.blobs([blob])[0] if blob else packs.read(name)
                store = packs.store(remote)
                (store.replace if name in store.sizes() else store.put)(name, data)


def heal_caches(repository: Repository, damages: Iterable[Damage]) -> None:
    """Remove entries of the cache; they are made again when needed."""
    for one in damages:
        path = repository.root / one.name
        if path.is_dir():
            shutil.rmtree(path)
        for file in (path, *(path.with_name(f"{path.name}-{log}") for log in ("wal", "shm"))):  # of a table of SQLite
            file.unlink(missing_ok=True)


def _from_working_tree(git: Git) -> None:
    """Give git the files that lie in the working tree once more; it keeps those that it lacks."""
    listed = [path for path in git.run("ls-files", "-z").split(b"\0")[:-1] if b"\n" not in path]
    there = [path for path in listed if (git.root / os.fsdecode(path)).is_file()]
    git.ask("hash-object", "-w", "--no-filters", "--stdin-paths", input=b"".join(path + b"\n" for path in there))


def _move_aside(repository: Repository, file: Path) -> Path:
    folder = repository.root / _ASIDE
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    while (target := folder / f"{number}-{file.parent.name}-{file.name}").exists():
        number += 1
    shutil.move(file, target)  # git may keep its folder on another disk
    return target
