"""The input type `record`: named columns of numbers, truths, dates and categories, some of which may be missing."""

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.errors import DataError, SpecError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type, float32
from datacc.types import InputType, Options
from datacc.types._spread import SLOTS, Layout, measured, spread
from datacc.types.cells import Reader, as_value, each, is_missing, reader
from datacc.types.columns import Column, Columns

BLANKED: Final = 0.05  # share of categories that a fit takes for unknown ones, so that it learns what to say of these
_MEND: Final = "fill the value, or leave the row out; `missing` in datacc.toml names columns that may lack values"
_READ: Final = {  # by the kind of a column: what is read of it
    "number": "write a finite number such as '12', '-3.5' or '1e-6', or leave the row out",
    "boolean": "write 'true' or 'false', 'yes' or 'no', '1' or '0', or leave the row out",
    "date": "write a day such as '2021-04-30', which a time may follow, as in '2021-04-30T16:05', "
    "'2021-04-30 16:05:59.5' and '2021-04-30T16:05+02:00' (UTC where nothing is said), or leave the row out",
}


class RecordOptions(Options):
    """`columns`: the names of the F columns, in the order in which the program reads them: numbers, if nothing is said.

    `categories`, `ordered`: column → its values, the latter ascending; `booleans` and `dates`: which are such.
    `missing`: which may lack values (any category may). `bins`: into so many parts the range of every number is cut.
    """

    columns: Annotated[tuple[str, ...], Meta(min_length=1)]
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ordered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    booleans: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    bins: Annotated[int, Meta(ge=0, le=256)] = 0

    def demand(self) -> None:
        """Raises `ValueError` for columns that are not there or of two kinds, and values that are none."""
        named = [*self.categories, *self.ordered, *self.booleans, *self.dates]
        for column in (*named, *self.missing):
            if column not in self.columns:
                raise ValueError(f"{column!r} is not among the columns")
        twice = next((column for column in named if named.count(column) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} is said to be of two kinds")
        for column, values in {**self.categories, **self.ordered}.items():
            if not 0 < len(set(values)) == len(values) <= SLOTS[-1] or any(as_value(v) != v for v in values):
                raise ValueError(f"{column!r} needs 1 to {SLOTS[-1]:,} different values without space around them")

    @property
    def is_plain(self) -> bool:
        """Whether there are numbers alone, none of them missing."""
        return not (self.categories or self.ordered or self.booleans or self.dates or self.missing or self.bins)

    def kind(self, column: str) -> str:
        """number, boolean, date, category or order."""
        kinds = {"category": self.categories, "order": self.ordered, "boolean": self.booleans, "date": self.dates}
        return next((kind for kind, columns in kinds.items() if column in columns), "number")

    def values(self, column: str) -> tuple[str, ...]:
        """What the codes of a category or an order stand for."""
        return self.categories.get(column, self.ordered.get(column, ()))

    def reader(self, column: str) -> Reader:
        """The function that reads a cell of the column."""
        return reader(self.kind(column), self.values(column), column in self.missing)

    def place(self, column: str) -> int:
        """Where `column` stands. Raises `SpecError` with the nearest names when there is no such column."""
        if column in self.columns:
            return self.columns.index(column)
        close = difflib.get_close_matches(column, self.columns, n=3, cutoff=0.5) or self.columns[:5]
        raise SpecError(f"there is no column {column!r}", tries=[", ".join(map(repr, close))])

    def named(self, *kinds: str) -> tuple[str, ...]:
        """The columns of these kinds."""
        return tuple(column for column in self.columns if self.kind(column) in kinds)

    def measured(self, column: str) -> int:
        """Where `column` stands. Raises `SpecError` where it is not there, or holds what cannot be more or less."""
        place = self.place(column)
        if self.kind(column) in ("category", "boolean"):
            tries = [", ".join(map(repr, self.named("number", "order", "date")[:5]))]
            raise SpecError(f"column {column!r} is a {self.kind(column)}, which cannot be more or less", tries=tries)
        return place

    def layout(self) -> Layout:
        """The columns by what a front does with them."""
        kinds = [self.kind(column) for column in self.columns]
        measured = [place for place, kind in enumerate(kinds) if kind in ("number", "order", "date")]
        gaps = [place for place, column in enumerate(self.columns) if column in self.missing]
        return Layout(
            width=len(kinds),
            numbers=measured,
            flags=[place for place, kind in enumerate(kinds) if kind == "boolean"],
            dates=[place for place, kind in enumerate(kinds) if kind == "date"],
            missing=[place for place in gaps if kinds[place] != "category"],
            categories={self.columns.index(column): len(values) for column, values in self.categories.items()},
            bins=self.bins,
        )


class Record(InputType):
    """F float32 numbers: a category as its code, −1 for a value that is none; no number where a column lacks one."""

    options = RecordOptions

    def array(self, options: RecordOptions) -> Type:
        """float32 (F,)."""
        return float32(len(options.columns))

    def encode(self, values: Sequence[Any], options: RecordOptions) -> NDArray[Any]:
        """float32 (N, F) of rows: mappings by column name, or sequences in column order, of cells."""
        columns: Sequence[Column | tuple[Any, ...]] = (
            values.columns if isinstance(values, Columns) else _columns(values, options)
        )
        rows = np.empty((len(values), len(options.columns)), np.float32)
        for f, (name, cells) in enumerate(zip(options.columns, columns, strict=True)):
            try:
                rows[:, f] = _read(options.reader(name), cells)
            except ValueError:
                raise _fault(columns, options) from None
        return rows

    def front(self, name: str, options: RecordOptions) -> Graph:
        """Numbers alone: x · scale + offset, both `data` holes. Else see `_spread.py`."""
        if not options.is_plain:
            return spread(name, options.layout())
        b, shape = Builder(), (len(options.columns),)
        x = b.input(name, "float32", shape)
        scale = b.weight(f"{name}.scale", shape, role="data")
        offset = b.weight(f"{name}.offset", shape, role="data")
        return b.graph({f"{name}.features": b.op("affine", f"{name}.standard", x, scale, offset)})

    def data(self, name: str, learn: NDArray[Any], options: RecordOptions) -> Mapping[str, NDArray[np.float32]]:
        """Numbers alone: mean 0 and deviation 1 over learn; a column that is constant there becomes 0."""
        if not options.is_plain:
            return measured(name, options.layout(), learn)
        rows = learn.astype(np.float64)
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        varies = deviation > 1e-7 * np.abs(mean)  # below float32's resolution of the mean there is only noise
        scale = np.where(varies, 1 / np.where(varies, deviation, 1), 0)
        with np.errstate(over="ignore"):
            return {f"{name}.scale": scale.astype(np.float32), f"{name}.offset": (-mean * scale).astype(np.float32)}

    def infer(self, values: Sequence[Any]) -> Mapping[str, Any]:
        """The column names of the first row."""
        return {"columns": tuple(values[0])}

    def augment(self, batch: NDArray[Any], random: np.random.Generator, options: RecordOptions) -> NDArray[Any]:
        """A few categories become unknown ones."""
        places = list(options.layout().categories)
        if not places:
            return batch
        found = batch.copy()
        found[:, places] = np.where(
            random.random((len(batch), len(places)), np.float32) < BLANKED, -1, batch[:, places]
        )
        return found


def _cells(value: Any, options: RecordOptions, n: int) -> Sequence[Any]:
    """The cells of one row in the order of the columns. Raises `DataError` for what is no row."""
    where = f"row {n}"
    if isinstance(value, Mapping):
        missing = [name for name in options.columns if name not in value]
        if missing:
            what = f"it lacks {len(missing):,} of {len(options.columns):,} columns: {_some(missing)}"
            raise DataError(what, where=where)
        return [value[name] for name in options.columns]
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str | bytes):
        raise DataError(f"{type(value).__name__} where a row of numbers is expected", where=where)
    if len(value) != len(options.columns):
        what = f"{len(value)} numbers where {len(options.columns)} are expected"
        raise DataError(what, where=where, tries=[f"the columns in their order: {_some(options.columns)}"])
    return list(value)


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:8])) + (", …" if len(names) > 8 else "")


