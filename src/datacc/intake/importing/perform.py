"""Import examples: one run in one git commit, or nothing at all."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from datacc.intake.importing.batch import Batch, make_batch
from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.read import Read, read
from datacc.intake.importing.target import check_kind, first_program, target
from datacc.repo.contents import Contents, read_contents
from datacc.repo.find import Repository
from datacc.repo.fold import fold
from datacc.repo.media import places, write_packs
from datacc.repo.packs import keep_outside
from datacc.repo.place import commit_new, staging
from datacc.repo.run import run_files
from datacc.repo.schema import schema_files
from datacc.repo.words import counted, printable, seen_once
from datacc.spec.read import FILE

_NAMED: Final = 10


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did. `commit` is None when everything was there already.

    `examples` new rows; `classes`: class → new rows; `added` classes that the schema did not have; `conflicts` names
    the rows that contradict another (the first 10), `conflicted` counts the examples; `skipped` bad rows or files.
    """

    origin: str
    commit: str | None
    run: str | None
    output: str
    examples: int
    unlabelled: int
    copies: int
    already: int
    skipped: int
    classes: Mapping[str, int]
    added: tuple[str, ...]
    conflicted: int
    conflicts: tuple[str, ...]
    wrote_program: bool
    notes: tuple[str, ...]


def import_examples(repository: Repository, path: Path, options: ImportOptions) -> ImportReport:
    """Import everything at `path` (a folder per class, CSV, TSV, JSON Lines, .npz) in one commit.

    Raises `DataError` that names what cannot be read (unless `options.skip_bad`); nothing is left behind then, nor
    when the disk fills up, git refuses, or the user interrupts.
    """
    contents = read_contents(repository)
    wanted = target(repository, contents.schema, options)
    found = read(path, options, known=wanted.columns, output=wanted.output)
    check_kind(found, wanted, str(path))
    output = wanted.output or found.roles.output
    picture = (wanted.picture.name, wanted.picture.type) if wanted.picture else ("image", "image")
    origin = printable(path.name or path.absolute().name)
    batch = make_batch(found, contents, picture, output, origin)
    fresh = wanted.program is None and bool(batch.run.rows)
    commit = _write(repository, contents, batch, first_program(repository, found, output) if fresh else None)
    return _report(found, contents, batch, commit, fresh)


def _write(repository: Repository, contents: Contents, batch: Batch, program: bytes | None) -> str | None:
    if not batch.run.rows:
        return None
    texts = {path: text for path, text in schema_files(batch.schema).items() if path not in contents.tree}
    texts |= run_files(batch.run)
    if program is not None:
        texts[FILE] = program
    have = places(repository.git, contents.tree) if batch.media else {}
    media = [(name, one.row) for name, one in sorted(batch.media.items()) if name not in have]
    message = f"import {counted(len(batch.run.rows), 'example')} from {batch.run.origin}"
    with staging(repository) as folder:
        packed = write_packs(folder / "media", f"media/{batch.run.id}", media) if media else {}
        staged = keep_outside(repository, packed)
        for number, (path, text) in enumerate(texts.items()):
            staged[path] = folder / str(number)
            staged[path].write_bytes(text)
        return commit_new(repository, staged, message)


def _report(found: Read, contents: Contents, batch: Batch, commit: str | None, wrote_program: bool) -> ImportReport:
    names = {one.id: one.name for one in batch.output.classes}
    counts = Counter(names[row.values[batch.output.id]] for row in batch.run.rows if row.values)
    before = next((column for column in contents.schema.columns if column.id == batch.output.id), None)
    added = tuple(name for name in names.values() if before is None or before.class_named(name) is None)
    torn = _conflicts(contents, batch)
    once = [name for name in added if counts[name] == 1]
    notes = [seen_once(once)] if once else []
    if len(names) == 1:
        notes.append(f"there is one class, {next(iter(names.values()))!r}; a program needs two")
    return ImportReport(
        origin=batch.run.origin,
        commit=commit,
        run=batch.run.id if commit else None,
        output=batch.output.name,
        examples=len(batch.run.rows),
        unlabelled=sum(not row.values for row in batch.run.rows),
        copies=batch.copies,
        already=batch.already,
        skipped=found.skipped,
        classes={name: counts[name] for name in names.values() if counts[name]},
        added=added if commit else (),
        conflicted=len(torn),
        conflicts=tuple(torn[:_NAMED]),
        wrote_program=wrote_program,
        notes=(*found.notes, *_torn_inputs(batch), *notes),
    )


def _conflicts(contents: Contents, batch: Batch) -> list[str]:
    """One sentence per example of the batch in which two labels stand against each other."""
    operations = chain(contents.operations(), batch.run.operations())
    states = fold(operation for operation in operations if operation.example in batch.names)
    names = {one.id: one.name for one in batch.output.classes}
    torn = []
    for id, state in sorted(states.items()):
        if state.conflict:
            register = state.fields.get(batch.output.id)
            values = [names.get(value, "(none)") for value in register.values] if register else []
            places = ", ".join(printable(where) for where in batch.names[id][:4])
            torn.append(f"{id[:12]} ({places}) is {' and '.join(printable(value) for value in values)}")
    return torn


def _torn_inputs(batch: Batch) -> list[str]:
    """Equal rows of numbers that have different labels: examples of their own, worth a word."""
    inputs = {column.id for column in batch.schema.of("input") if column.type == "number"}
    labels: dict[str, set[str]] = {}
    for row in batch.run.rows if inputs else ():
        same = json.dumps([row.cells.get(column) for column in sorted(inputs)])
        labels.setdefault(same, set()).update(row.values.values())
    torn = sum(len(said) > 1 for said in labels.values())
    return [f"{counted(torn, 'input')} with different labels; each row is an example of its own"] if torn else []
