"""Decide what each column of a table is: input, label, group, split, key, or something to slice by."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from datacc.errors import DataError
from datacc.intake import Found, TableRows
from datacc.intake.importing.cell import missing, number
from datacc.intake.importing.options import ImportOptions
from datacc.repo.split import split_named
from datacc.repo.words import listed
from datacc.spec.names import identifier

_NUMERIC_SHARE: Final = 0.9  # a column with fewer numbers than this among its filled cells is text
_PROSE: Final = 40  # characters of a text, on average, from which a column of it is worth more than numbers beside it
_WORDY: Final = 8  # and from which it is worth anything
_FEW: Final = 20  # labels; fewer do not tell whether they repeat
_LABEL_WORDS: Final = ("label", "class", "target")
_NUMBERING: Final = frozenset({"id", "index", "row", "rowid", "unnamed: 0", "column 1"})


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What the columns are. `inputs` is empty for pictures; `output` is how the label is called in the program.

    `texts` are those among the inputs that hold text, all others hold numbers.
    `others` are kept to slice by; `numeric` are those among them that hold numbers. `notes` say what was decided.
    """

    inputs: tuple[str, ...]
    output: str
    label: str | None
    group: str | None
    split: str | None
    key: str | None
    others: tuple[str, ...]
    numeric: frozenset[str]
    texts: frozenset[str]
    notes: tuple[str, ...]
    name: str | None = None
    occurrence: str | None = None


def decide(
    found: Found,
    options: ImportOptions,
    known: Sequence[str] | None,
    output: str | None,
    where: str,
    known_texts: frozenset[str] = frozenset(),
) -> Roles:
    """The roles of what was found. `known` and `output`: the inputs and the output that are decided already.

    Of the known inputs `known_texts` hold text; of those that the user names, the columns that hold no numbers do.

    Raises `DataError` when a column is not there, or no column can be the label or an input.
    """
    if found.kinds:
        return _as_said(found, options, known, output, where)
    return _guessed(found, options, known, output, where, known_texts)


def _guessed(
    found: Found,
    options: ImportOptions,
    known: Sequence[str] | None,
    output: str | None,
    where: str,
    known_texts: frozenset[str],
) -> Roles:
    label = _label(found, options, output, where)
    split = options.split or _split_column(found)
    key = options.key or found.key
    named = {name: column for name, column in _named(options, label, split, key).items() if column is not None}
    for role, column in named.items():
        _require(found, column, f"--{role}", where)
    if label is not None:
        _refuse_measurements(found, label, where)
    rest = [column for column in found.columns if column not in named.values()]
    pictures = found.is_media
    numeric = frozenset(column for column in rest if _numeric(found.column(column)))
    notes: list[str] = []
    numbers = [column for column in rest if column in numeric]
    words = [column for column in rest if column not in numeric]
    inputs = () if pictures else _inputs(found, options.inputs or known, numbers, words, notes, where)
    others = tuple(column for column in rest if column not in inputs)
    read = frozenset(inputs) - numeric - frozenset(known or ())
    texts = (read | known_texts) & frozenset(inputs)
    notes += _of_texts(read, [column for column in others if column in words and not pictures])
    return Roles(
        inputs=inputs,
        output=output or options.label or label or "label",
        label=label,
        group=options.group,
        split=split,
        key=key,
        others=others,
        numeric=numeric,
        texts=texts,
        notes=tuple(notes),
    )


def _of_texts(read: frozenset[str], aside: Sequence[str]) -> list[str]:
    """What is to be said of columns of text: which are inputs, which are not."""
    notes = [f"read as text: {listed(sorted(read))}"] if read else []
    return [*notes, f"kept to slice by, not learnt from: {listed(aside)} (text)"] if aside else notes


def _inputs(
    found: Found, told: Sequence[str] | None, numbers: Sequence[str], words: Sequence[str], notes: list[str], where: str
) -> tuple[str, ...]:
    """The inputs: those that somebody named, otherwise one column of prose, or the columns of numbers that vary."""
    if told is None:
        return _infer(found, numbers, words, notes, where)
    for column in told:
        _require(found, column, "input", where)
    notes += _unread(found, [column for column in numbers if column not in told])
    return tuple(told)


def _as_said(
    found: Found, options: ImportOptions, known: Sequence[str] | None, output: str | None, where: str
) -> Roles:
    """The roles that an export told; what the user says and what is decided already win."""

    def first(kind: str) -> str | None:
        return next((column for column in found.columns if found.kinds[column] == kind), None)

    label = options.label if options.label in found.columns else first("output")
    given = options.inputs if options.inputs is not None else known
    inputs = tuple(given if given is not None else (c for c in found.columns if found.kinds[c] == "input"))
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
            _require(found, column, role, where)
    taken = {*inputs, *one.values()}
    return Roles(
        inputs=inputs,
        output=output or options.label or found.output or label or "label",
        others=tuple(column for column in found.columns if column not in taken),
        numeric=frozenset(),
        texts=frozenset(c for c in inputs if any(type(cell) is str for cell in found.column(c))),
        notes=(),
        **one,
    )


