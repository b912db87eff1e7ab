"""A table (CSV, TSV, JSON Lines, .npz or folder) just as it is, without a repository: zero configuration."""

import os
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from datacc.errors import DataError, SpecError
from datacc.intake.importing.columns import known_columns
from datacc.intake.importing.fields import infer_inputs, infer_outputs
from datacc.intake.importing.identify import identify
from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.read import Read, read
from datacc.intake.importing.rows import Rows, bytes_of
from datacc.registry import load
from datacc.repo.coded import Coded, as_coded
from datacc.repo.example import Examples, columnar, sliced
from datacc.repo.identity import ADDRESS_BYTES, address, contents_of
from datacc.repo.names import natural
from datacc.repo.schema import permanent_id
from datacc.repo.snapshot import Snapshot, freeze, remember, remembered
from datacc.repo.split import JUDGE
from datacc.repo.words import counted
from datacc.sources import Source
from datacc.sources.teaching import Taught, state, teach
from datacc.spec.lines import place
from datacc.spec.names import identifier
from datacc.spec.program import Field, Origin, Program, Target
from datacc.store import Store, canonical, digest
from datacc.types.columns import Columns

_REMEMBERED: Final = "snapshot of a table 2"
_SOUND: Final = "pictures that decode 1"
_OPTIONS: Final = ("path", "label", "group", "split", "key", "skip_bad")
_MADE: Final = (*Target().make, "wheel")  # of a table without a program: something to install


def infer_program(
    path: Path,
    label: str | None,
    name: str | None = None,
    skip_bad: bool = False,
    type: str | None = None,
    inputs: Sequence[str] | None = None,
) -> Program:
    """A program for the table at `path`: inputs and output inferred, no goal yet (the compiler chooses one).

    `type` is the output type, left out: what the column looks like. `inputs` are the columns to learn from, left out:
    those that look like it.

    Raises `DataError` when the table is unusable or the label column is not there.
    """
    named = tuple(inputs) if inputs else None
    found = read(path, ImportOptions(label=label, skip_bad=skip_bad, type=type, inputs=named))
    if all(said is None for said in found.rows.label):
        what = (
            f"no row has a label: column {found.roles.label!r} is empty" if found.roles.label else "no row has a label"
        )
        raise DataError(what, where=str(path), tries=["--label names another column"])
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
        origin = f"table {path.name} {_digest(path)}"
        known = remembered(store, _key(program, root, origin), origin)
        if known is not None:
            return known
        place = digest(_SOUND, str(path.absolute()))
        found = _read(program, path, _addresses(store.get(place) or b""))
        examples = _examples(program, found)
        if found.pictures:
            store.put(place, bytes.fromhex("".join((*examples.labelled.contents, *examples.unlabelled.contents))))
        taught = _taught(program, root, examples)
        output = program.outputs[0]
        values = columnar(taught.examples).labels[output.name]
        classes = sorted(load("types", output.type).classes(values), key=natural)
        notes = (*found.notes, *taught.notes)
        frozen = freeze(store, program, taught.examples, {output.name: classes}, origin, notes)
        if taught.complete:
            remember(store, _key(program, root, origin), frozen)
        return frozen

    def media(self, program: Program, root: Path, snapshot: Snapshot, ids: tuple[str, ...]) -> dict[str, bytes]:
        """The pictures among `ids` that are not judge's."""
        allowed = {id for id, split in zip(snapshot.ids, snapshot.splits, strict=True) if split != JUDGE} & set(ids)
        found = _read(program, _path(program, root))
        named = zip(_identified(program, found)[0], found.rows.media or (), strict=False)
        return {id: bytes_of(media) for id, media in named if id in allowed}


def _key(program: Program, root: Path, origin: str) -> str:
    """Under which the cache has the snapshot; a teacher that answered more since has made another."""
    fields = [[field.name, field.type, dict(field.options)] for field in (*program.inputs, *program.outputs)]
    return digest(_REMEMBERED, origin, canonical([fields, dict(program.source.options)]), state(program, root))


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
    path = root / str(given["path"])
    if not path.exists():
        what = f"there is no such file or folder: {given['path']}"
        raise DataError(what, where=place(program, "source", "path"), tries=["path says where the table lies"])
    return path


def _read(program: Program, path: Path, sound: Container[str] = frozenset()) -> Read:
    """The rows of the table; pictures of an address in `sound` are not decoded once more."""
    (output,) = program.outputs
    given = {key: value for key, value in program.source.options.items() if key != "path"}
    options = ImportOptions(**given, type=output.type)
    return read(path, options, known=known_columns(program.inputs), output=output.name, sound=sound)


def _identified(program: Program, found: Read) -> tuple[Sequence[str], Sequence[str], Mapping[str, Coded]]:
    """The id of every row, the digest that equal inputs share, and the columns that say its inputs."""
    names = [program.inputs[0].name] if found.pictures else list(found.roles.inputs)
    done = identify(found.rows, {name: permanent_id("input", name) for name in names})
    if found.pictures:
        [pictures] = done.inputs.values()
        return done.ids, [picture["media"] for picture in pictures], {}
    columns = {name: as_coded(cells) for name, cells in zip(names, done.inputs.values(), strict=True)}
    return done.ids, contents_of(list(columns.values()), missing="null"), columns


