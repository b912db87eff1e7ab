"""Tables of weights: read as a C compiler reads them, and found again in what it made of their marks."""

import ctypes
import struct
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.emit.text import numbers
from datacc.errors import ToolchainError
from datacc.runtime.tables import beside_tables, filled, marked, read_tables
from datacc.runtime.toolchain import zig
from tests.tools import need

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="asks the C library, and gcc")
SMALL: dict[str, NDArray[Any]] = {
    "steps": np.array([[-3], [7]], np.int8).reshape(-1),
    "one": np.array([-0.0], np.float32),
    "sums": np.arange(40, dtype=np.int32) - 20,
    "wide": np.linspace(-1, 1, 99, dtype=np.float32) ** 9,
}
C_TYPES = {"float32": "float", "int8": "int8_t", "int32": "int32_t"}


def text(tables: Mapping[str, NDArray[Any]]) -> str:
    """The C that fills tables, as programs have it."""
    return "\n\n".join(
        f"WEIGHTS {C_TYPES[values.dtype.name]} {name}[{len(values)}] = {{\n{numbers(values)}\n}};"
        for name, values in tables.items()
    )


def strtof(word: str) -> float:
    """What the C library reads."""
    library = ctypes.CDLL(None)
    library.strtof.restype, library.strtof.argtypes = ctypes.c_float, (ctypes.c_char_p, ctypes.c_void_p)
    return float(library.strtof(word.encode(), None))


def read_one(word: str) -> float:
    [value] = read_tables(f"WEIGHTS float a[1] = {{\n    {word}f\n}};")["a"]
    return float(value)


def test_what_else_stands_there_is_no_table() -> None:
    assert beside_tables(text(SMALL)) == ""
    assert beside_tables(text(SMALL) + "\nint more;\n") == "int more;"


def test_tables_are_read_as_they_were_written() -> None:
    found = read_tables(text(SMALL))
    assert list(found) == list(SMALL)
    for name, values in SMALL.items():
        assert found[name].dtype == values.dtype
        assert found[name].tobytes() == values.tobytes()


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back(value: float) -> None:
    assert struct.pack("f", read_one(str(np.float32(value)))) == struct.pack("f", value)


@given(st.integers(2**23, 2**24 - 2), st.integers(-40, 10), st.sampled_from([-1, 0, 1]), st.integers(60, 90))
@example(2**23, -23, 1, 80)
def test_numbers_between_two_floats_are_read_as_the_c_library_does(n: int, e: int, side: int, near: int) -> None:
    """However near the middle, on either side, or just there: then the even one."""
    number = Fraction(2 * n + 1, 2) * Fraction(2) ** e * (1 + Fraction(side, 2**near))
    digits = (number * Fraction(10) ** 150).limit_denominator(1)
    word = f"{digits.numerator}e-150"
    assert read_one(word) == strtof(word)


def test_a_table_with_other_numbers_than_it_declares_is_refused() -> None:
    with pytest.raises(ToolchainError, match="table a has 2 numbers of 3"):
        read_tables("WEIGHTS float a[3] = {1.0f, 2.0f};")


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_what_is_filled_is_what_a_compiler_makes_of_the_numbers(compiler: str, tmp_path: Path) -> None:
    words = [*zig(), "cc"] if compiler == "zig" else [need(compiler)]
    command = [*words, "-O2", "-fPIC", "-shared", "-nostdlib", "-fvisibility=hidden"]
    (tmp_path / "marks.c").write_text(marked(SMALL), encoding="utf-8")
    subprocess.run([*words, "-O2", "-fPIC", "-c", "marks.c", "-o", "marks.o"], cwd=tmp_path, check=True)
    (tmp_path / "filled.o").write_bytes(filled((tmp_path / "marks.o").read_bytes(), SMALL))
    calls = "".join(
        f"extern const unsigned char {name}[];\n"
        f'__attribute__((visibility("default"))) const unsigned char *get_{name}(void) {{ return {name}; }}\n'
        for name in SMALL
    )
    (tmp_path / "calls.c").write_text(calls, encoding="utf-8")
    subprocess.run([*command, "calls.c", "filled.o", "-o", "tables.so"], cwd=tmp_path, check=True)
    library = ctypes.CDLL(str(tmp_path / "tables.so"))
    for name, values in SMALL.items():
        get = getattr(library, f"get_{name}")
        get.restype = ctypes.c_void_p
        assert get() % 64 == 0
        assert ctypes.string_at(get(), values.nbytes) == values.tobytes()


def test_without_a_place_nothing_is_filled() -> None:
    with pytest.raises(ToolchainError, match="no place for table steps"):
        filled(b"an object file of something else", SMALL)
