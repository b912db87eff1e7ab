"""The rows of a table as examples, each once: copies and rows that contradict each other are left out and told of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from datacc.frozen import frozen
from datacc.intake.importing.identify import identify
from datacc.intake.importing.read import Read
from datacc.intake.importing.rows import Rows, bytes_of
from datacc.registry import load
from datacc.repo.coded import Coded, as_coded
from datacc.repo.example import Examples, sliced
from datacc.repo.identity import contents_of
from datacc.repo.schema import permanent_id
from datacc.repo.words import counted
from datacc.spec.program import Field, Program
from datacc.store import canonical
from datacc.types.columns import Columns


@frozen
class Distinct:
    """The labelled ones, those without a label, and what to tell of both."""

    labelled: Examples
    unlabelled: Examples
    notes: list[str]


def distinct(program: Program, found: Read) -> Distinct:
    """The examples of what was read for `program`."""
    rows, kind, by_id = found.rows, load("types", program.outputs[0].type), defaultdict(list)
    values = {text: kind.read(text) for text in set(rows.label) if text is not None}
    said = {text: canonical(value) for text, value in values.items()}
    ids, contents, columns = identified(program, found)
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
    return Distinct(labelled=examples, unlabelled=everything.take(unlabelled), notes=notes)


def identified(program: Program, found: Read) -> tuple[Sequence[str], Sequence[str], Mapping[str, Coded]]:
    """The id of every row, the digest that equal inputs share, and the columns that say its inputs."""
    names = [program.inputs[0].name] if found.pictures else list(found.roles.inputs)
    done = identify(found.rows, {name: permanent_id("input", name) for name in names})
    if found.pictures:
        [pictures] = done.inputs.values()
        return done.ids, [picture["media"] for picture in pictures], {}
    columns = {name: as_coded(cells) for name, cells in zip(names, done.inputs.values(), strict=True)}
    return done.ids, contents_of(list(columns.values()), missing="null"), columns


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
    if output.form == "number" or len(set(examples.contents)) == len(examples):
        return []  # of measurements they are to be expected
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
