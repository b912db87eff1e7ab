"""The files of git's object store, byte for byte: every one of them carries a checksum, which is computed again."""

import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

from datacc.repo.fsck.damage import Damage
from datacc.repo.git import Git

_LOOSE: Final = re.compile(r"([0-9a-f]{2})/([0-9a-f]{38}|[0-9a-f]{62})")
_SUMMED: Final = (".pack", ".idx", ".rev", ".bitmap", ".mtimes", "multi-pack-index", "commit-graph", ".graph", "index")
_HEAL: Final = "datacc fsck --heal fetches it afresh"


def object_folder(git: Git) -> Path:
    """Where git keeps its objects."""
    return git.root / git.run("rev-parse", "--git-path", "objects").decode().removesuffix("\n")


def index_file(git: Git) -> Path:
    """Git's index of the working tree."""
    return git.root / git.run("rev-parse", "--git-path", "index").decode().removesuffix("\n")


def stored_damages(git: Git) -> Iterator[Damage]:
    """Files of the object store whose checksum is wrong, and what git itself misses."""
    folder = object_folder(git)
    wide = git.ask("rev-parse", "--show-object-format") == "sha256"
    bad = False
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for file in [*files, *(path for path in [index_file(git)] if path.is_file())]:
        path = Path(os.path.relpath(file, folder)).as_posix()
        if fault := _file_fault(path, file, wide=wide):
            bad = True
            yield Damage(where=f"objects/{path}", what=fault, repair=_HEAL, copy="object", name=path)
    if not bad:
        for line in git.damages():
            yield Damage(where="git", what=line, repair=_HEAL, copy="object")


def _file_fault(path: str, file: Path, *, wide: bool) -> str | None:
    """As `stored_fault`, of a file that may be larger than the memory."""
    if not file.stat().st_size:
        return stored_fault(path, b"", wide=wide)
    with file.open("rb") as handle, mmap(handle.fileno(), 0, access=ACCESS_READ) as data:
        return stored_fault(path, data, wide=wide)


def stored_fault(path: str, data: bytes | mmap, *, wide: bool = False) -> str | None:
    """What is wrong with a file of the object store; None when its checksum holds, or it has none.

    `path` is below `objects`; `wide`: the repository's checksums are SHA-256 instead of SHA-1.
    """
    if loose := _LOOSE.fullmatch(path):
        return _loose_fault(loose[1] + loose[2], bytes(data))
    if path.endswith(_SUMMED):
        size = 32 if wide else 20
        skipped = path.endswith("index") and data[-size:] == bytes(size)  # index.skipHash
        with memoryview(data) as view:
            return None if skipped or _sum(view[:-size], wide=wide) == data[-size:] else "its checksum is wrong"
    return None


def blob_name(data: bytes, like: str) -> str:
    """What git calls a file with these bytes, in a repository where another is called `like`."""
    return _sum(b"blob %d\0" % len(data) + data, wide=len(like) == 64).hex()


def _loose_fault(name: str, data: bytes) -> str | None:
    inflate = zlib.decompressobj()
    try:
        content = inflate.decompress(data) + inflate.flush()
    except zlib.error:
        return "it cannot be unpacked"
    if not inflate.eof or inflate.unused_data:
        return "it is cut off, or something follows it"
    return None if _sum(content, wide=len(name) == 64).hex() == name else "its bytes are not those of its name"


def _sum(data: bytes | memoryview, *, wide: bool) -> bytes:
    return hashlib.new("sha256" if wide else "sha1", data, usedforsecurity=False).digest()
