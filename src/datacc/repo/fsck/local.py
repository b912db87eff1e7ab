"""The local index: whether what it says is what git says. It is made again when needed."""

import sqlite3
from collections.abc import Iterator
from typing import Final

from datacc.errors import RepositoryError
from datacc.repo.find import Repository
from datacc.repo.fsck.damage import Damage
from datacc.repo.index import FOLDER, Index
from datacc.repo.operation import parse_lines
from datacc.repo.run_cache import damaged

_TABLES: Final = f"{FOLDER}/tables"
_REPAIR: Final = "datacc fsck --heal removes it; it is made again"


def index_damages(repository: Repository) -> Iterator[Damage]:
    """Arrays with a wrong checksum, and tables that say anything else than git."""
    root = repository.root
    for place in damaged(root / FOLDER / "runs"):
        name = place.relative_to(root).as_posix()
        yield Damage(where=name, what="its checksum is wrong", repair=_REPAIR, copy="cache", name=name)
    if not (root / _TABLES).is_file():
        return
    try:
        index = Index(root, lasting=False)
        fault = None if index.is_whole() else "its checksums are wrong"
        fault = fault or next(_faults(repository, index), None)
    except (sqlite3.Error, ValueError, TypeError, RepositoryError) as error:
        fault = str(error)
    if fault:
        yield Damage(where=_TABLES, what=fault, repair=_REPAIR, copy="cache", name=_TABLES)


def _faults(repository: Repository, index: Index) -> Iterator[str]:
    """Segments that are not what git has."""
    segments = index.segments()
    texts = repository.git.blobs([blob for blob, _, _ in segments if blob])
    given = iter(texts)
    for blob, lines, places in segments:
        if not blob:
            yield "operations belong to no segment"
        elif [line for line in next(given).decode(errors="replace").split("\n") if line] != lines:
            yield f"the segment {blob} is not what git has"
        elif places != [(one.example, n) for n, one in enumerate(parse_lines(lines, blob))]:
            yield f"the examples of the segment {blob} are not those of its lines"
