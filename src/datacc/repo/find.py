"""Find the label repository that a folder lies in, and refuse one from the future."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from datacc.errors import RepositoryError
from datacc.repo.git import Git

FORMAT: Final = 0
MARKER: Final = "schema/format.json"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A label repository: its root folder and the name it was given."""

    root: Path
    name: str

    @property
    def git(self) -> Git:
        """Git in its root."""
        return Git(self.root)


def find(start: Path) -> Repository:
    """The repository that `start` lies in. Raises `RepositoryError` when there is none, or a newer one."""
    for folder in (start.absolute(), *start.absolute().parents):
        marker = folder / MARKER
        if marker.is_file():
            return Repository(root=folder, name=check_marker(marker.read_bytes(), str(marker)))
    raise RepositoryError(
        "this is no label repository, and neither is a folder above it",
        where=str(start),
        tries=["datacc new NAME makes one", "cd into one"],
    )


def check_marker(text: bytes, where: str) -> str:
    """The name in the text of a format marker. Raises `RepositoryError` when this datacc cannot read the format."""
    try:
        marker: dict[str, Any] = json.loads(text)
        version, name = int(marker["format"]), str(marker["name"])
    except (ValueError, KeyError, TypeError) as error:
        raise RepositoryError("the format marker is damaged", where=where, tries=[f"git log -- {MARKER}"]) from error
    if version != FORMAT:
        raise RepositoryError(
            f"the repository has format {version}; this datacc reads format {FORMAT}",
            where=where,
            tries=["update datacc"],
        )
    return name


def marker_text(name: str) -> bytes:
    """The text of the format marker of a repository called `name`."""
    return (json.dumps({"format": FORMAT, "name": name}) + "\n").encode()
