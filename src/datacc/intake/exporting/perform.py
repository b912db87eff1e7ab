"""Export examples: everything is written beside the target first, and appears at once or not at all."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from datacc.errors import DataError, UsageError
from datacc.frozen import frozen
from datacc.intake.exporting.gather import gather
from datacc.intake.named import named
from datacc.registry import load
from datacc.repo.contents import read_contents
from datacc.repo.find import Repository

MARK: Final = ".datacc-export"  # in every exported folder: only such a one is ever replaced


@frozen
class ExportReport:
    """What was written: rows (one per label of an example in conflict), `classes` → rows, and the files by name."""

    commit: str
    format: str
    path: str
    examples: int
    unlabelled: int
    classes: Mapping[str, int]
    files: tuple[str, ...]


def export_examples(
    repository: Repository,
    path: Path,
    *,
    format: str | None = None,
    revision: str = "HEAD",
    label: str | None = None,
    force: bool = False,
) -> ExportReport:
    """Write what `revision` says to `path`; edits that are not committed are not in it.

    Raises `DataError` for examples that the format cannot hold and for a target that is there, unless `force`.
    """
    name = format or _format_of(path)
    member: Any = load("intake", name)
    _refuse_present(path, force)
    contents = read_contents(repository, revision, cells=True)
    sheet = gather(repository, contents, label)
    with tempfile.TemporaryDirectory(prefix=".datacc-", dir=_parent(path)) as temporary:
        written = Path(temporary, path.name)
        member.write(sheet, written)
        if written.is_dir():
            Path(written, MARK).touch()
        made = sorted(Path(temporary).iterdir())
        for one in made:
            _refuse_present(path.with_name(one.name), force)
        for one in made:
            _put(one, path.with_name(one.name))
    labels = [sheet.label(row) for row in sheet.rows]
    kind = load("types", sheet.output_type)
    counts = Counter(name for label in labels if isinstance(label, str) for name in kind.classes([kind.read(label)]))
    return ExportReport(
        commit=contents.commit,
        format=name,
        path=str(path),
        examples=len(sheet.rows),
        unlabelled=labels.count(None),
        classes={one: counts[one] for one in sheet.classes if counts[one]},
        files=tuple(one.name for one in made),
    )


def _format_of(path: Path) -> str:
    found = named(path.name)
    if found is not None:
        return found[0]
    if path.suffix:
        raise UsageError(
            f"no format is written to files that end in {path.suffix!r}", where=str(path), tries=["--format says which"]
        )
    return "folder"


def _parent(path: Path) -> Path:
    if not path.name or path.name == "..":
        raise UsageError("export makes a new file or folder", where=str(path), tries=["give it a name"])
    if not path.parent.is_dir():
        raise DataError("there is no such folder", where=str(path.parent), tries=["make it first"])
    return path.parent


def _refuse_present(path: Path, force: bool) -> None:
    if not os.path.lexists(path):
        return
    if not force:
        raise DataError("is there already; nothing was written", where=str(path), tries=["another name", "--force"])
    if path.is_dir() and not (Path(path, MARK).is_file() and not path.is_symlink()):
        raise DataError("is a folder that datacc did not export", where=str(path), tries=["another name"])


def _put(made: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    os.replace(made, target)
