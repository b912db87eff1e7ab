"""Packs outside git: under the address of their bytes in `.datacc/packs`, and in the remotes."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

from datacc.errors import DataccError, RemoteError
from datacc.repo.find import Repository
from datacc.repo.identity import address
from datacc.repo.remote_store import RemoteStore
from datacc.repo.remotes import Remote, contact, read_remotes
from datacc.repo.trust import require_trust
from datacc.store import write_atomically

_NAME: Final = re.compile(r"[0-9a-f]{32}")


def is_pack_name(name: str) -> bool:
    """Whether a pack of that name may lie outside git: it is called by its bytes."""
    return _NAME.fullmatch(name) is not None


def packs_folder(repository: Repository) -> Path:
    """Where packs lie that git does not hold: fetched ones, and those of imports that no push has put elsewhere."""
    return repository.root / ".datacc" / "packs"


def keeps_outside(repository: Repository) -> bool:
    """Whether new packs are kept outside git: a remote is for them."""
    return any(remote.packs == "outside" for remote in read_remotes(repository.git))


def keep_outside(repository: Repository, staged: Mapping[str, Path]) -> dict[str, Path]:
    """Take the packs among `staged` (path below the root → file) out of what is to be committed, if a remote is for
    them; the rest. They are on disk before this returns, and `datacc push` puts them into the remote."""
    if not keeps_outside(repository):
        return dict(staged)
    folder = packs_folder(repository)
    folder.mkdir(parents=True, exist_ok=True)
    for path, file in staged.items():
        if path.endswith(".pack"):
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
            os.replace(file, folder / Path(path).stem)
    return {path: file for path, file in staged.items() if not path.endswith(".pack")}


@final
class Packs:
    """The packs of a repository that git does not hold; remotes are opened when one is needed."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._stores: dict[str, RemoteStore] = {}

    def local(self, name: str) -> bytes | None:
        """The pack as it lies here; None when it is not here or is damaged."""
        try:
            data = (packs_folder(self._repository) / name).read_bytes()
        except FileNotFoundError:
            return None
        return data if address(data) == name else None

    def read(self, name: str) -> bytes:
        """The pack, fetched and kept when it is not here.

        Raises `TrustError` when nobody trusted the remotes yet, `RemoteError` when none of them gives it.
        """
        data = self.local(name)
        return data if data is not None else self.fetch(name)

    def fetch(self, name: str) -> bytes:
        """The pack from the first remote that gives it; kept here from then on. Errors as of `read`."""
        where = f".datacc/packs/{name}"
        tries = ["datacc push where it was imported", "datacc remote list", "datacc fsck"]
        failed: DataccError = RemoteError("this pack is not here, and in no remote", where=where, tries=tries)
        for remote in read_remotes(self._repository.git):
            try:
                data = self.store(remote).get(name)
            except DataccError as error:
                failed = error
                continue
            if data is not None:
                write_atomically(packs_folder(self._repository) / name, data)
                return data
        raise failed

    def store(self, remote: Remote) -> RemoteStore:
        """What lies behind a remote. Raises `TrustError` before it is trusted, `RemoteError` when it is away."""
        require_trust(self._repository, contact(remote.url))
        if remote.url not in self._stores:
            self._stores[remote.url] = RemoteStore(remote)
        return self._stores[remote.url]