def _columns(values: Sequence[Any], options: RecordOptions) -> Sequence[tuple[Any, ...]]:
    """The cells of rows column by column."""
    rows = [_cells(value, options, n) for n, value in enumerate(values)]
    return list(zip(*rows, strict=True)) if rows else [()] * len(options.columns)


def _read(read: Reader, cells: Column | tuple[Any, ...]) -> Sequence[float] | NDArray[np.float64]:
    """What the cells of a column stand for. Raises `ValueError` as `read`."""
    if isinstance(cells, tuple):
        return each(read, cells)
    words = [*map(read, cells.words), read(None) if np.any(cells.codes < 0) else math.nan]  # −1 is the last one
    return np.array(words)[cells.codes]


def _fault(columns: Sequence[Iterable[Any]], options: RecordOptions) -> DataError:
    """What is wrong with the first row that cannot be read."""
    readers: list[tuple[str, Callable[[Any], float]]] = [(column, options.reader(column)) for column in options.columns]
    for n, row in enumerate(zip(*columns, strict=True)):
        for (column, read), cell in zip(readers, row, strict=True):
            try:
                read(cell)
            except ValueError as error:
                tries = [_MEND if is_missing(cell) else _READ[options.kind(column)]]
                return DataError(f"column {column!r} {error}", where=f"row {n}", tries=tries)
    raise AssertionError("every cell can be read")


ENTRY: Final = Record()
