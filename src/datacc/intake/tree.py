"""What the paths of files tell: the class folder, the split folder above it, or what an export wrote beside them."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.intake import Bad, Found, Raw
from datacc.intake.filenames import FileNames
from datacc.intake.sheet import Sheet, parse_said
from datacc.repo.identity import canonical_json
from datacc.repo.split import split_named

CELLS: Final = "metadata.jsonl"  # the name under which Hugging Face's image folders keep what is known of a file
COLUMNS: Final = "columns.json"
_CLUTTER: Final = frozenset({"Thumbs.db", "desktop.ini", "__MACOSX"})


@frozen
class Member:
    """A file by the parts of its path below the folder."""

    parts: tuple[str, ...]
    media: Path | bytes

    @property
    def where(self) -> str:
        """Its path, for messages."""
        return "/".join(self.parts)

    def read(self) -> bytes:
        """Its bytes."""
        return self.media if isinstance(self.media, bytes) else self.media.read_bytes()


def found_in(members: Sequence[Member], bad: Iterable[Bad], where: str) -> Found:
    """The examples among `members`: as an export told them, or by the names of their folders."""
    told = {member.parts[0]: member for member in members if len(member.parts) == 1}
    if CELLS in told and COLUMNS in told:
        rest = [member for member in members if member not in (told[CELLS], told[COLUMNS])]
        return _exported(rest, told[CELLS].read(), told[COLUMNS].read(), tuple(bad), where)
    tops = {member.parts[0] for member in members if len(member.parts) > 1}
    by_split = bool(tops) and all(split_named(top) for top in tops)
    rows = []
    for member in members:
        split = split_named(member.parts[0]) if by_split and len(member.parts) > 1 else None
        classes = member.parts[1:-1] if split else member.parts[:-1]
        label = classes[0] if classes else None
        rows.append(Raw(where=member.where, media=member.media, label=label, split=split))
    return Found(rows=tuple(rows), bad=tuple(bad))


def hidden(name: str) -> bool:
    """Whether a file or folder of that name is left out."""
    return name.startswith(".") or name in _CLUTTER


def write_tree(sheet: Sheet, path: Path) -> None:
    """A folder per class with its files, `metadata.jsonl` with the other cells, `columns.json` with what they are.

    No two files share a name, so that a file moved into another class folder keeps its cells.
    """
    if sheet.output_type != "label":
        what = f"a folder is of one class; {sheet.output} is of type {sheet.output_type}"
        raise DataError(what, where=path.name, tries=["datacc export FILE.parquet"])
    names, folders = FileNames(CELLS, COLUMNS), FileNames(CELLS, COLUMNS)
    placed = {name: folders.new(name) for name in sheet.classes}
    [called] = sheet.of("name") or ("",)
    columns = [column.name for column in sheet.columns if column.name != sheet.output]
    path.mkdir()
    lines = []
    for row, data in zip(sheet.rows, sheet.media, strict=True):
        file = names.new(_wanted(str(row.get(called) or "example"), data))
        label = sheet.label(row)
        relative = file if label is None else f"{placed[label]}/{file}"
        target = path / relative
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data)
        cells = {column: row[column] for column in columns if row.get(column) is not None}
        lines.append(canonical_json({"file_name": relative, "cells": cells}) + "\n")
    (path / CELLS).write_text("".join(lines), encoding="utf-8", newline="\n")
    folders_said = {folder: name for name, folder in placed.items()}
    said = sheet.without(sheet.output).said(folders=folders_said)
    (path / COLUMNS).write_text(said, encoding="utf-8", newline="\n")


def _wanted(name: str, data: bytes) -> str:
    """The last part of where the file came from, with an ending that fits it."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    if Path(last).suffix.lower() in (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm"):
        return last
    heads = (
        (b"\x89PNG", "png"),
        (b"\xff\xd8", "jpg"),
        (b"GIF8", "gif"),
        (b"P5", "pgm"),
        (b"P6", "ppm"),
        (b"BM", "bmp"),
    )
    return f"{last}.{next((ending for head, ending in heads if data.startswith(head)), 'bin')}"


def _exported(members: Sequence[Member], cells: bytes, columns: bytes, bad: tuple[Bad, ...], where: str) -> Found:
    said = parse_said(columns, f"{where}/{COLUMNS}")
    classes = said.more.get("folders")
    if not isinstance(classes, dict) or not all(isinstance(name, str) for name in classes.values()):
        raise DataError("tells no class folders", where=f"{where}/{COLUMNS}", tries=[f"remove {COLUMNS} and {CELLS}"])
    known = dict(_lines(cells, f"{where}/{CELLS}"))
    rows = []
    for member in members:
        folder = member.parts[0] if len(member.parts) > 1 else None
        rows.append(
            Raw(
                where=member.where,
                media=member.media,
                cells=known.get(member.parts[-1], {}),
                label=classes.get(folder, folder) if folder is not None else None,
            )
        )
    return said.found(rows, bad=bad)


def _lines(text: bytes, where: str) -> Iterable[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        try:
            value = json.loads(line)
            yield value["file_name"].rsplit("/", 1)[-1], dict(value["cells"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            what = "is no line of an export"
            raise DataError(what, where=f"{where}:{number}", tries=[f"remove {CELLS} and {COLUMNS}"]) from error
