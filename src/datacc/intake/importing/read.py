"""Find the format of a path and read it: bad rows refused or noted, everything else typed."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from datacc.errors import DataError
from datacc.intake import Format
from datacc.intake.importing.columns import Column
from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.pictures import check_pictures
from datacc.intake.importing.refuse import refuse
from datacc.intake.importing.roles import Roles, decide
from datacc.intake.importing.rows import Rows, typed
from datacc.registry import load, names
from datacc.repo.names import check_name


@dataclass(frozen=True, kw_only=True)
class Read:
    """Typed rows of one import, what their columns are, and notes on what was decided or left out."""

    rows: Rows
    roles: Roles
    notes: tuple[str, ...]
    skipped: int

    @property
    def pictures(self) -> bool:
        """Whether the examples are media."""
        return self.rows.media is not None


def read(
    path: Path,
    options: ImportOptions,
    known: Mapping[str, Column] = MappingProxyType({}),
    output: str | None = None,
    output_type: str | None = None,
    sound: Container[str] = frozenset(),
) -> Read:
    """Everything at `path`. `known`: the input columns that must be there; `output`: what the label is called.

    `output_type` is the type of the output, where it is decided. Pictures of an address in `sound` are known to decode.

    Raises `DataError` when nothing can be read, a column is not there, or something is bad and may not be skipped.
    """
    found = format_of(path).read(path)
    if not found.rows and not found.bad:
        raise DataError("there is no example", where=str(path), tries=["give a file with rows, or a folder with files"])
    if not found.rows:
        refuse(found.bad, str(path), options.skip_bad)
        raise _nothing_left(path)
    for column in found.columns:
        check_name(column, "column", str(path))
    roles = decide(found, options, known, output, str(path), output_type)
    rows, bad = typed(found, roles)
    if rows.media is not None:
        rows, damaged = check_pictures(rows, sound)
        bad = bad + damaged
    notes = refuse(bad, str(path), options.skip_bad)
    if not rows:
        raise _nothing_left(path)
    return Read(
        rows=rows,
        roles=roles,
        notes=(*found.notes, *roles.notes, *notes),
        skipped=len({one.where for one in bad}),
    )


def _nothing_left(path: Path) -> DataError:
    return DataError("no example is left", where=str(path), tries=["mend what was left out"])


def format_of(path: Path) -> Format:
    """The first format that `path` looks like. Raises `DataError` when there is none."""
    if not path.exists():
        raise DataError("there is no such file or folder", where=str(path), tries=["check the path"])
    for name in names("intake"):
        format: Any = load("intake", name)
        if isinstance(format, Format) and format.matches(path):
            return format
    if not (path.is_file() or path.is_dir()):
        raise DataError("is neither a plain file nor a folder", where=str(path), tries=["copy it into a file"])
    known = ", ".join(names("intake"))
    raise DataError(
        f"datacc does not know files that end in {path.suffix!r}",
        where=str(path),
        tries=[f"one of its formats: {known}"],
    )
