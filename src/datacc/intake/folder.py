"""A folder per class, with optional split folders (train, test, learn, tune, judge …) above them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from datacc.errors import DataError
from datacc.intake import Bad, Format, Found, Raw
from datacc.repo.split import split_named

_CLUTTER: Final = frozenset({"Thumbs.db", "desktop.ini", "__MACOSX"})


class Folder(Format):
    """Every file below a class folder is an example of that class; files beside the folders have no label."""

    def matches(self, path: Path) -> bool:
        """Whether it is a folder."""
        return path.is_dir()

    def read(self, path: Path) -> Found:
        """The files below `path`, sorted by name; hidden ones are left out."""
        tops = sorted(p.name for p in path.iterdir() if p.is_dir() and not _hidden(p.name))
        by_split = bool(tops) and all(split_named(top) for top in tops)
        rows, bad = [], []
        for file in _files(path):
            parts = file.relative_to(path).parts
            where = os.fsencode("/".join(parts)).decode(errors="backslashreplace")
            if not file.is_file():
                linked = file.is_symlink() and file.is_dir()
                bad.append(Bad(where=where, why="is a link to a folder" if linked else "is not a plain file"))
                continue
            split = split_named(parts[0]) if by_split and len(parts) > 1 else None
            classes = parts[1:-1] if split else parts[:-1]
            label = os.fsencode(classes[0]).decode(errors="backslashreplace") if classes else None
            rows.append(Raw(where=where, media=file, label=label, split=split))
        if not rows and not bad:
            raise DataError("the folder holds no files", where=str(path), tries=["make one folder per class in it"])
        return Found(rows=tuple(rows), bad=tuple(bad))


def _files(folder: Path) -> Iterator[Path]:
    """What is not a folder, and links to folders: they are not followed, since they may lead in a circle."""
    for place, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not _hidden(name))
        linked = [name for name in folders if Path(place, name).is_symlink()]
        yield from (Path(place, name) for name in sorted([*linked, *files]) if not _hidden(name))


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in _CLUTTER


def _refuse(error: OSError) -> None:
    raise DataError(f"cannot be read: {error.strerror}", where=str(error.filename)) from error


ENTRY = Folder()
