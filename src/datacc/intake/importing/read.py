"""Find the format of a path and read it: bad rows refused or noted, everything else typed."""

from collections.abc import Container, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.intake import Format, Found
from datacc.intake.importing.columns import Column
from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.pictures import check_pictures
from datacc.intake.importing.refuse import refuse
from datacc.intake.importing.roles import Roles, decide
from datacc.intake.importing.rows import Rows, typed
from datacc.registry import members
from datacc.repo.names import check_name

_SHEETS: Final = (".xlsx", ".xls", ".ods", ".numbers")


@frozen
class Read:
    """Typed rows of one import, what their columns are, notes on what was decided or left out, and the `classes` that
    come first where they are new.
    """

    rows: Rows
    roles: Roles
    notes: tuple[str, ...]
    skipped: int
    classes: tuple[str, ...] = ()

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
    found: Found | None = None,
) -> Read:
    """Everything at `path`. `known`: the input columns that must be there; `output`: what the label is called.

    `output_type` is the type of the output, where it is decided. Pictures of an address in `sound` are known to decode.
    `found` is what the format of `path` found there, where that is at hand.

    Raises `DataError` when nothing can be read, a column is not there, or something is bad and may not be skipped.
    """
    found = found or format_of(path).read(path)
    _demand_rows(found, path, options)
    try:
        roles = decide(found, options, known, output, str(path), output_type)
    except DataError:
        refuse(found.bad, str(path), options.skip_bad, 0)  # which may be why
        raise
    rows, bad = typed(found, roles)
    if rows.media is not None:
        rows, damaged = check_pictures(rows, sound)
        bad = bad + damaged
    notes = refuse(bad, str(path), options.skip_bad, len(rows))
    if not rows:
        raise _nothing_left(path)
    return Read(
        rows=rows,
        roles=roles,
        notes=(*found.notes, *roles.notes, *notes),
        skipped=len({one.where for one in bad}),
        classes=options.classes,
    )


def _demand_rows(found: Found, path: Path, options: ImportOptions) -> None:
    """Raises `DataError` where there is no row, or a column has no name that can be one."""
    if not found.rows and not found.bad:
        raise DataError("there is no example", where=str(path), tries=["give a file with rows, or a folder with files"])
    if not found.rows:
        refuse(found.bad, str(path), options.skip_bad, 0)
        raise _nothing_left(path)
    for column in found.columns:
        check_name(column, "column", str(path))


def _nothing_left(path: Path) -> DataError:
    return DataError("no example is left", where=str(path), tries=["mend what was left out"])


def format_of(path: Path) -> Format:
    """The first format that `path` looks like. Raises `DataError` when there is none."""
    if not path.exists():
        slashed = str(path).replace("\\", "/")
        tries = [slashed] if slashed != str(path) and Path(slashed).exists() else ["check the path"]
        raise DataError("there is no such file or folder", where=str(path), tries=tries)
    for format in members("intake"):
        if isinstance(format, Format) and format.matches(path):
            return format
    if not (path.is_file() or path.is_dir()):
        raise DataError("is neither a plain file nor a folder", where=str(path), tries=["copy it into a file"])
    raise _unknown(path)


def _unknown(path: Path) -> DataError:
    """The error for what no format reads."""
    ending = f"files that end in {path.suffix!r}" if path.suffix else "files without an ending"
    sheet = ["save the sheet as CSV (UTF-8)"] if path.suffix.lower() in _SHEETS else []
    endings = [ending for format in members("intake") if isinstance(format, Format) for ending in format.endings]
    known = f"what it reads: {', '.join(endings)}, .zip, .tar or a folder per class"
    return DataError(f"datacc does not know {ending}", where=str(path), tries=[*sheet, known])
