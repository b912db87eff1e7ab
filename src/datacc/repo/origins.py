"""What was rewritten, and where it came from: segments that were joined, or cut.

Operations keep their ids, and whoever asks is told of the file that a commit brought once, not of the one that holds
the line now.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from datacc.errors import RepositoryError
from datacc.store import digest

_ORIGINS: Final = re.compile(r"origins/([0-9a-f]{16})\.([0-9a-f]{16})\.tsv")
_REVERTED: Final = re.compile(r"reverted/([0-9a-f]{16})")
_ROW: Final = re.compile(r"(ops/[^\t/]+/[^\t/]+\.jsonl)\t([1-9][0-9]*)")


class Part(NamedTuple):
    """Lines of a blob, from `start` up to `end`, both counted from 0: what the segment `path` once held."""

    path: str
    blob: str
    start: int
    end: int | None


def is_segment(path: str) -> bool:
    """Whether a file of the tree is a segment."""
    return path.startswith("ops/") and path.endswith(".jsonl")


def hash_of(segment: str) -> str:
    """The 16 digits at the end of the name of a segment."""
    return PurePosixPath(segment).stem.rpartition("-")[2]


def origins_path(segment: str, text: bytes) -> str:
    """Where it is said what the lines of a segment were."""
    return f"origins/{hash_of(segment)}.{digest(text)[:16]}.tsv"


def origins_text(rows: Sequence[tuple[str, int]]) -> bytes:
    """(segment that there was, how many of its lines), in the order of the lines, as text."""
    return "".join(f"{path}\t{count}\n" for path, count in rows).encode()


def read_origins(text: bytes, path: str) -> list[tuple[str, int]]:
    """The rows of the file `path`. Raises `RepositoryError` where one is damaged."""
    named, lines = _ORIGINS.fullmatch(path), text.decode(errors="replace").split("\n")
    rows = [_ROW.fullmatch(line) for line in lines[:-1]]
    wrong = next((number for number, row in enumerate(rows, 1) if row is None), None)
    if named is None or wrong or lines[-1] or not rows or digest(text)[:16] != named[2]:
        what = "the origins of a segment are damaged"
        raise RepositoryError(what, where=f"{path}:{wrong or len(lines)}", tries=["datacc fsck --heal"])
    return [(row[1], int(row[2])) for row in rows if row]


def is_origins(path: str) -> bool:
    """Whether a file of the tree says what the lines of a segment were."""
    return path.startswith("origins/") and path.endswith(".tsv")


def reverted_path(segment: str) -> str:
    """The empty file by which a segment does not count where it was joined with others."""
    return f"reverted/{hash_of(segment)}"


def is_mark(path: str) -> bool:
    """Whether a path is that of a mark by which a segment does not count."""
    return _REVERTED.fullmatch(path) is not None


def parts_of(tree: Mapping[str, str], origins: Mapping[str, str]) -> dict[str, Part]:
    """Segment as a commit once brought it → where its lines stand in this tree.

    `origins`: path → text of every file that says what lines were.
    """
    found = {path: Part(path=path, blob=tree[path], start=0, end=None) for path in tree if is_segment(path)}
    if not origins:
        return found
    by_hash: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(origins):
        by_hash.setdefault(path.split("/")[1][:16], read_origins(origins[path].encode(), path))
    held = {path: one for path, one in found.items() if hash_of(path) not in by_hash}
    for path, one in sorted(found.items()):
        start = 0
        for was, count in by_hash.get(hash_of(path), ()):
            if reverted_path(was) not in tree and was not in held:
                held[was] = Part(path=was, blob=one.blob, start=start, end=start + count)
            start += count
    return held
