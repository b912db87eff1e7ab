"""Import examples: one run in one git commit, or nothing at all."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from datacc.frozen import frozen
from datacc.intake.importing.batch import Batch, make_batch
from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.read import Read, read
from datacc.intake.importing.rows import Rows
from datacc.intake.importing.target import check_kind, first_program, target
from datacc.repo.collection import without_collection
from datacc.repo.contents import Contents, read_contents
from datacc.repo.events import class_names
from datacc.repo.find import Repository
from datacc.repo.fold import fold
from datacc.repo.media import places, write_packs
from datacc.repo.packs import keep_outside
from datacc.repo.place import commit_new
from datacc.repo.schema import schema_files
from datacc.repo.staging import staging
from datacc.repo.values import class_ids
from datacc.repo.words import counted, printable, seen_once
from datacc.spec.program import FILE

_NAMED: Final = 10


@frozen
class ImportReport:
    """What an import did. `commit` is None when everything was there already.

    `examples` new rows; `classes`: class → new rows; `added` classes that the schema did not have; `conflicts` names
    the rows that contradict another (the first 10), `conflicted` counts the examples; `forgotten` rows of examples that
    have a tombstone; `skipped` bad rows or files.
    """

    origin: str
    commit: str | None
    run: str | None
    output: str
    examples: int
    unlabelled: int
    copies: int
    already: int
    forgotten: int
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
    with without_collection():
        return _import(repository, path, options)


def _import(repository: Repository, path: Path, options: ImportOptions) -> ImportReport:
    contents = read_contents(repository)
    wanted = target(repository, contents.schema, options)
    found = read(path, options, known=wanted.columns, output=wanted.output, output_type=wanted.output_type)
    check_kind(found, wanted, str(path))
    output = wanted.output or found.roles.output
    picture = (wanted.picture.name, wanted.picture.type) if wanted.picture else ("image", "image")
    origin = printable(path.name or path.absolute().name)
    batch = make_batch(found, contents, picture, output, origin)
    fresh = wanted.program is None and bool(batch.ids)
    program = first_program(repository, found, output) if fresh else None
    commit = _write(repository, contents, batch, found.rows, origin, program)
    return _report(found, contents, batch, origin, commit, fresh)


def _write(
    repository: Repository, contents: Contents, batch: Batch, rows: Rows, origin: str, program: bytes | None
) -> str | None:
    if not batch.ids:
        return None
    texts = {path: text for path, text in schema_files(batch.schema).items() if path not in contents.tree}
    texts |= batch.files
    if program is not None:
        texts[FILE] = program
    have = places(repository.git, contents.tree) if batch.media else {}
    media = [(name, rows[number]) for name, number in sorted(batch.media.items()) if name not in have]
    message = f"import {counted(len(batch.ids), 'example')} from {origin}"
    with staging(repository.root) as folder:
        packed = write_packs(folder / "media", f"media/{batch.run}", media) if media else {}
        staged = keep_outside(repository, packed)
        for number, (path, text) in enumerate(texts.items()):
            staged[path] = folder / str(number)
            staged[path].write_bytes(text)
        return commit_new(repository, staged, message)


def _report(
    found: Read, contents: Contents, batch: Batch, origin: str, commit: str | None, wrote_program: bool
) -> ImportReport:
    names = {one.id: one.name for one in batch.output.classes}
    counts = Counter[str]()
    for label, count in Counter(batch.labels).items():
        counts.update(dict.fromkeys((names[id] for id in class_ids(label)), count))
    before = next((column for column in contents.schema.columns if column.id == batch.output.id), None)
    added = tuple(name for name in names.values() if before is None or before.class_named(name) is None)
    torn = _conflicts(contents, batch)
    once = [name for name in added if counts[name] == 1]
    notes = [seen_once(once)] if once else []
    if len(names) == 1:
        notes.append(f"there is one class, {next(iter(names.values()))!r}; a program needs two")
    return ImportReport(
        origin=origin,
        commit=commit,
        run=batch.run if commit else None,
        output=batch.output.name,
        examples=len(batch.ids),
        unlabelled=batch.labels.count(None),
        copies=batch.copies,
        already=batch.already,
        forgotten=batch.forgotten,
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
    if batch.is_plain and not contents.runs and not contents.segment_paths:
        return []
    examples = set(batch.ids)
    suspects = (
        {id for id, count in Counter(batch.ids).items() if count > 1} if len(examples) < len(batch.ids) else set()
    )
    suspects |= {example for run in contents.runs for example, _ in run.places(batch.ids)}
    suspects |= {operation.example for operation in contents.edits() if operation.example in examples}
    said = [operation for told in contents.said_of(suspects).values() for _, operation in told]
    states = fold([*said, *batch.operations(suspects)] if suspects else [])
    where: dict[str, list[str]] = {}
    for id, place in zip(batch.ids, batch.where, strict=True) if suspects else ():
        if id in suspects:
            where.setdefault(id, []).append(place)
    torn = []
    for id, state in sorted(states.items()):
        if state.conflict:
            register = state.fields.get(batch.output.id)
            values = class_names(batch.output, register) if register else ()
            places = ", ".join(printable(place) for place in where[id][:4])
            torn.append(f"{id[:12]} ({places}) is {' and '.join(printable(value) for value in values)}")
    return torn


def _torn_inputs(batch: Batch) -> list[str]:
    """Equal rows of a table that have different labels: examples of their own, worth a word."""
    if batch.media or batch.is_plain or batch.output.type == "number":
        return []
    same = list(zip(*batch.inputs.values(), strict=True))
    labels: dict[Any, set[Any]] = {}
    for inputs, label in zip(same, batch.labels, strict=True) if len(set(same)) < len(same) else ():
        labels.setdefault(inputs, set()).update([label] if label is not None else [])
    torn = sum(len(said) > 1 for said in labels.values())
    return [f"{counted(torn, 'input')} with different labels; each row is an example of its own"] if torn else []
