"""A table (CSV, TSV, JSON Lines, .npz or folder) just as it is, without a repository: zero configuration."""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from datacc.errors import SpecError
from datacc.intake.importing.columns import columns_of, known_columns
from datacc.intake.importing.fields import infer_inputs, infer_outputs
from datacc.intake.importing.identify import identify
from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.read import Read, read
from datacc.intake.importing.rows import Row
from datacc.registry import load
from datacc.repo.example import Example, sliced
from datacc.repo.identity import address, content
from datacc.repo.names import natural
from datacc.repo.schema import permanent_id
from datacc.repo.snapshot import Snapshot, freeze, remember, remembered
from datacc.repo.split import JUDGE
from datacc.repo.words import counted
from datacc.sources import Source
from datacc.sources.teaching import Taught, state, teach
from datacc.spec.names import identifier
from datacc.spec.program import Field, Origin, Program, Target
from datacc.store import Store, canonical, digest

_REMEMBERED: Final = "snapshot of a table 2"
_OPTIONS: Final = ("path", "label", "group", "split", "key", "skip_bad")
_MADE: Final = (*Target().make, "wheel")  # of a table without a program: something to install


def infer_program(
    path: Path, label: str | None, name: str | None = None, skip_bad: bool = False, type: str | None = None
) -> Program:
    """A program for the table at `path`: inputs and output inferred, no goal yet (the compiler chooses one).

    `type` is the output type, left out: what the column looks like.

    Raises `DataError` when the table is unusable or the label column is not there.
    """
    found = read(path, ImportOptions(label=label, skip_bad=skip_bad, type=type))
    options = {"path": str(path), "label": label or found.roles.label, "skip_bad": skip_bad or None}
    return Program(
        name=identifier(name or path.stem, module=True),
        source=Origin(type="table", options={key: value for key, value in options.items() if value is not None}),
        inputs=infer_inputs(found),
        outputs=infer_outputs(found),
        target=Target(make=_MADE),
    )


class TableSource(Source):
    """Options: `path`, relative to the folder of `datacc.toml`; `label`, `group`, `split`, `key`; `skip_bad`."""

    def snapshot(self, program: Program, root: Path, revision: str | None, store: Store) -> Snapshot:
        """The rows of the file as it is now; it has no history, so a `revision` is refused."""
        if revision is not None:
            raise SpecError(
                "a table has no revisions",
                where="datacc.toml",
                tries=["datacc new and datacc import keep one", "build without a revision"],
            )
        path = _path(program, root)
        origin = f"table {path.name} {_digest(path)}" if path.exists() else ""
        fields = [[field.name, field.type, dict(field.options)] for field in (*program.inputs, *program.outputs)]
        asked = canonical([fields, dict(program.source.options)])
        known = remembered(store, digest(_REMEMBERED, origin, asked, state(program, root)), origin)
        if known is not None:
            return known
        found = _read(program, path)
        taught = _taught(program, root, _examples(program, found))
        output = program.outputs[0]
        values = [one.labels[output.name] for one in taught.examples]
        classes = sorted(load("types", output.type).classes(values), key=natural)
        notes = (*found.notes, *taught.notes)
        frozen = freeze(store, program, taught.examples, {output.name: classes}, origin, notes)
        if taught.complete:
            remember(store, digest(_REMEMBERED, origin, asked, state(program, root)), frozen)
        return frozen

    def media(self, program: Program, root: Path, snapshot: Snapshot, ids: tuple[str, ...]) -> dict[str, bytes]:
        """The pictures among `ids` that are not judge's."""
        allowed = {id for id, split in zip(snapshot.ids, snapshot.splits, strict=True) if split != JUDGE} & set(ids)
        found = _read(program, _path(program, root))
        return {one.id: one.row.read() for one in _identified(program, found) if found.pictures and one.id in allowed}


def _path(program: Program, root: Path) -> Path:
    """Where the table lies. Raises `SpecError` for options that no table has."""
    given = program.source.options
    unknown = [key for key in given if key not in _OPTIONS]
    if unknown:
        raise SpecError(
            f"source.{unknown[0]} is no option of a table", where="datacc.toml", tries=[", ".join(_OPTIONS)]
        )
    if "path" not in given:
        raise SpecError("source.path is missing", where="datacc.toml", tries=['path = "data.csv"'])
    if len(program.outputs) != 1:
        raise SpecError("a table has one output: its label column", where="datacc.toml")
    return root / str(given["path"])


