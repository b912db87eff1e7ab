"""A program's tables of weights: read from its C, marked where a compiler is to leave room, put there afterwards."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import ToolchainError
from datacc.spec.sections import WORD
from datacc.store import digest

Tables = Mapping[str, NDArray[Any]]

_HIDDEN: Final = '__attribute__((visibility("hidden"), aligned(64))) const'
DECLARED: Final = f"#undef {WORD}\n#define {WORD} extern {_HIDDEN}\n\n"
_ROOM: Final = 64  # bytes that a table's are a multiple of: it begins at one, and even the smallest has room for a mark
_MARK: Final = 16  # bytes that stand nowhere else
_TABLE: Final = re.compile(WORD + r" (\w+) (\w+)\[(\d+)\] = \{([^{}]*)\};")
_REST: Final = (1 << 29) - 1  # the bits of a double's fraction that a float has no place for
_HALF: Final = 1 << 28  # these, where a double lies in the middle between two floats


def read_tables(weights: str) -> dict[str, NDArray[Any]]:
    """The tables that this C fills, by name, (N,) each, as a compiler reads them."""
    found: dict[str, NDArray[Any]] = {}
    for kind, name, count, text in _TABLE.findall(weights):
        dtype = np.dtype("float32" if kind == "float" else kind.removesuffix("_t"))
        values = _floats(text) if kind == "float" else np.fromstring(text, np.int64, sep=",").astype(dtype)
        if len(values) != int(count):
            raise ToolchainError(f"table {name} has {len(values):,} numbers of {count}")
        found[name] = values
    return found


def _floats(text: str) -> NDArray[np.float32]:
    """The nearest float of each number. By way of doubles, save where that one is as near to two floats."""
    text = text.replace("f", "")
    doubles = np.fromstring(text, np.float64, sep=",")
    [torn] = np.nonzero((doubles.view(np.int64) & _REST) == _HALF)
    if len(torn):
        words = text.split(",")
        for n in torn:
            middle, said = Fraction(float(doubles[n])), Fraction(words[n].strip())
            if said != middle:
                doubles[n] = np.nextafter(doubles[n], np.inf if said > middle else -np.inf)
    return doubles.astype(np.float32)


def beside_tables(weights: str) -> str:
    """What else this C holds, which is to be compiled as it stands: nothing, as it was emitted."""
    return _TABLE.sub("", weights).strip()


def marked(tables: Tables) -> str:
    """The C of tables that hold nothing but a mark each."""
    return "".join(
        f"{_HIDDEN} unsigned char {name}[{-(-values.nbytes // _ROOM) * _ROOM}] = "
        f"{{{', '.join(map(str, _mark(name)))}}};\n"
        for name, values in tables.items()
    )


def filled(data: bytes, tables: Tables) -> bytes:
    """An object file of such tables, with what belongs into each."""
    whole = bytearray(data)
    for name, values in tables.items():
        start = data.find(_mark(name))
        if start < 0 or data.find(_mark(name), start + 1) >= 0:
            raise ToolchainError(f"the compiler left no place for table {name}")
        whole[start : start + values.nbytes] = values.tobytes()
    return bytes(whole)


def _mark(name: str) -> bytes:
    """What stands at the beginning of a table until it is filled."""
    return bytes.fromhex(digest("table 1", name))[:_MARK]
