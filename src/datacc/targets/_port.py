"""Reads values as a built program takes them, with Python's standard library alone. Free for any use: 0BSD."""

from __future__ import annotations

import unicodedata
from array import array
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    from typing_extensions import Buffer  # known to type checkers without being installed

    Values: TypeAlias = Buffer | Sequence[Any] | Mapping[str, Any]
    Rows: TypeAlias = Buffer | Sequence[Any]

CODES = {"float32": "f", "uint8": "B", "int8": "b", "int16": "h", "int32": "i"}  # of `array` and of buffers
FILES = {"PNG": b"\x89PNG", "JPEG": b"\xff\xd8\xff", "GIF": b"GIF8", "BMP": b"BM", "WebP": b"RIFF"}  # how they begin


class Port(NamedTuple):
    """One member of the input or of the answer; `columns` are the names of the numbers of a record.

    `longer` says what is done with a text that is longer than the program takes: "cut", "refuse" or "windows".
    `readers` make the numbers of a record of its cells.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    columns: tuple[str, ...] = ()
    longer: str = ""
    readers: tuple[Callable[[Any], float], ...] = ()

    @property
    def elements(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def width(self) -> int:
        """The number of bytes."""
        return self.elements * array(CODES[self.dtype]).itemsize

    def row(self, values: Values) -> bytes:
        """One value as the program reads it. Raises `TypeError` or `ValueError` that says what is expected."""
        if self.longer and isinstance(values, (str, bytes, bytearray)):
            return self._text(values)
        if self.columns and isinstance(values, Mapping):
            if set(values) != set(self.columns):
                raise self._error(f"columns {', '.join(map(repr, values))}")
            values = [values[name] for name in self.columns]
        if self.readers and isinstance(values, (list, tuple)):
            values = self._read(values)
        data, shape = self._data(values) if not self.longer else self._buffer(values)
        if len(data) != self.width:
            raise self._file(data) or self._error(f"{len(data)} bytes" if not shape else _times(shape))
        self._demand_shape(shape)
        return data

    def _buffer(self, values: Values) -> tuple[bytes, tuple[int, ...]]:
        """A text that is neither str nor bytes: a buffer of them, as the program reads it."""
        try:
            memoryview(values)  # type: ignore[arg-type]
        except TypeError:
            what = f"{self.name} is of type {type(values).__name__}; the program takes a text: a str, or UTF-8 in bytes"
            raise TypeError(what) from None
        return self._data(values)

    def copied(self, values: Values) -> memoryview:
        """One value as the program reads it, in its shape and in memory of its own."""
        memory = memoryview(bytearray(self.row(values)))
        view: memoryview = memory.cast(CODES[self.dtype], self.shape)  # type: ignore[call-overload]
        return view

    def rows(self, values: Rows) -> bytes:
        """Several values, one after the other."""
        if isinstance(values, (list, tuple)):
            return b"".join(map(self.row, values))
        data, shape = self._data(values)
        if len(data) % self.width:
            raise self._error(f"rows of {len(data)} bytes")
        self._demand_shape(shape[1:])
        return data

    def _read(self, cells: Sequence[Any]) -> list[float]:
        """The numbers that stand for the cells of one record."""
        if len(cells) != len(self.readers):
            raise self._error(f"{len(cells)} cells")
        numbers = []
        for column, read, cell in zip(self.columns, self.readers, cells, strict=True):
            try:
                numbers.append(read(cell))
            except ValueError as error:
                raise ValueError(f"{self.name}: column {column!r} {error}") from None
        return numbers

    def pieces(self, values: Values, apart: Callable[[bytes, int], list[bytes]]) -> list[bytes]:
        """What is asked about one value: the windows that a text comes `apart` into, each as the program reads it."""
        if not isinstance(values, (str, bytes, bytearray)):
            return [self.row(values)]
        return [one.ljust(self.width, b"\0") for one in apart(_composed(values), self.width)]

    def _text(self, text: str | bytes | bytearray) -> bytes:
        """UTF-8 of the composed form, as much as the program takes, zeros behind it."""
        data = _composed(text)
        end = self.width
        if len(data) > end:
            if self.longer == "refuse":
                raise ValueError(f"{self.name} is {len(data)} bytes of text; the program takes {end}")
            while end and data[end] & 0xC0 == 0x80:  # within a character
                end -= 1
        return data[:end].ljust(self.width, b"\0")

    def _error(self, given: str) -> ValueError:
        wanted = f"{self.dtype} {_times(self.shape)}" if not self.columns else f"columns {', '.join(self.columns)}"
        return ValueError(f"{self.name} is {given}; the program takes {wanted}")

    def _file(self, data: bytes) -> ValueError | None:
        """The error for a picture that is still a file, where pixels are expected: there is nothing here to read it."""
        kind = next((name for name, first in FILES.items() if data.startswith(first)), None)
        if kind is None or self.dtype != "uint8" or len(self.shape) != 3:
            return None
        height, width, channels = self.shape
        turned = f"convert({'L' if channels == 1 else 'RGB'!r}).resize(({width}, {height}), PIL.Image.Resampling.BOX)"
        return ValueError(
            f"{self.name} is a {kind} file; the program takes its pixels, uint8 {_times(self.shape)}: "
            f"with Pillow and NumPy, numpy.asarray(PIL.Image.open(file).{turned})"
        )

    def _demand_shape(self, shape: tuple[int, ...]) -> None:
        """A flat row will do, and axes of length 1 do not count; an empty shape is that of plain bytes."""
        is_flat = len(shape) == 1 and shape[0] == self.elements
        if shape and not is_flat and [n for n in shape if n != 1] != [n for n in self.shape if n != 1]:
            raise self._error(_times(shape))

    def _data(self, values: Values) -> tuple[bytes, tuple[int, ...]]:
        """The elements in the program's type, and the shape in which they came (bytes have none)."""
        if isinstance(values, (bytes, bytearray)):
            return bytes(values), ()
        try:
            view = memoryview(values)  # type: ignore[arg-type]
        except TypeError:
            flat: list[Any] = []
            shape = _flatten(values, flat, self.name)
            return self._converted(flat), shape
        if view.format == CODES[self.dtype]:
            return view.tobytes(), view.shape or ()
        try:
            elements = memoryview(view.tobytes()).cast(view.format)  # type: ignore[call-overload]
        except ValueError:
            raise self._wrong_type(f"elements of format {view.format!r}") from None
        return self._converted(elements), view.shape or ()

    def _converted(self, elements: Any) -> bytes:
        try:
            return array(CODES[self.dtype], elements).tobytes()
        except TypeError as error:
            raise self._wrong_type(str(error)) from None
        except OverflowError as error:
            raise self._error(f"out of range ({error})") from None

    def _wrong_type(self, what: str) -> TypeError:
        return TypeError(f"{self.name}: the program takes {self.dtype}: {what}")


