"""Tombstones: that an example is forgotten, by whom, when and why, so that no merge or import brings it back."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from datacc.errors import RepositoryError
from datacc.frozen import frozen
from datacc.repo.git import Git
from datacc.store import digest

_PATH: Final = re.compile(r"forgotten/([0-9a-f]{32})\.([0-9a-f]{16})\.json")
_PACK: Final = re.compile(r"[0-9a-f]{32}")


@frozen
class Tombstone:
    """What stays of an `example`. `media` are the addresses of its files, `packs` the names of those that held them."""

    example: str
    who: str
    when: str
    reason: str
    media: tuple[str, ...]
    packs: tuple[str, ...]

    @property
    def text(self) -> bytes:
        """As a file."""
        return (json.dumps(asdict(self), ensure_ascii=False, sort_keys=True) + "\n").encode()

    @property
    def path(self) -> str:
        """Where it stands: called by its text, so that two branches never write one in two ways."""
        return f"forgotten/{self.example}.{digest(self.text)[:16]}.json"


def forgotten_in(tree: Mapping[str, str]) -> frozenset[str]:
    """The examples of which a tree, path → blob, keeps nothing but a tombstone."""
    return frozenset(found[1] for path in tree if path.startswith("forgotten/") and (found := _PATH.fullmatch(path)))


def tombstones(git: Git, tree: Mapping[str, str]) -> list[Tombstone]:
    """Every tombstone in a tree. Raises `RepositoryError` for one that is damaged."""
    paths = sorted(path for path in tree if path.startswith("forgotten/"))
    texts = git.blobs([tree[path] for path in paths])
    return [read_tombstone(path, text) for path, text in zip(paths, texts, strict=True)]


def read_tombstone(path: str, text: bytes) -> Tombstone:
    """The tombstone in the file `path`. Raises `RepositoryError` when it is damaged."""
    named = _PATH.fullmatch(path)
    try:
        if named is None or digest(text)[:16] != named[2]:
            raise ValueError("its name is not the digest of its text")
        said = json.loads(text)
        one = Tombstone(**{**said, "media": tuple(said["media"]), "packs": tuple(said["packs"])})
        if one.example != named[1] or not all(map(_PACK.fullmatch, (*one.media, *one.packs))):
            raise ValueError("it speaks of something else")
    except (ValueError, TypeError, KeyError) as error:
        raise RepositoryError(f"this is no tombstone: {error}", where=path, tries=["datacc fsck --heal"]) from error
    return one