def _read(program: Program, path: Path) -> Read:
    given = {key: value for key, value in program.source.options.items() if key != "path"}
    options = ImportOptions(**given, type=program.outputs[0].type)
    return read(path, options, known=known_columns(program.inputs), output=program.outputs[0].name)


@dataclass(frozen=True, kw_only=True)
class _Identified:
    """A row with its id, and the digest that equal inputs share."""

    row: Row
    id: str
    content: str


def _identified(program: Program, found: Read) -> list[_Identified]:
    columns = [program.inputs[0].name] if found.pictures else list(found.roles.inputs)
    done = identify(found.rows, {column: permanent_id("input", column) for column in columns})
    values = zip(*done.inputs.values(), strict=True)
    return [
        _Identified(row=row, id=id, content=content(inputs))
        for row, id, inputs in zip(found.rows, done.ids, values, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class _Examples:
    """The labelled ones, those without a label, and what to tell of both."""

    labelled: list[Example]
    unlabelled: list[Example]
    notes: list[str]


def _taught(program: Program, root: Path, found: _Examples) -> Taught:
    """The examples with a label, a teacher's among them where there is one; it says no class that no person said."""
    if program.teacher is not None:
        classes = sorted({one.labels[program.outputs[0].name] for one in found.labelled}, key=natural)
        taught = teach(program, root, found.labelled, found.unlabelled, classes)
        return replace(taught, notes=(*found.notes, *taught.notes))
    unlabelled = len(found.unlabelled)
    left = [f"{counted(unlabelled, 'example')} without a label left out"] if unlabelled else []
    return Taught(examples=tuple(found.labelled), notes=(*left, *found.notes), complete=True)


def _examples(program: Program, found: Read) -> _Examples:
    output, kind = program.outputs[0].name, load("types", program.outputs[0].type)
    by_id: dict[str, list[_Identified]] = defaultdict(list)
    for one in _identified(program, found):
        by_id[one.id].append(one)
    examples, unlabelled, conflicts, copies = list[Example](), list[Example](), list[list[_Identified]](), 0
    for same in by_id.values():
        told = {text: kind.read(text) for text in {one.row.label for one in same} if text is not None}
        labels = {canonical(value): value for value in told.values()}
        copies += len(same) - 1
        if not labels:
            unlabelled.append(_example(same[0], program, {}))
        elif len(labels) > 1:
            conflicts.append(same)
        else:
            chosen = next(one for one in same if one.row.label is not None)
            examples.append(_example(chosen, program, {output: next(iter(labels.values()))}))
    notes = [f"{counted(copies, 'copy', 'copies')} of an example left out"] if copies else []
    notes += [_conflict(same) for same in conflicts[:5]]
    notes += [f"{counted(len(conflicts) - 5, 'more conflict')} left out"] if len(conflicts) > 5 else []
    notes += _equal_inputs(examples, program.outputs[0])
    return _Examples(labelled=examples, unlabelled=unlabelled, notes=notes)


def _example(one: _Identified, program: Program, labels: Mapping[str, Any]) -> Example:
    row = one.row
    group = {} if row.group is None else {program.source.options["group"]: row.group}
    return Example(
        id=one.id,
        content=one.content,
        inputs={field.name: _raw(row, field) for field in program.inputs},
        labels=labels,
        columns={**row.others, **group, **{name: row.cells[name] for name in sliced(program)}},
        name=row.where,
        group=row.group,
        split=row.split,
    )


def _raw(row: Row, field: Field) -> Any:
    """The media, or what stands in the columns that the input reads."""
    if row.media is not None:
        return row.read()
    return [row.cells[column] for column in columns_of(field)]


def _conflict(same: list[_Identified]) -> str:
    said = ", ".join(f"{one.row.where} ({one.row.label})" for one in same[:4])
    return f"the same input has different labels and is left out: {said}"


def _equal_inputs(examples: list[Example], output: Field) -> list[str]:
    if output.form == "number":
        return []  # which is what measurements are like
    labels = defaultdict(set)
    for example in examples:
        labels[example.content].add(canonical(example.labels[output.name]))
    torn = sum(len(said) > 1 for said in labels.values())
    return [f"{counted(torn, 'input')} with different labels; each row is an example of its own"] if torn else []


def _digest(path: Path) -> str:
    """The digest of a file, or of a folder's files with their places, since a class is the name of a folder."""
    if not path.is_dir():
        return address(path.read_bytes())
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return digest(
        *(os.fsencode(file.relative_to(path).as_posix()) + address(file.read_bytes()).encode() for file in files)
    )


ENTRY = TableSource()