def _composed(text: str | bytes | bytearray) -> bytes:
    """UTF-8 of the composed form; what is no Unicode becomes U+FFFD."""
    if not isinstance(text, str):
        text = text.decode("utf-8", "replace")
    if not text.isascii():
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        text = unicodedata.normalize("NFC", whole)
    return text.encode()


def shaped(dtype: str, shape: tuple[int, ...], numbers: Sequence[Any]) -> memoryview:
    """The numbers as an array of this shape."""
    plain = memoryview(array(CODES[dtype], numbers)).cast("B")
    view: memoryview = plain.cast(CODES[dtype], shape)  # type: ignore[call-overload]
    return view


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _flatten(values: Any, flat: list[Any], name: str) -> tuple[int, ...]:
    """Append all numbers of nested lists to `flat`; their shape."""
    if isinstance(values, (str, Mapping)) or not isinstance(values, Sequence):
        raise TypeError(f"{name}: {type(values).__name__} where a buffer or a list of numbers is expected")
    inner: set[tuple[int, ...]] = set()
    for item in values:
        plain = item.tolist() if hasattr(item, "tolist") else item
        if isinstance(plain, (Sequence, Mapping)):
            inner.add(_flatten(plain, flat, name))
        else:
            inner.add(())
            flat.append(plain)
    if len(inner) > 1:
        raise ValueError(f"{name}: the lists in it have different lengths")
    return (len(values), *(inner.pop() if inner else ()))
