"""Trust: nothing that a clone brings is run, loaded or contacted before the user of this working copy allowed it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from datacc.errors import TrustError
from datacc.repo.find import Repository
from datacc.store import write_atomically

_RECORD: Final = "datacc-trust"  # in git's own folder, which neither a clone nor a merge brings


def trusted(repository: Repository) -> frozenset[str]:
    """What was allowed in this working copy, one sentence each, such as "contact s3://bucket/digits"."""
    try:
        return frozenset(_record(repository).read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return frozenset()


def trust(repository: Repository, whats: Iterable[str]) -> None:
    """Allow each of `whats` from now on, here."""
    lines = sorted(trusted(repository) | set(whats))
    write_atomically(_record(repository), "".join(f"{line}\n" for line in lines).encode())


def distrust(repository: Repository, whats: Iterable[str]) -> None:
    """Allow none of `whats` any longer."""
    lines = sorted(trusted(repository) - set(whats))
    write_atomically(_record(repository), "".join(f"{line}\n" for line in lines).encode())


def require_trust(repository: Repository, what: str) -> None:
    """Raises `TrustError` unless `what` was allowed.

    It is a sentence that says exactly what would happen, the digest of what would run in it.
    """
    if what not in trusted(repository):
        tries = ["datacc trust shows what this repository wants, and asks"]
        raise TrustError(f"nobody has trusted this repository to {what}", where=str(repository.root), tries=tries)


def _record(repository: Repository) -> Path:
    git = repository.git
    prefix = (git.ask("rev-parse", "--show-prefix") or "").rstrip("/").replace("/", "-")
    folder = git.run("rev-parse", "--git-dir").decode().removesuffix("\n")
    return git.root / folder / (f"{_RECORD}-{prefix}" if prefix else _RECORD)
