"""The input type `record`: a row of numbers, one per named column, standardised by what the learn rows show."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from datacc.errors import DataError, SpecError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type, float32
from datacc.types import InputType, Options

_MEND: Final = "fill the value, or leave the row out; missing values are not supported yet"


class RecordOptions(Options):
    """`columns`: the names of the F numbers, in the order in which the program reads them."""

    columns: tuple[str, ...] = Field(min_length=1)

    def place(self, column: str) -> int:
        """Where `column` stands. Raises `SpecError` with the nearest names when there is no such column."""
        if column in self.columns:
            return self.columns.index(column)
        close = difflib.get_close_matches(column, self.columns, n=3, cutoff=0.5) or self.columns[:5]
        raise SpecError(f"there is no column {column!r}", tries=[", ".join(map(repr, close))])


class Record(InputType):
    """F float32 numbers; missing and infinite values are refused."""

    options = RecordOptions

    def array(self, options: RecordOptions) -> Type:
        """float32 (F,)."""
        return float32(len(options.columns))

    def encode(self, values: Sequence[Any], options: RecordOptions) -> NDArray[Any]:
        """float32 (N, F) of rows: mappings by column name, or sequences in column order."""
        rows = np.empty((len(values), len(options.columns)), np.float32)
        for n, value in enumerate(values):
            rows[n] = self._row(value, options, n)
        bad = np.argwhere(~np.isfinite(rows))
        if len(bad):
            n, f = (int(i) for i in bad[0])
            raise DataError(
                f"column {options.columns[f]!r} holds {rows[n, f]}, which is no finite float32",
                where=f"row {n}",
                tries=[_MEND],
            )
        return rows

    def _row(self, value: Any, options: RecordOptions, n: int) -> NDArray[np.float32]:
        if isinstance(value, Mapping):
            missing = [name for name in options.columns if name not in value]
            if missing:
                names = ", ".join(map(repr, missing[:8])) + (", …" if len(missing) > 8 else "")
                raise DataError(
                    f"it lacks {len(missing):,} of {len(options.columns):,} columns: {names}", where=f"row {n}"
                )
            value = [value[name] for name in options.columns]
        if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str | bytes):
            raise DataError(f"{type(value).__name__} where a row of numbers is expected", where=f"row {n}")
        if len(value) != len(options.columns):
            raise DataError(f"{len(value)} numbers where {len(options.columns)} are expected", where=f"row {n}")
        numbers = [_float(item, column, n) for item, column in zip(value, options.columns, strict=True)]
        with np.errstate(over="ignore"):  # too large for float32 becomes infinite, which `encode` refuses
            return np.asarray(numbers).astype(np.float32)

    def front(self, name: str, options: RecordOptions) -> Graph:
        """x · scale + offset; both are `data` holes."""
        b, shape = Builder(), (len(options.columns),)
        x = b.input(name, "float32", shape)
        scale = b.weight(f"{name}.scale", shape, role="data")
        offset = b.weight(f"{name}.offset", shape, role="data")
        return b.graph({f"{name}.features": b.op("affine", f"{name}.standard", x, scale, offset)})

    def data(self, name: str, learn: NDArray[Any], options: RecordOptions) -> Mapping[str, NDArray[np.float32]]:
        """Mean 0 and deviation 1 over learn; a column that is constant there becomes 0."""
        rows = learn.astype(np.float64)
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        varies = deviation > 1e-7 * np.abs(mean)  # below float32's resolution of the mean there is only noise
        scale = np.where(varies, 1 / np.where(varies, deviation, 1), 0)
        with np.errstate(over="ignore"):
            return {f"{name}.scale": scale.astype(np.float32), f"{name}.offset": (-mean * scale).astype(np.float32)}

    def infer(self, values: Sequence[Any]) -> Mapping[str, Any]:
        """The column names of the first row."""
        return {"columns": tuple(values[0])}


def _float(item: Any, column: str, n: int) -> float:
    try:
        return float(item)
    except (TypeError, ValueError, OverflowError):
        shown = repr(item) if len(repr(item)) <= 40 else f"{repr(item)[:39]}…"
        why = "is missing" if item is None or item == "" else f"holds {shown}, which is no number"
        raise DataError(f"column {column!r} {why}", where=f"row {n}", tries=[_MEND]) from None


ENTRY: Final = Record()
