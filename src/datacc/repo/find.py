"""Find the label repository that a folder lies in; refuse one from the future, and one that brings local files."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final

from datacc.errors import RepositoryError
from datacc.frozen import frozen
from datacc.repo.git import Git
from datacc.repo.objects import Objects
from datacc.repo.staging import sweep
from datacc.repo.tidy import tidy

FORMAT: Final = 0
REWRITTEN: Final = 2  # format 0 with what `forget` and `compact` leave, which older readers would misread
MARKER: Final = "schema/format.json"
OWN_FOLDER: Final = ".datacc"  # journal, packs, caches: local, so that no commit may bring it

_OWN: Final = re.compile(r"\.datacc[ .]*(:.*)?|datacc~[0-9]+", re.IGNORECASE | re.DOTALL)


@frozen
class Repository:
    """A label repository: its root folder and the name it was given."""

    root: Path
    name: str
    objects: Objects | None = field(default=None, compare=False, repr=False)

    @property
    def git(self) -> Git:
        """Git in its root."""
        return Git(self.root, self.objects)

    @contextmanager
    def reading(self) -> Iterator["Repository"]:
        """This, for whoever reads several times: one process of git answers it all."""
        with self.git.reading() as objects:
            yield replace(self, objects=objects)


def find(start: Path) -> Repository:
    """The repository that `start` lies in.

    Raises `RepositoryError` when there is none, a newer one, or one that brings a `.datacc` of its own.
    """
    for folder in (start.absolute(), *start.absolute().parents):
        marker = folder / MARKER
        if marker.is_file():
            repository = Repository(root=folder, name=check_marker(marker.read_bytes(), str(marker)))
            refuse_own_folder(repository.git, "HEAD")
            tidy(folder)
            sweep(folder)
            return repository
    raise RepositoryError(
        "this is no label repository, and neither is a folder above it",
        where=str(start),
        tries=["datacc new NAME makes one", "cd into one"],
    )


def refuse_own_folder(git: Git, commit: str) -> None:
    """Raises `RepositoryError` when `commit` brings files of `.datacc`: a checkout would write them over ours.

    So it does under another spelling that some file system takes for the same.
    """
    if any(map(_OWN.fullmatch, git.top(commit))):
        what = f"{commit[:10]} brings a {OWN_FOLDER} of its own, which is not to be trusted"
        tries = [f"look at it; then git rm -r --cached {OWN_FOLDER}, remove the folder and commit"]
        raise RepositoryError(what, where=str(git.root), tries=tries)


def check_marker(text: bytes, where: str) -> str:
    """The name in the text of a format marker. Raises `RepositoryError` when this datacc cannot read the format."""
    try:
        marker: dict[str, Any] = json.loads(text)
        version, name = int(marker["format"]), str(marker["name"])
    except (ValueError, KeyError, TypeError) as error:
        raise RepositoryError("the format marker is damaged", where=where, tries=[f"git log -- {MARKER}"]) from error
    if version not in (FORMAT, REWRITTEN):
        raise RepositoryError(
            f"the repository has format {version}; this datacc reads formats {FORMAT} and {REWRITTEN}",
            where=where,
            tries=["update datacc"],
        )
    return name


def marker_text(name: str, format: int = FORMAT) -> bytes:
    """The text of the format marker of a repository called `name`."""
    return (json.dumps({"format": format, "name": name}) + "\n").encode()
