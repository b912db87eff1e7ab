"""Decide what each column of a table is: input, label, group, split, key, or something to slice by."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.intake import Found
from datacc.intake.importing.cell import number
from datacc.intake.importing.columns import Column, look
from datacc.intake.importing.measured import kind_of, output_kind
from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.require import require
from datacc.intake.importing.said import aside, otherwise, read_as
from datacc.repo.coded import each
from datacc.repo.split import split_named
from datacc.repo.words import counted, listed
from datacc.spec.names import identifier
from datacc.types.cells import as_value, is_missing

_PROSE: Final = 40  # characters of a text, on average, from which a column of it is worth more than numbers beside it
_WORDY: Final = 8  # and from which it is worth anything
_FEW: Final = 50  # rows, too few to say much of a column
_LABEL_WORDS: Final = ("label", "class", "target")
_ORDER: Final = ("number", "order", "date", "boolean", "category")
_NUMBERING: Final = frozenset({"id", "index", "row", "rowid", "unnamed: 0", "column 1"})


@frozen
class Roles:
    """What the columns are. `inputs` say what each holds, none for pictures; `output` is how a program calls the label.

    `type` is the output type of the label. `others` are kept to slice by; `numeric` are those among them that hold
    numbers. `notes` say what was decided.
    """

    inputs: Mapping[str, Column]
    output: str
    label: str | None
    group: str | None
    split: str | None
    key: str | None
    others: tuple[str, ...]
    numeric: frozenset[str]
    notes: tuple[str, ...]
    name: str | None = None
    occurrence: str | None = None
    type: str = "label"


def decide(
    found: Found,
    options: ImportOptions,
    known: Mapping[str, Column],
    output: str | None,
    where: str,
    output_type: str | None = None,
) -> Roles:
    """The roles of what was found. `known`, `output`, `output_type`: the inputs and the output, if decided already.

    Raises `DataError` when a column is not there, or no column can be the label or an input.
    """
    if found.kinds:
        return _as_said(found, options, known, output, where, output_type)
    return _guessed(found, options, known, output, where, output_type)


def _guessed(
    found: Found,
    options: ImportOptions,
    known: Mapping[str, Column],
    output: str | None,
    where: str,
    output_type: str | None,
) -> Roles:
    label = _label(found, options, output, where)
    split = options.split or _split_column(found)
    key = options.key or found.key
    named = {name: column for name, column in _named(options, label, split, key).items() if column is not None}
    for role, column in named.items():
        require(found, column, f"--{role}", where)
    kind, notes = output_kind(found, label, options.type, output_type, where)
    rest = [column for column in found.columns if column not in named.values()]
    told = options.inputs or tuple(known)
    for column in told:
        require(found, column, "input", where)
    seen = {} if found.is_media else {column: look(found.column(column)) for column in rest if column not in known}
    inputs = dict[str, Column]()
    if not found.is_media:
        inputs, said = _told(found, told, known, seen) if told else _infer(found, seen, where)
        notes += [*said, *otherwise(found, {**seen, **inputs})]
    return Roles(
        inputs=inputs,
        output=output or options.label or label or "label",
        label=label,
        group=options.group,
        split=split,
        key=key,
        others=tuple(column for column in rest if column not in inputs),
        numeric=frozenset(column for column in rest if column in seen and seen[column].is_number),
        notes=tuple(notes),
        type=kind,
    )


def _told(
    found: Found, told: Sequence[str], known: Mapping[str, Column], seen: Mapping[str, Column]
) -> tuple[dict[str, Column], list[str]]:
    """The inputs that somebody named, and notes on columns that are there and not among them."""
    inputs = {
        name: _counted(found, name, known[name]) if name in known else seen.get(name) or look(found.column(name))
        for name in told
    }
    numbers = [column for column, one in seen.items() if one.is_number and column not in inputs]
    constant = [column for column in numbers if _is_constant(found.column(column))]
    left = [column for column in numbers if column not in constant]
    told_of = ((constant, "constant"), (left, "not among the inputs"))
    notes = [f"not learnt from: {listed(columns)} ({why})" for columns, why in told_of if columns]
    fresh = {column: one for column, one in inputs.items() if column not in known or one.kind != "text"}
    return inputs, [
        *notes,
        *read_as(fresh),
        *aside(column for column in seen if column not in inputs and not seen[column].is_number),
    ]


def _as_said(
    found: Found,
    options: ImportOptions,
    known: Mapping[str, Column],
    output: str | None,
    where: str,
    output_type: str | None,
) -> Roles:
    """The roles that an export told; what the user says and what is decided already win."""

    def first(kind: str) -> str | None:
        return next((column for column in found.columns if found.kinds[column] == kind), None)

    label = options.label if options.label in found.columns else first("output")
    inputs = options.inputs or tuple(known) or tuple(c for c in found.columns if found.kinds[c] == "input")
    one = {
        "label": label,
        "group": options.group or first("group"),
        "split": options.split or first("split"),
        "key": options.key or first("key"),
        "name": first("name"),
        "occurrence": first("occurrence"),
    }
    for role, column in [*one.items(), *(("input", column) for column in inputs)]:
        if column is not None:
            require(found, column, role, where)
    taken = {*inputs, *one.values()}
    return Roles(
        inputs={column: known[column] if column in known else look(found.column(column)) for column in inputs},
        output=output or options.label or found.output or label or "label",
        others=tuple(column for column in found.columns if column not in taken),
        numeric=frozenset(),
        notes=(),
        type=options.type or output_type or found.output_type or kind_of(found, label),
        **one,
    )


def _named(options: ImportOptions, label: str | None, split: str | None, key: str | None) -> dict[str, str | None]:
    return {"label": label, "group": options.group, "split": split, "key": key}


def _label(found: Found, options: ImportOptions, output: str | None, where: str) -> str | None:
    """The label column; None when the rows carry their label already."""
    if options.label in found.columns:
        return options.label
    if any(label is not None for label in found.labels()):
        return None
    if options.label is not None:
        if found.is_media:
            return None
        require(found, options.label, "--label", where)
    guesses = [column for column in found.columns if identifier(column) == output]
    guesses += [word for word in _LABEL_WORDS if word in found.columns]
    if guesses or not found.columns:
        return guesses[0] if guesses else None
    if found.is_media:
        return None
    what = f"which column is the label? There are: {listed(found.columns)}"
    raise DataError(what, where=where, tries=[f"--label {shlex.quote(_likeliest(found))}"])


def _likeliest(found: Found) -> str:
    """The column that is offered as the label: the first of few words, else the last."""
    for column in found.columns:
        cells = found.column(column)
        if not look(cells).is_number and 1 < len(set(map(str, cells))) <= len(cells) / 2:
            return column
    return found.columns[-1]


def _split_column(found: Found) -> str | None:
    words = {cell for cell in found.column("split") if not is_missing(cell)} if "split" in found.columns else set()
    return "split" if words and all(isinstance(word, str) and split_named(word) for word in words) else None


def _infer(found: Found, seen: Mapping[str, Column], where: str) -> tuple[dict[str, Column], list[str]]:
    """The inputs nobody named: one column of prose, or the columns of numbers and of few values that vary."""
    constant = [column for column, one in seen.items() if _says_nothing(one, found.column(column))]
    numbering = [c for c, one in seen.items() if one.is_number and _is_numbering(c, found.column(c))]
    record = {c: one for c, one in seen.items() if one.kind != "text" and c not in (*constant, *numbering)}
    numbers = [column for column, one in record.items() if one.is_number]
    notes = [f"not learnt from: {listed(constant)} (constant)"] if constant else []
    notes += [f"not learnt from: {listed(numbering)} (a running number)"] if numbering else []
    prose = _prose(found, [c for c, one in seen.items() if one.kind == "text"], least=_PROSE if numbers else _WORDY)
    if prose is not None:
        if numbers:
            notes.append(f"not learnt from: {listed(numbers)} (beside text); --inputs names other columns")
        inputs = {prose: seen[prose]}
    else:
        inputs = dict(sorted(record.items(), key=lambda item: _ORDER.index(item[1].kind)))
    if not inputs:
        raise _nothing(found, seen, constant, numbering, where)
    texts = [c for c, one in seen.items() if c not in (*inputs, *constant) and not one.is_number]
    return inputs, [*notes, *read_as(inputs), *aside(texts)]


def _nothing(
    found: Found, seen: Mapping[str, Column], constant: Sequence[str], numbering: Sequence[str], where: str
) -> DataError:
    """The error for a table without an input, which says of each column why it is none."""
    texts = [column for column in seen if column not in (*constant, *numbering)]
    reasons = ((constant, "constant"), (numbering, "a running number"), (texts, "text that repeats, or is short"))
    told = "; ".join(f"{listed(columns)} ({why})" for columns, why in reasons if columns) or "no other column"
    few = ["more rows; about 100 are a beginning"] if len(found.rows) < _FEW else []
    take = [f"--inputs {shlex.quote(texts[0])} learns from it nevertheless"] if texts else ["give a column that varies"]
    what = f"there is nothing to learn from in {counted(len(found.rows), 'row')}: {told}"
    return DataError(what, where=where, tries=[*otherwise(found, seen), *few, *take])


def _counted(found: Found, name: str, column: Column) -> Column:
    """The column, with how many cells hold values that it does not know."""
    if column.kind not in ("category", "order"):
        return column
    counts = Counter(each(found.column(name), as_value))
    return replace(column, rare=sum(count for value, count in counts.items() if value not in column.values))


def _prose(found: Found, words: Sequence[str], least: float) -> str | None:
    """The column whose texts are longest, at least `least` characters on average, of those that hardly repeat."""
    longest, most = None, 0.0
    for column in words:
        cells = [str(cell) for cell in found.column(column) if not is_missing(cell)]
        mean = sum(map(len, cells)) / max(1, len(cells))
        if 2 * len(set(cells)) > len(cells) and mean >= least and mean > most:
            longest, most = column, mean
    return longest


def _is_constant(cells: Sequence[Any]) -> bool:
    different = set(cells) if set(map(type, cells)) == {str} else cells
    return len({as_value(cell) for cell in different if not is_missing(cell)}) < 2


def _says_nothing(column: Column, cells: Sequence[Any]) -> bool:
    """Whether all cells that say something say the same; that nothing is said may be a value of its own."""
    return len(column.values) < 2 if column.kind == "category" else column.kind != "text" and _is_constant(cells)


def _is_numbering(column: str, cells: Sequence[Any]) -> bool:
    if column.casefold() not in _NUMBERING:
        return False
    values = [number(cell) for cell in cells]
    whole = all(value is not None and value.is_integer() for value in values)
    return whole and len(set(values)) == len(values)
