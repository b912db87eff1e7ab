"""What an import has to fit: the inputs and the output that the program or the schema has already."""

from collections.abc import Mapping
from dataclasses import replace

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.intake.importing.columns import Column, known_columns
from datacc.intake.importing.fields import infer_inputs, infer_outputs, output_name
from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.read import Read
from datacc.repo.find import Repository
from datacc.repo.schema import Schema
from datacc.spec.program import FILE, Field, Program
from datacc.spec.read import read_program
from datacc.spec.write import program_toml

_HEAD = "# What datacc build makes of these examples. Say what you need: [goal], [[check]], [budget], [target].\n"


@frozen
class Target:
    """The `columns` and the input `picture` that must be there, none where that is still open."""

    columns: Mapping[str, Column]
    picture: Field | None
    output: str | None
    program: Program | None
    output_type: str | None = None


def target(repository: Repository, schema: Schema, options: ImportOptions) -> Target:
    """What is decided. Raises `SpecError` for a damaged `datacc.toml`, `DataError` when the output is unclear."""
    path = repository.root / FILE
    program = read_program(path) if path.exists() else None
    columns = {c.name: Column(kind=c.type) for c in schema.of("input") if c.type in ("number", "text")}
    pictures = [Field(name=c.name, type=c.type) for c in schema.of("input") if c.type not in ("number", "text")]
    outputs = [column.name for column in schema.of("output")]
    if program is not None:
        columns = known_columns(program.inputs) or columns
        pictures = [field for field in program.inputs if field.type not in ("record", "text")] or pictures
        outputs = [field.name for field in program.outputs]
    if len(pictures) > 1 or (pictures and columns):
        raise DataError("import fills one input; this program has several", where=FILE)
    picture = pictures[0] if pictures else None
    output = _output(outputs, options.label)
    kind = _type_of(output, schema, program)
    if options.type not in (None, kind) and kind is not None:
        raise DataError(f"{output} is of the type {kind} already, not {options.type}", tries=["leave --type out"])
    return Target(columns=columns, picture=picture, output=output, program=program, output_type=kind)


def _type_of(output: str | None, schema: Schema, program: Program | None) -> str | None:
    """The type that an output has already."""
    fields = program.outputs if program is not None else ()
    known = [field.type for field in fields if field.name == output]
    known += [column.type for column in schema.of("output") if column.name == output]
    return next(iter(known), None)


def check_kind(found: Read, wanted: Target, where: str) -> None:
    """Raises `DataError` when pictures were found where rows of numbers belong, or the other way round."""
    if found.pictures and wanted.columns:
        raise DataError("these are pictures; the examples here are rows of numbers", where=where, tries=["datacc new"])
    if not found.pictures and wanted.picture:
        raise DataError("these are rows; the examples here are files", where=where, tries=["datacc new"])


def first_program(repository: Repository, found: Read, output: str) -> bytes:
    """The `datacc.toml` for a repository that has none: inputs and output as found."""
    program = Program(
        name=repository.name, inputs=infer_inputs(found), outputs=(replace(infer_outputs(found)[0], name=output),)
    )
    return (_HEAD + program_toml(program)).encode()


def _output(known: list[str], label: str | None) -> str | None:
    named = output_name(label) if label is not None else None
    if not known:
        return named
    if named in known or len(known) == 1:
        return named if named in known else known[0]
    raise DataError(
        f"which output do the labels belong to? {named!r} is none", tries=[f"--label {one}" for one in known]
    )