@dataclass(frozen=True, kw_only=True)
class _Examples:
    """The labelled ones, those without a label, and what to tell of both."""

    labelled: Examples
    unlabelled: Examples
    notes: list[str]


def _taught(program: Program, root: Path, found: _Examples) -> Taught:
    """The examples with a label, a teacher's among them where there is one; it says no class that no person said."""
    if program.teacher is not None:
        output = program.outputs[0]
        said = found.labelled.labels[output.name]
        classes = sorted(load("types", output.type).classes(said), key=natural)
        taught = teach(program, root, found.labelled, found.unlabelled, classes)
        return replace(taught, notes=(*found.notes, *taught.notes))
    unlabelled = len(found.unlabelled)
    left = [f"{counted(unlabelled, 'example')} without a label left out"] if unlabelled else []
    return Taught(examples=found.labelled, notes=(*left, *found.notes), complete=True)


def _examples(program: Program, found: Read) -> _Examples:
    rows, kind, by_id = found.rows, load("types", program.outputs[0].type), defaultdict(list)
    values = {text: kind.read(text) for text in set(rows.label) if text is not None}
    said = {text: canonical(value) for text, value in values.items()}
    ids, contents, columns = _identified(program, found)
    for number, id in enumerate(ids):
        by_id[id].append(number)
    kept, unlabelled, conflicts = list[int](), list[int](), list[list[int]]()
    for same in by_id.values():
        labelled = [number for number in same if rows.label[number] is not None]
        if not labelled:
            unlabelled.append(same[0])
        elif len(labelled) > 1 and len({said[rows.label[number] or ""] for number in labelled}) > 1:
            conflicts.append(same)
        else:
            kept.append(labelled[0])
    everything = _everything(program, found, ids, contents, columns)
    labels = [values[label] for n in kept if (label := rows.label[n]) is not None]
    examples = replace(everything.take(kept), labels={program.outputs[0].name: labels})
    copies = len(ids) - len(by_id)
    notes = [f"{counted(copies, 'copy', 'copies')} of an example left out"] if copies else []
    notes += [_conflict(rows, same) for same in conflicts[:5]]
    notes += [f"{counted(len(conflicts) - 5, 'more conflict')} left out"] if len(conflicts) > 5 else []
    notes += _equal_inputs(examples, program.outputs[0])
    notes += [note for field in program.inputs if field.type == "text" for note in _cut(rows, field)]
    return _Examples(labelled=examples, unlabelled=everything.take(unlabelled), notes=notes)


def _addresses(sound: bytes) -> frozenset[str]:
    """The addresses that stand in `sound` one after the other."""
    digits, size = sound.hex(), 2 * ADDRESS_BYTES
    return frozenset(digits[n : n + size] for n in range(0, len(digits), size))


def _everything(
    program: Program, found: Read, ids: Sequence[str], contents: Sequence[str], columns: Mapping[str, Coded]
) -> Examples:
    """Every row as an example without a label; `columns` say the inputs."""
    rows = found.rows
    group = {found.roles.group: rows.group} if found.roles.group else {}
    return Examples(
        ids=ids,
        contents=contents,
        inputs={field.name: _raw(rows, field, columns) for field in program.inputs},
        labels={},
        columns={**rows.others, **{name: columns[name] for name in sliced(program)}, **group},
        names=rows.where,
        groups=rows.group,
        splits=rows.split,
    )


def _raw(rows: Rows, field: Field, columns: Mapping[str, Coded]) -> Sequence[Any]:
    """Of every row the media, or what stands in the columns that the input reads."""
    if rows.media is not None:
        return list(map(bytes_of, rows.media))
    return Columns([columns[column] for column in field.columns])


def _conflict(rows: Rows, same: Sequence[int]) -> str:
    said = ", ".join(f"{rows.where[n]} ({rows.label[n]})" for n in same[:4])
    return f"the same input has different labels and is left out: {said}"


def _equal_inputs(examples: Examples, output: Field) -> list[str]:
    if output.form == "number":
        return []  # which is what measurements are like
    labels = defaultdict(set)
    said = as_coded(examples.labels[output.name]).codes.tolist()
    for same, code in zip(examples.contents, said, strict=True):
        labels[same].add(code)
    torn = sum(len(said) > 1 for said in labels.values())
    return [f"{counted(torn, 'input')} with different labels; each row is an example of its own"] if torn else []


def _cut(rows: Rows, field: Field) -> list[str]:
    """What is said of texts of which a program reads the beginning alone."""
    length = field.options["length"]
    if field.options.get("longer", "cut") != "cut":
        return []
    cells = zip(*(rows.cells[column] for column in field.columns), strict=True)
    count = sum(len("\n".join(map(str, row)).encode("utf-8", "replace")) > length for row in cells)
    told = f'longer than {length:,} bytes, of which the beginning is read; longer = "windows" reads all'
    return [f"{counted(count, 'text is', 'texts are')} {told}"] if count else []


def _digest(path: Path) -> str:
    """The digest of a file, or of a folder's files with their places, since a class is the name of a folder."""
    if not path.is_dir():
        return address(path.read_bytes())
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return digest(
        *(os.fsencode(file.relative_to(path).as_posix()) + address(file.read_bytes()).encode() for file in files)
    )


ENTRY = TableSource()
