"""A table (CSV, TSV, JSON Lines, .npz or folder) just as it is, without a repository: zero configuration."""

import os
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.errors import DataError, SpecError
from datacc.intake import Found
from datacc.intake.importing.columns import known_columns
from datacc.intake.importing.fields import infer_inputs, infer_outputs
from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.read import Read, format_of, read
from datacc.intake.importing.rows import bytes_of
from datacc.registry import load
from datacc.repo.example import columnar
from datacc.repo.identity import ADDRESS_BYTES, file_address
from datacc.repo.names import natural
from datacc.repo.snapshot import Snapshot, freeze, remember, remembered
from datacc.repo.split import JUDGE
from datacc.repo.words import counted
from datacc.sources import Source
from datacc.sources.distinct import Distinct, distinct, identified
from datacc.sources.teaching import Taught, state, teach
from datacc.spec.lines import place
from datacc.spec.names import identifier
from datacc.spec.program import Origin, Program, Target
from datacc.store import Store, canonical, digest

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
    cached: tuple[Path, Store] | None = None,
) -> Program:
    """A program for the table at `path`: inputs and output inferred, no goal yet (the compiler chooses one).

    `type` is the output type, left out: what the column looks like. `inputs` are the columns to learn from, left out:
    those that look like it. `cached`, the folder of the program and its cache, gets the snapshot: read once, the table
    need not be read again.

    Raises `DataError` when the table is unusable or the label column is not there.
    """
    said = ImportOptions(label=label, skip_bad=skip_bad, type=type, inputs=tuple(inputs) if inputs else None)
    format = format_of(path)
    origin, raw = _origin(path), format.read(path)
    found = read(path, said, found=raw)
    _require_label(found, path)
    options = {"path": str(path), "label": label or found.roles.label, "skip_bad": skip_bad or None}
    program = Program(
        name=identifier(name or path.stem, module=True),
        source=Origin(type="table", options={key: value for key, value in options.items() if value is not None}),
        inputs=infer_inputs(found),
        outputs=infer_outputs(found),
        target=Target(make=_MADE),
    )
    if cached is not None:
        rows = _read(program, path, frozenset(found.rows.addresses), raw)
        del found, raw  # cells as they were written take more memory than all that comes of them
        _frozen(program, *cached, origin, rows)
    return program


def _require_label(found: Read, path: Path) -> None:
    if all(label is None for label in found.rows.label):
        empty = f": column {found.roles.label!r} is empty" if found.roles.label else ""
        raise DataError(f"no row has a label{empty}", where=str(path), tries=["--label names another column"])


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
        origin = _origin(path)
        known = remembered(store, _key(program, root, origin), origin)
        if known is not None:
            return known
        sound = _addresses(store.get(_sound(path)) or b"")
        return _frozen(program, root, store, origin, _read(program, path, sound))

    def media(self, program: Program, root: Path, snapshot: Snapshot, ids: tuple[str, ...]) -> dict[str, bytes]:
        """The pictures among `ids` that are not judge's."""
        allowed = {id for id, split in zip(snapshot.ids, snapshot.splits, strict=True) if split != JUDGE} & set(ids)
        found = _read(program, _path(program, root))
        named = zip(identified(program, found)[0], found.rows.media or (), strict=False)
        return {id: bytes_of(media) for id, media in named if id in allowed}


def _frozen(program: Program, root: Path, store: Store, origin: str, found: Read) -> Snapshot:
    """The snapshot of a table that was read, which the cache remembers."""
    examples = distinct(program, found)
    if found.pictures:
        place = _sound(_path(program, root))
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


def _sound(path: Path) -> str:
    """Under which the cache has the addresses of the pictures at `path` that decode."""
    return digest(_SOUND, str(path.absolute()))


def _origin(path: Path) -> str:
    return f"table {path.name} {_digest(path)}"


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


def _read(program: Program, path: Path, sound: Container[str] = frozenset(), raw: Found | None = None) -> Read:
    """The rows of the table; pictures of an address in `sound` are not decoded once more."""
    (output,) = program.outputs
    given = {key: value for key, value in program.source.options.items() if key != "path"}
    options = ImportOptions(**given, type=output.type)
    return read(path, options, known=known_columns(program.inputs), output=output.name, sound=sound, found=raw)


def _taught(program: Program, root: Path, found: Distinct) -> Taught:
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


def _addresses(sound: bytes) -> frozenset[str]:
    """The addresses that stand in `sound` one after the other."""
    digits, size = sound.hex(), 2 * ADDRESS_BYTES
    return frozenset(digits[n : n + size] for n in range(0, len(digits), size))


def _digest(path: Path) -> str:
    """The digest of a file, or of a folder's files with their places, since a class is the name of a folder."""
    if not path.is_dir():
        return file_address(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return digest(*(os.fsencode(file.relative_to(path).as_posix()) + file_address(file).encode() for file in files))


ENTRY = TableSource()
