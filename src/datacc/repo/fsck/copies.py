"""What lies beside git's objects: files of the working tree, packs here and in the remotes, the journal, the caches."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Final

from datacc.errors import DataccError, RepositoryError, TrustError
from datacc.repo.find import Repository
from datacc.repo.fsck.damage import Damage
from datacc.repo.fsck.stored import blob_name
from datacc.repo.identity import address
from datacc.repo.journal import Journal
from datacc.repo.needs import Need
from datacc.repo.packs import Packs, packs_folder
from datacc.repo.remotes import Remote, read_remotes
from datacc.store import Store

FOLDERS: Final = (
    "schema",
    "runs",
    "ops",
    "media",
    "remotes",
    "forgotten",
    "origins",
    "reverted",
)  # nobody edits these by hand

_HEAL: Final = "datacc fsck --heal"


def file_damages(repository: Repository) -> Iterator[Damage]:
    """Files of the working tree that are not, byte for byte, what git's index says."""
    for entry in repository.git.run("ls-files", "--stage", "-z", "--", *FOLDERS).split(b"\0")[:-1]:
        head, name = entry.split(b"\t", 1)
        path, (mode, blob, stage) = os.fsdecode(name), head.decode().split()
        file = repository.root / path
        if stage != "0" or not mode.startswith("100"):
            yield Damage(where=path, what="it is no file, or unmerged", repair=f"git log -- {path}", copy="content")
        elif not file.is_file() or file.is_symlink():
            yield Damage(where=path, what="it is not there", repair=_HEAL, copy="file", name=blob)
        elif blob_name(file.read_bytes(), blob) != blob:
            what = "it is not what was committed"
            yield Damage(where=path, what=what, repair=f"git commit it, or {_HEAL}", copy="file", name=blob)


def pack_damages(repository: Repository, needs: Mapping[str, Need]) -> Iterator[Damage]:
    """Packs here whose bytes are not those of their name."""
    folder = packs_folder(repository)
    for file in sorted(path for path in folder.glob("[0-9a-f]*") if path.is_file()):
        if address(file.read_bytes()) != file.name:
            what = "its bytes are not those of its name" + ("" if file.name in needs else "; nothing needs it")
            yield Damage(where=f".datacc/packs/{file.name}", what=what, repair=_HEAL, copy="pack", name=file.name)


def remote_damages(repository: Repository, packs: Packs, needs: Mapping[str, Need], *, deep: bool) -> Iterator[Damage]:
    """Packs that a trusted remote lacks or does not hold whole (`deep`: each is read); needed ones that are nowhere."""
    held = {name for name, need in needs.items() if need.blob is not None or packs.local(name) is not None}
    unknown = False
    try:
        remotes = read_remotes(repository.git)
    except RepositoryError:
        return  # the content of the commit is damaged, which `content` tells
    for remote in remotes:
        wanted = {name: need for name, need in needs.items() if need.blob is None or remote.packs == "both"}
        try:
            faults = dict(_remote_faults(packs, remote, wanted, deep=deep))
        except TrustError:
            unknown = True
            continue
        except DataccError as error:
            unknown = True
            yield Damage(where=error.where, what=error.what, repair="; ".join(error.tries), copy="content")
            continue
        held |= wanted.keys() - faults.keys()
        for name, what in sorted(faults.items()):
            where = f"{remote.url}/packs/{name}"
            yield Damage(where=where, what=what, repair=f"datacc push, {_HEAL}", copy="remote", name=name)
    if not unknown:
        for name in sorted(needs.keys() - held):
            repair = "datacc push where it was imported, or import the files again"
            what = f"the pack {name} is not here and in no remote"
            yield Damage(where=needs[name].where, what=what, repair=repair, copy="pack", name=name)


def _remote_faults(
    packs: Packs, remote: Remote, wanted: Mapping[str, Need], *, deep: bool
) -> Iterator[tuple[str, str]]:
    store = packs.store(remote)
    sizes = store.sizes()
    for name, need in wanted.items():
        if name not in sizes:
            yield name, "it is not in the remote"
        elif sizes[name] != need.size:
            yield name, f"it has {sizes[name]:,} bytes instead of {need.size:,}"
        elif deep and not store.is_whole(name):
            yield name, "its bytes are not those of its name"


def journal_damages(repository: Repository) -> Iterator[Damage]:
    """A journal that SQLite finds damaged, or lines in it that are no operations."""
    path = repository.root / ".datacc" / "journal"
    if not path.is_file():
        return
    where, repair = ".datacc/journal", "copy it away; what can be read of it is kept; label the rest again"
    try:
        with closing(sqlite3.connect(path)) as database:
            said = [str(row[0]) for row in database.execute("PRAGMA integrity_check")]
        faults = [] if said == ["ok"] else said
        faults += [] if faults else _unreadable(repository)
    except sqlite3.Error as error:
        faults = [str(error)]
    for fault in faults:
        yield Damage(where=where, what=fault, repair=repair, copy="journal")


def _unreadable(repository: Repository) -> list[str]:
    try:
        Journal(repository.root).operations()
    except DataccError as error:
        return [f"{error.where}: {error.what}"]
    return []


def cache_damages(repository: Repository) -> Iterator[Damage]:
    """Entries of the cache of builds with a wrong checksum. Losing one costs time, never data."""
    root = repository.root / ".datacc" / "cache"
    for file in sorted(path for path in root.glob("??/*") if path.is_file() and not path.name.startswith(".")):
        if not Store.is_whole(file.read_bytes()):
            name = file.relative_to(repository.root).as_posix()
            yield Damage(
                where=name, what="its checksum is wrong", repair=f"{_HEAL} removes it", copy="cache", name=name
            )