def _named(options: ImportOptions, label: str | None, split: str | None, key: str | None) -> dict[str, str | None]:
    return {"label": label, "group": options.group, "split": split, "key": key}


def _require(found: Found, column: str, role: str, where: str) -> None:
    if column not in found.columns:
        have = listed(found.columns) if found.columns else "none"
        what = f"there is no column {column!r} ({role}); there are: {have}"
        raise DataError(what, where=where, tries=["name one of these"])


def _label(found: Found, options: ImportOptions, output: str | None, where: str) -> str | None:
    """The label column; None when the rows carry their label already."""
    if options.label in found.columns:
        return options.label
    if not isinstance(found.rows, TableRows) and any(row.label is not None for row in found.rows):
        return None
    if options.label is not None:
        if found.is_media:
            return None
        _require(found, options.label, "--label", where)
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
        if not _numeric(cells) and 1 < len(set(map(str, cells))) <= len(cells) / 2:
            return column
    return found.columns[-1]


def _refuse_measurements(found: Found, label: str, where: str) -> None:
    """Raise `DataError` for a column of fractions that hardly repeat: it measures, and names no classes."""
    cells = found.column(label)
    told = {cell for cell in set(cells) if not missing(cell)} if set(map(type, cells)) == {str} else None
    if told is not None and 2 * len(told) <= len(cells) - cells.count(""):
        return  # as texts they repeat already
    values = [number(cell) for cell in cells if not missing(cell)]
    fractions = sum(value is not None and not value.is_integer() for value in values)
    different = len(set(values))
    if len(values) >= _FEW and 2 * min(fractions, different) > len(values):
        raise DataError(
            f"column {label!r} holds {different:,} different numbers in {len(values):,} rows; a label names a class",
            where=where,
            tries=["--label names another column", "put the numbers into a few classes first"],
        )


def _split_column(found: Found) -> str | None:
    words = {cell for cell in found.column("split") if not missing(cell)} if "split" in found.columns else set()
    return "split" if words and all(isinstance(word, str) and split_named(word) for word in words) else None


def _infer(found: Found, numeric: Sequence[str], words: Sequence[str], notes: list[str], where: str) -> tuple[str, ...]:
    constant = [column for column in numeric if _is_constant(found.column(column))]
    numbering = [column for column in numeric if _is_numbering(column, found.column(column))]
    inputs = tuple(column for column in numeric if column not in constant and column not in numbering)
    if constant:
        notes.append(f"not learnt from: {listed(constant)} (constant)")
    if numbering:
        notes.append(f"not learnt from: {listed(numbering)} (a running number)")
    prose = _prose(found, words, least=_PROSE if inputs else _WORDY)
    if prose is not None:
        if inputs:
            notes.append(f"not learnt from: {listed(inputs)} (beside text); --inputs names other columns")
        return (prose,)
    if not inputs:
        raise DataError(
            f"no column holds numbers that vary, or text that hardly repeats; there are: {listed(found.columns)}",
            where=where,
            tries=["give such a column", "--inputs names the columns"],
        )
    return inputs


def _prose(found: Found, words: Sequence[str], least: float) -> str | None:
    """The column whose texts are longest, at least `least` characters on average, of those that hardly repeat."""
    longest, most = None, 0.0
    for column in words:
        cells = [str(cell) for cell in found.column(column) if not missing(cell)]
        mean = sum(map(len, cells)) / max(1, len(cells))
        if 2 * len(set(cells)) > len(cells) and mean >= least and mean > most:
            longest, most = column, mean
    return longest


def _unread(found: Found, numeric: Sequence[str]) -> list[str]:
    """Notes on columns of numbers that are there and not among the inputs that were decided before."""
    constant = [column for column in numeric if _is_constant(found.column(column))]
    others = [column for column in numeric if column not in constant]
    told = ((constant, "constant"), (others, "not among the inputs"))
    return [f"not learnt from: {listed(columns)} ({why})" for columns, why in told if columns]


def _is_constant(cells: Sequence[Any]) -> bool:
    return len({number(cell) for cell in cells} - {None}) == 1


def _is_numbering(column: str, cells: Sequence[Any]) -> bool:
    values = [number(cell) for cell in cells]
    whole = all(value is not None and value.is_integer() for value in values)
    return column.casefold() in _NUMBERING and whole and len(set(values)) == len(values)


def _numeric(cells: Sequence[Any]) -> bool:
    texts = filled = 0
    most = (1 - _NUMERIC_SHARE) * len(cells)
    for cell in cells:
        if missing(cell):
            continue
        filled += 1
        if number(cell) is None:
            texts += 1
            if texts > most:  # however the rest looks
                return False
    return bool(filled) and filled - texts >= _NUMERIC_SHARE * filled
