"""A folder per class, with optional split folders (train, test, learn, tune, judge …) above them."""

import os
from collections.abc import Iterator
from pathlib import Path

from datacc.errors import DataError
from datacc.intake import Bad, Format, Found
from datacc.intake.huggingface import is_dataset
from datacc.intake.inbox import is_inbox
from datacc.intake.named import named
from datacc.intake.sheet import Sheet
from datacc.intake.tree import Member, found_in, hidden, write_tree


class Folder(Format):
    """Every file below a class folder is an example of that class; files beside the folders have no label."""

    def matches(self, path: Path) -> bool:
        """Whether it is a folder, no data set of Hugging Face's, and none of calls."""
        return path.is_dir() and not is_dataset(path) and not is_inbox(path)

    def read(self, path: Path) -> Found:
        """The files below `path`, sorted by name; hidden ones are left out."""
        members, bad = [], []
        for file in _files(path):
            parts = tuple(_text(part) for part in file.relative_to(path).parts)
            if file.is_file():
                members.append(Member(parts=parts, media=file))
            else:
                linked = file.is_symlink() and file.is_dir()
                why = "is a link to a folder" if linked else "is not a plain file"
                bad.append(Bad(where="/".join(parts), why=why))
        if not members and not bad:
            raise DataError("the folder holds no files", where=str(path), tries=["make one folder per class in it"])
        endings = {ending for ending in {Path(member.where).suffix for member in members} if named(ending)}
        tables = [member.where for member in members if Path(member.where).suffix in endings]
        if tables and all(len(member.parts) == 1 for member in members):
            tries = [str(path / table) for table in tables[:3]]
            raise DataError("the folder holds no folder per class, but tables", where=str(path), tries=tries)
        return found_in(members, bad, str(path))

    def write(self, sheet: Sheet, path: Path) -> None:
        """The files below the names of their classes, made safe for every file system."""
        if not sheet.media:
            raise DataError(
                "the examples are rows of numbers, not files", where=path.name, tries=[f"datacc export {path.name}.csv"]
            )
        write_tree(sheet, path)


def _text(part: str) -> str:
    return os.fsencode(part).decode(errors="backslashreplace")


def _files(folder: Path) -> Iterator[Path]:
    """What is not a folder, and links to folders: they are not followed, since they may lead in a circle."""
    for place, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not hidden(name))
        linked = [name for name in folders if Path(place, name).is_symlink()]
        yield from (Path(place, name) for name in sorted([*linked, *files]) if not hidden(name))


def _refuse(error: OSError) -> None:
    raise DataError(f"cannot be read: {error.strerror}", where=str(error.filename)) from error


ENTRY = Folder()
