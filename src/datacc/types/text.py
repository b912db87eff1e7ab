"""The input type `text`: UTF-8 up to a length in bytes, in Unicode's composed form (NFC), with zeros behind it."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from datacc.calls.values import without_halves
from datacc.errors import DataError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.types import InputType, Options
from datacc.types._typos import leave_out, misspell, shorten
from datacc.types.windows import windows

LENGTHS: Final = (32, 64, 128, 256, 512)  # bytes, of which the first that holds nearly all texts is inferred
NEARLY_ALL: Final = 0.95
LEAST_WINDOW: Final = 8  # bytes: two of the longest characters, one of which begins in the middle


class TextOptions(Options):
    """`length` in bytes; `longer` texts are cut there, refused, or asked in windows of that length (`windows.py`).

    `columns` are those of a table that they come from.

    Several of them are one text, a line each; none means the one that is called like the input. `augment` says how
    texts may be varied while fitting.
    """

    length: Annotated[int, Meta(ge=1, le=65_536)]
    longer: Literal["cut", "refuse", "windows"] = "cut"
    columns: tuple[str, ...] = ()
    augment: Literal["none", "typos", "pieces", "words"] = "typos"

    def demand(self) -> None:
        """Raises `ValueError` for windows without room for a character."""
        if self.longer == "windows" and self.length < LEAST_WINDOW:
            raise ValueError(f"windows have a length of {LEAST_WINDOW} at least")


class Text(InputType):
    """uint8 (N,): the bytes of the text, then zeros. U+0000 is a byte like any other, and says nothing."""

    options = TextOptions

    def array(self, options: TextOptions) -> Type:
        """uint8 (N,)."""
        return Type(dtype="uint8", shape=(options.length,))

    def encode(self, values: Sequence[Any], options: TextOptions) -> NDArray[Any]:
        """uint8 (B, N) of texts: str, UTF-8 bytes, one of these for each of the columns, or a mapping from columns.

        What is no Unicode (invalid UTF-8, half a surrogate pair) becomes U+FFFD.
        """
        rows = np.zeros((len(values), options.length), np.uint8)
        for n, value in enumerate(values):
            data = _composed(_whole(value, options.columns, n))
            if len(data) > options.length:
                data = _cut(data, options, n)
            rows[n, : len(data)] = np.frombuffer(data, np.uint8)
        return rows

    def further(self, values: Sequence[Any], options: TextOptions) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """The second window of a longer text, and those after it, where it is asked in windows."""
        owners, rows = list[int](), list[bytes]()
        for n, value in enumerate(values if options.longer == "windows" else ()):
            _, *more = windows(_composed(_whole(value, options.columns, n)), options.length)
            owners += [n] * len(more)
            rows += [window.ljust(options.length, b"\0") for window in more]
        frozen = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), options.length)
        return np.array(owners, np.intp), frozen

    def front(self, name: str, options: TextOptions) -> Graph:
        """The bytes as they are: what they become is the skeleton's."""
        b = Builder()
        return b.graph({f"{name}.features": b.input(name, "uint8", (options.length,))})

    def data(self, name: str, learn: NDArray[Any], options: TextOptions) -> Mapping[str, NDArray[np.float32]]:
        """Nothing: there is nothing to standardise."""
        return {}

    def infer(self, values: Sequence[Any]) -> Mapping[str, Any]:
        """A length that holds nearly all of them, up to 512 bytes."""
        sizes = [len(_composed(_whole(value, (), n))) for n, value in enumerate(values)]
        wanted = np.quantile(sizes, NEARLY_ALL)
        return {"length": next((length for length in LENGTHS if length >= wanted), LENGTHS[-1])}

    def augment(self, batch: NDArray[Any], random: np.random.Generator, options: TextOptions) -> NDArray[Any]:
        """Some letters swapped, some texts in one case; `pieces` also lack words at their beginning and end."""
        if options.augment == "none":
            return batch
        if options.augment == "pieces":
            batch = shorten(batch, random)
        elif options.augment == "words":
            batch = leave_out(batch, random)
        return misspell(batch, random)


def _whole(value: Any, columns: Sequence[str], n: int) -> str:
    """One text of what a value holds. Raises `DataError` for what is no text."""
    if isinstance(value, Mapping):
        missing = [name for name in columns if name not in value]
        if missing or not columns:
            what = f"it lacks the column {missing[0]!r}" if missing else "columns where a text is expected"
            raise DataError(what, where=f"text {n}")
        value = [value[name] for name in columns]
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple) and value and all(isinstance(one, str | bytes | bytearray) for one in value):
        return "\n".join(_whole(one, (), n) for one in value)
    raise DataError(f"{type(value).__name__} where a text is expected", where=f"text {n}")


def _composed(text: str) -> bytes:
    """UTF-8 of the composed form. Two surrogates that are a pair are the character, as in JavaScript."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", without_halves(text))
    return text.encode()


def _cut(data: bytes, options: TextOptions, n: int) -> bytes:
    """The characters that fit. Raises `DataError` where nothing may be cut."""
    if options.longer == "refuse":
        what = f"a text of {len(data):,} bytes; the program takes {options.length:,}"
        raise DataError(what, where=f"text {n}", tries=['longer = "cut"', f"length = {len(data)}"])
    return data[: options.length].decode("utf-8", "ignore").encode()


ENTRY: Final = Text()
