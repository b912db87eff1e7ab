"""Typed rows: every cell read as what its column is, bad ones named. Kept column by column, and read row by row too."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, final, overload

from datacc.calls._spool import LONGEST
from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.intake import Bad, Found
from datacc.intake.importing.cell import as_number, as_text, number, plain
from datacc.intake.importing.columns import Column
from datacc.intake.importing.roles import Roles
from datacc.registry import load
from datacc.repo.coded import each
from datacc.repo.names import check_name
from datacc.repo.split import split_named
from datacc.repo.words import printable
from datacc.types import OutputType
from datacc.types.cells import as_value, is_missing
from datacc.types.number import LARGEST

Cell = TypeVar("Cell")


@frozen
class Row:
    """One example, typed. `cells`: input column → finite float or text, None for none; `others`: column → JSON value.

    `name` is what the user calls it.
    """

    where: str
    media: Path | bytes | None
    cells: Mapping[str, float | str | None]
    label: str | None
    split: str | None
    group: str | None
    key: str | None
    name: str
    others: Mapping[str, Any]

    def read(self) -> bytes:
        """The bytes of the media."""
        assert self.media is not None
        return bytes_of(self.media)


def bytes_of(media: Path | bytes) -> bytes:
    """The bytes of a file, or those that are at hand."""
    return media if isinstance(media, bytes) else media.read_bytes()


@final
@frozen(eq=False)
class Rows(Sequence[Row]):
    """N examples as columns of N; `media` is None for rows of a table, `addresses` are those of media, once read.

    `occurrence` tells equal rows apart where an export told it.
    """

    where: Sequence[str]
    media: Sequence[Path | bytes] | None
    cells: Mapping[str, Sequence[float | str | None]]
    label: Sequence[str | None]
    split: Sequence[str | None]
    group: Sequence[str | None]
    key: Sequence[str | None]
    name: Sequence[str]
    occurrence: Sequence[int | None] | None
    others: Mapping[str, Sequence[Any]]
    addresses: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.where)

    @overload
    def __getitem__(self, number: int) -> Row: ...

    @overload
    def __getitem__(self, number: slice) -> list[Row]: ...

    def __getitem__(self, number: int | slice) -> Row | list[Row]:
        """One row, or several."""
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        return Row(
            where=self.where[number],
            media=self.media[number] if self.media is not None else None,
            cells={name: column[number] for name, column in self.cells.items()},
            label=self.label[number],
            split=self.split[number],
            group=self.group[number],
            key=self.key[number],
            name=self.name[number],
            others={name: column[number] for name, column in self.others.items()},
        )

    def take(self, numbers: Sequence[int]) -> "Rows":
        """These rows alone."""
        if len(numbers) == len(self):
            return self

        def some(column: Sequence[Cell]) -> list[Cell]:
            return [column[n] for n in numbers]

        return Rows(
            where=some(self.where),
            media=some(self.media) if self.media is not None else None,
            cells={name: some(column) for name, column in self.cells.items()},
            label=some(self.label),
            split=some(self.split),
            group=some(self.group),
            key=some(self.key),
            name=some(self.name),
            occurrence=some(self.occurrence) if self.occurrence is not None else None,
            others={name: some(column) for name, column in self.others.items()},
            addresses=some(self.addresses) if self.addresses else (),
        )


def typed(found: Found, roles: Roles) -> tuple[Rows, list[Bad]]:
    """The rows whose cells are all good, and what is wrong with the others."""
    where, labels = found.where(), _labels(found, roles)
    faults = sorted(_faults(found, roles, labels), key=lambda one: one[0])
    bad = [*found.bad, *(Bad(where=where[n], why=why) for n, why in faults)]
    damaged = {n for n, _ in faults}
    if damaged:
        good = [n for n in range(len(where)) if n not in damaged]
        found = replace(found, rows=[found.rows[n] for n in good])
        where, labels = [where[n] for n in good], [labels[n] for n in good]
    return _rows(found, roles, where, labels), bad


def _faults(found: Found, roles: Roles, labels: Sequence[str | None]) -> Iterator[tuple[int, str]]:
    """(row, what is wrong with it), column by column."""
    for name, column in roles.inputs.items():
        for n, why in _column_faults(found.column(name), column):
            yield n, f"column {name!r} {why}"
    if roles.split:
        words = each(found.column(roles.split), as_text)
        unknown = {word for word in set(words) if word and not split_named(word)}
        for n, word in enumerate(words) if unknown else ():
            if word in unknown:
                yield (
                    n,
                    (f"column {roles.split!r} holds {word!r}; none of learn (train), tune (validation), judge (test)"),
                )
    if roles.label and roles.type == "number":
        for n, why in _number_faults(found.column(roles.label)):
            yield n, f"column {roles.label!r} {why}"
    else:
        for n, why in _class_faults(labels, load("types", roles.type)):
            yield n, f"column {roles.label!r}: {why}" if roles.label else why
    if roles.key:
        for n, word in enumerate(each(found.column(roles.key), as_text)):
            if word is None:
                yield n, f"column {roles.key!r} is missing, and it is the key"


def _number_faults(cells: Sequence[Any]) -> Iterator[tuple[int, str]]:
    """(row, what is wrong) of numbers that are to be answered, which may be missing."""
    for n, cell in enumerate(cells):
        value = None if is_missing(cell) else number(cell)
        if value is None and not is_missing(cell):
            yield n, f"holds {printable(str(cell), 40)!r}, which is no number"
        elif value is not None and abs(value) > LARGEST:
            yield n, f"holds {printable(str(cell), 40)!r}, which is no finite float32"


def _class_faults(labels: Sequence[str | None], kind: OutputType) -> Iterator[tuple[int, str]]:
    """(row, what is wrong) of labels that name something which can be no class."""
    whys = dict[str | None, str]()
    for text in {text for text in labels if text is not None} if kind.form != "number" else ():
        try:
            for name in kind.classes([kind.read(text)]):
                check_name(name, "class")
        except DataError as error:
            whys[text] = error.what
    yield from ((n, whys[text]) for n, text in enumerate(labels) if text in whys) if whys else ()


def _column_faults(cells: Sequence[Any], column: Column) -> Iterator[tuple[int, str]]:
    """(row, what is wrong) of one input."""
    if column.kind == "text":
        if set(map(type, cells)) == {str} and all(cells) and max(map(len, cells)) <= LONGEST:
            return  # a million at once
        yield from ((n, why) for n, cell in enumerate(cells) if (why := _text_fault(cell)))
        return
    read = column.reader
    try:
        each(cells, read)
    except ValueError:
        for n, cell in enumerate(cells):
            try:
                read(cell)
            except ValueError as error:
                yield n, str(error)


def _text_fault(cell: Any) -> str | None:
    """Why a cell cannot be a text to learn from, or None when it can."""
    if type(cell) is str and cell and len(cell) <= LONGEST:
        return None
    if is_missing(cell):
        return "is missing"
    size = len(str(cell))
    return f"holds {size:,} characters; {LONGEST:,} are allowed" if size > LONGEST else None


def _rows(found: Found, roles: Roles, where: Sequence[str], labels: Sequence[str | None]) -> Rows:
    nothing: list[None] = [None] * len(where)
    own_splits = found.splits() or nothing
    words = each(found.column(roles.split), as_text) if roles.split else nothing
    named = {word: split_named(word) for word in set(words) if word}
    return Rows(
        where=where,
        media=found.media() if found.is_media else None,
        cells={name: _input(found.column(name), column) for name, column in roles.inputs.items()},
        label=labels,
        split=[named[w] if w else own for w, own in zip(words, own_splits, strict=True)] if named else own_splits,
        group=each(found.column(roles.group), as_text) if roles.group else nothing,
        key=each(found.column(roles.key), as_text) if roles.key else nothing,
        name=_names(found, roles, where),
        occurrence=[int(number(x) or 0) for x in found.column(roles.occurrence)] if roles.occurrence else None,
        others={c: each(found.column(c), as_number if c in roles.numeric else plain) for c in roles.others},
    )


def _input(cells: Sequence[Any], column: Column) -> Sequence[float | str | None]:
    """What is kept of an input: a number as it is, all else as text."""
    if column.is_number:
        return each(cells, number)
    if column.kind == "text":
        return list(map(str, cells))
    if column.kind in ("category", "order"):
        return each(cells, lambda cell: as_value(cell) or None)
    return each(cells, lambda cell: None if is_missing(cell) else as_value(cell))


def _labels(found: Found, roles: Roles) -> Sequence[str | None]:
    """The texts of the label column, or what the rows carry; of a number also the usual words for nothing are none."""
    if roles.label is None:
        return each(found.labels(), as_text) or [None] * len(found.rows)
    cells = found.column(roles.label)
    if roles.type == "number":
        cells = [None if is_missing(cell) else cell for cell in cells]
    return each(cells, as_text)


def _names(found: Found, roles: Roles, where: Sequence[str]) -> Sequence[str]:
    """What the user calls each row: its place, unless an export told it."""
    if not roles.name:
        return where
    return [name or place for name, place in zip(each(found.column(roles.name), as_text), where, strict=True)]
