"""Turn identified rows into the run, the schema and the media that they add to a repository."""

from collections.abc import Mapping, Sequence
from typing import Any

from datacc.frozen import frozen
from datacc.intake.importing.identify import Identified, identify
from datacc.intake.importing.read import Read
from datacc.registry import load
from datacc.repo.contents import Contents
from datacc.repo.names import natural
from datacc.repo.operation import Operation
from datacc.repo.run_files import Rows, run_files
from datacc.repo.schema import Column, Kind, Schema
from datacc.repo.values import stored
from datacc.types import OutputType


@frozen(eq=False)
class Batch:
    """What is new: N rows, their texts in `files`, path → bytes. `where` they came from, their `labels`: class ids,
    numbers, or tuples of class ids.

    `media`: address → row of what was found. `copies`, `already` and `forgotten` were left out.
    `is_plain`: no two rows have one id or the same inputs.
    """

    schema: Schema
    output: Column
    run: str
    files: Mapping[str, bytes]
    ids: Sequence[str]
    labels: Sequence[Any]
    where: Sequence[str]
    inputs: Mapping[str, Sequence[Any]]
    media: Mapping[str, int]
    copies: int
    already: int
    forgotten: int
    is_plain: bool

    def operations(self, examples: set[str]) -> list[Operation]:
        """What its rows say of these examples."""
        said = []
        for number, (example, label) in enumerate(zip(self.ids, self.labels, strict=True)):
            if example in examples:
                id = f"{self.run}:{number}"
                said.append(Operation(id=id, op="add", example=example))
                if label is not None:
                    new = list(label) if isinstance(label, tuple) else label
                    said.append(Operation(id=id, op="set", example=example, field=self.output.id, new=new))
        return said


def make_batch(found: Read, contents: Contents, picture: tuple[str, str], output: str, origin: str) -> Batch:
    """The batch of what was found; `picture` is the name and type of the input that media belong to."""
    schema = _schema(found, contents.schema, picture, output)
    named = [picture[0]] if found.pictures else list(found.roles.inputs)
    inputs = sorted((c for c in schema.of("input") if c.name in named), key=lambda column: (column.rank, column.id))
    column = schema.find("output", output)
    assert column is not None
    everything = identify(found.rows, {c.name: c.id for c in inputs})
    known = {text: _hashable(stored(column, text)) for text in set(found.rows.label) if text is not None}
    labels = [None if text is None else known[text] for text in found.rows.label]
    kept, copies, already, forgotten = _news(everything.ids, labels, column.id, contents)
    rows, said = found.rows.take(kept), _some(labels, kept)
    ids, given = _some(everything.ids, kept), {id: _some(cells, kept) for id, cells in everything.inputs.items()}
    cells = _cells(
        Identified(rows=rows, ids=ids, occurrences=_some(everything.occurrences, kept), inputs=given), schema
    )
    run, files = run_files(Rows(ids=ids, values={column.id: said}, cells=cells), origin)
    media = (
        {value["media"]: kept[n] for values in given.values() for n, value in enumerate(values)}
        if found.pictures
        else {}
    )
    return Batch(
        schema=schema,
        output=column,
        run=run,
        files=files,
        ids=ids,
        labels=said,
        where=rows.where,
        inputs=given,
        media=media,
        copies=copies,
        already=already,
        forgotten=forgotten,
        is_plain=isinstance(kept, range) and not any(everything.occurrences) and not any(found.rows.key),
    )


def _schema(found: Read, schema: Schema, picture: tuple[str, str], output: str) -> Schema:
    roles, rows = found.roles, found.rows
    schema = schema.with_column("output", output, roles.type)
    for name in [] if found.pictures else roles.inputs:
        schema = schema.with_column("input", name, "number" if roles.inputs[name].is_number else "text")
    if found.pictures:
        schema = schema.with_column("input", *picture)
    for name in roles.others:
        schema = schema.with_column("other", name)
    special: tuple[tuple[Kind, str | None], ...] = (
        ("group", roles.group),
        ("key", roles.key),
        ("split", "split" if any(rows.split) else None),
        ("name", "name"),
    )
    for kind, called in special:
        schema = schema.with_column(kind, called) if called else schema
    if not found.pictures and not roles.key:
        schema = schema.with_column("occurrence", "occurrence")
    column = schema.find("output", output)
    assert column is not None
    member: OutputType = load("types", roles.type)
    told = {text for text in set(rows.label) if text is not None} if member.form != "number" else set()
    wanted = {name: place for place, name in enumerate(found.classes)}
    names = sorted(member.classes([member.read(text) for text in told]), key=natural)
    return schema.with_classes(column, sorted(names, key=lambda name: wanted.get(name, len(wanted))))


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _cells(found: Identified, schema: Schema) -> dict[str, Sequence[Any]]:
    """Column id → cells, in the order of the schema, of every column that is not an output and has a cell."""
    rows = found.rows
    given: dict[Kind, Sequence[Any]] = {
        "group": rows.group,
        "key": rows.key,
        "split": rows.split,
        "name": rows.name,
        "occurrence": [number or None for number in found.occurrences] if any(found.occurrences) else [],
    }
    cells: dict[str, Sequence[Any]] = {}
    for column in schema.columns:
        if given.get(column.kind):
            cells[column.id] = given[column.kind]
        elif column.kind == "other" and column.name in rows.others:
            cells[column.id] = rows.others[column.name]
        elif column.id in found.inputs:
            cells[column.id] = found.inputs[column.id]
    return {id: column for id, column in cells.items() if list(column).count(None) < len(column)}


def _news(
    ids: Sequence[str], labels: Sequence[Any], output: str, contents: Contents
) -> tuple[Sequence[int], int, int, int]:
    """The rows that say something new; how many are copies of one in this import, known, and forgotten."""
    before: dict[str, set[Any]] = {}
    for run in contents.runs:
        column = run.values.get(output)
        for example, row in run.places(ids):
            before.setdefault(example, set()).add(_hashable(column[row]) if column is not None else None)
    if not before and not contents.forgotten and len(set(ids)) == len(ids):
        return range(len(ids)), 0, 0, 0
    labelled = {id for id, label in zip(ids, labels, strict=True) if label is not None}
    seen: set[tuple[str, Any]] = set()
    kept, copies, already, forgotten = [], 0, 0, 0
    for number, (id, label) in enumerate(zip(ids, labels, strict=True)):
        if id in contents.forgotten:
            forgotten += 1
        elif id in before and (label is None or label in before[id]):
            already += 1
        elif (id, label) in seen or (label is None and id in labelled):
            copies += 1
        else:
            seen.add((id, label))
            kept.append(number)
    return kept, copies, already, forgotten


def _some(column: Sequence[Any], numbers: Sequence[int]) -> Sequence[Any]:
    return column if len(numbers) == len(column) else [column[n] for n in numbers]
