"""Archives (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz) of a folder per class, or of one table.

Nothing in an archive is trusted: members are read one by one into memory, no name in it becomes a path of this
machine, and one member that has no business there refuses the whole archive.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.errors import DataError
from datacc.intake import Format, Found
from datacc.intake.hostile import checked
from datacc.intake.named import named
from datacc.intake.sheet import side_file
from datacc.intake.tar import TAR_ENDINGS, read_tar
from datacc.intake.tree import COLUMNS, Member, found_in, hidden
from datacc.intake.zip import read_zip

_NESTED: Final = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_SIDE: Final = ".columns.json"


class Archive(Format):
    """Read as the folder, or the table, that was packed."""

    def matches(self, path: Path) -> bool:
        """Whether the name ends like that of an archive."""
        return path.name.lower().endswith((".zip", *TAR_ENDINGS)) and path.is_file()

    def read(self, path: Path) -> Found:
        """The examples in the archive. Raises `DataError` for a hostile or damaged one; nothing is written then."""
        members = checked(read_zip(path) if path.suffix.lower() == ".zip" else read_tar(path), path)
        seen = [member for member in members if not any(map(hidden, member.parts))]
        plain = [member for member in seen if not member.parts[-1].lower().endswith(_NESTED)]
        if not plain:
            raise DataError("the archive holds no files", where=str(path), tries=["pack one folder per class"])
        nested = [member.where for member in seen if member not in plain]
        tables = [member for member in plain if not member.parts[-1].endswith(_SIDE)]
        table = named(tables[0].parts[-1]) if len(tables) == 1 else None
        found = _table(table[1], tables[0], plain, path) if table else found_in(_below_top(plain), (), str(path))
        notes = [f"{len(nested):,} archives in the archive left out: {', '.join(nested[:3])}"] if nested else []
        return replace(found, notes=(*found.notes, *notes))


def _table(format: Format, table: Member, members: Sequence[Member], archive: Path) -> Found:
    """The rows of one table, read under a name of our own."""
    side = [member for member in members if member.parts[-1] == side_file(Path(table.parts[-1])).name]
    with tempfile.TemporaryDirectory(prefix="datacc-") as folder:
        path = Path(folder, f"table{Path(table.parts[-1]).suffix.lower()}")
        path.write_bytes(table.read())
        if side:
            side_file(path).write_bytes(side[0].read())
        try:
            found = format.read(path)
        except DataError as error:
            where = error.where.replace(str(path), f"{archive}:{table.where}")
            raise DataError(error.what, where=where, tries=error.tries) from error
        return found


def _below_top(members: Sequence[Member]) -> list[Member]:
    """The members without the folder that was packed, where all of them are in one."""
    tops = {member.parts[0] for member in members}
    exported = any(member.parts[1:] == (COLUMNS,) for member in members)
    if len(tops) == 1 and (exported or all(len(member.parts) > 2 for member in members)):
        return [replace(member, parts=member.parts[1:]) for member in members]
    return list(members)


ENTRY = Archive()
