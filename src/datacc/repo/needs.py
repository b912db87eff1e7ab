"""Which packs some commits need, all of their history included, and what of it git holds itself."""

import re
from collections.abc import Sequence
from typing import Final

from datacc.frozen import frozen
from datacc.repo.git import Git
from datacc.repo.media import read_index
from datacc.repo.packs import is_pack_name
from datacc.repo.tombstones import read_tombstone

# A line of `git rev-list --objects`: what it is called and where it stood.
_OBJECT: Final = re.compile(
    r"(?P<blob>[0-9a-f]{40,64}) "
    r"(?P<path>media/[^/]+/(?:index\.tsv|(?P<pack>[0-9a-f]{32})\.pack)|(?P<tombstone>forgotten/[^/]+\.json))"
)

EVERYTHING: Final = ("--all", "--reflog", "HEAD")  # every commit that a ref or its past still knows


@frozen
class Need:
    """A pack: the index that names it, its size in bytes, and its blob where git holds it."""

    where: str
    size: int
    blob: str | None


def needed_packs(git: Git, *revisions: str) -> dict[str, Need]:
    """Name → need, of every pack called by its bytes that an index in the history of `revisions` names.

    One that held an example which is forgotten there is not needed any more. Raises `RepositoryError` for an index that
    is damaged.
    """
    return packs_in(git, *revisions)[0]


def packs_in(git: Git, *revisions: str) -> tuple[dict[str, Need], frozenset[str]]:
    """What `needed_packs` gives, and the packs in which an example lay that is forgotten there."""
    found = _objects(git, *revisions)
    held = {match["pack"]: match["blob"] for match in found if match["pack"]}
    indices = [match for match in found if not match["pack"] and not match["tombstone"]]
    gone = _gone(git, found)
    needs: dict[str, Need] = {}
    for match, text in zip(indices, git.blobs([match["blob"] for match in indices]), strict=True):
        for place in read_index(text, match["path"]).values():
            if is_pack_name(place.pack) and place.pack not in gone:
                size = max(place.offset + place.length, needs[place.pack].size if place.pack in needs else 0)
                needs[place.pack] = Need(where=match["path"], size=size, blob=held.get(place.pack))
    return needs, gone


def _objects(git: Git, *revisions: str) -> list[re.Match[str]]:
    prefix = git.ask("rev-parse", "--show-prefix") or ""
    listed = git.run("rev-list", "--objects", *revisions).decode(errors="replace").splitlines()
    lines = (line.replace(f" {prefix}", " ", 1) if prefix else line for line in listed)
    return [match for match in map(_OBJECT.fullmatch, lines) if match]


def _gone(git: Git, found: Sequence[re.Match[str]]) -> frozenset[str]:
    stones = [match for match in found if match["tombstone"]]
    texts = git.blobs([match["blob"] for match in stones])
    read = (read_tombstone(match["path"], text) for match, text in zip(stones, texts, strict=True))
    return frozenset(name for stone in read for name in stone.packs)


def first_commit(git: Git) -> str:
    """The commit that all clones of a repository begin with, by which they are known to be one."""
    return git.run("rev-list", "--max-parents=0", "HEAD").decode().split()[-1]
