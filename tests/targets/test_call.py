"""What a caller of a wheel may pass, and what is said when it does not fit."""

import ctypes
import re
from array import array
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from datacc.targets._call import Port, Program, demand_processor
from tests.targets.programs import Packed

PICTURE = Port("picture", "uint8", (2, 3, 1))
ROW = Port("row", "float32", (3,), ("a", "b", "c"))
SIX = [[0, 1, 2], [3, 4, 255]]
AS_PIXELS = bytes([0, 1, 2, 3, 4, 255])
THREE = [0.5, -1.0, 3.0]
AS_FLOATS = array("f", THREE).tobytes()


@pytest.mark.parametrize(
    "values",
    [
        AS_PIXELS,
        bytearray(AS_PIXELS),
        memoryview(AS_PIXELS),
        array("B", AS_PIXELS),
        SIX,
        [[[0], [1], [2]], [[3], [4], [255]]],
        tuple(map(tuple, SIX)),
        np.array(SIX, np.uint8),
        np.array(SIX, np.uint8).reshape(2, 3, 1),
        np.array(SIX, np.uint8).reshape(1, 2, 3),
        np.array(SIX, np.uint8).reshape(6),
        np.array(SIX, np.int64),
        np.asfortranarray(np.array(SIX, np.uint8)),
        np.array(SIX, np.uint8).repeat(2, axis=1)[:, ::2],
        list(np.array(SIX, np.uint8)),
        [[np.uint8(0), 1, 2], [3, 4, np.int32(255)]],
    ],
)
def test_pixels_in_any_form(values: Any) -> None:
    assert PICTURE.row(values) == AS_PIXELS


@pytest.mark.parametrize(
    "values",
    [
        AS_FLOATS,
        THREE,
        {"c": 3.0, "a": 0.5, "b": -1.0},
        array("f", THREE),
        array("d", THREE),
        np.array(THREE),
        np.array(THREE, np.float32)[None],
        [np.float64(0.5), -1, 3],
    ],
)
def test_a_record_in_any_form(values: Any) -> None:
    assert ROW.row(values) == AS_FLOATS


@pytest.mark.parametrize(
    ("port", "values", "error", "message"),
    [
        (PICTURE, b"12345", ValueError, "picture is 5 bytes; the program takes uint8 2 × 3 × 1"),
        (PICTURE, np.zeros((3, 2), np.uint8), ValueError, "picture is 3 × 2; the program takes uint8 2 × 3 × 1"),
        (PICTURE, [[1, 2], [3, 4], [5, 6]], ValueError, "picture is 3 × 2"),
        (PICTURE, [[1, 2, 3], [4, 5]], ValueError, "different lengths"),
        (PICTURE, [[1, 2, 3], [4, 5, 256]], ValueError, "out of range"),
        (PICTURE, [[1, 2, 3], [4, 5, -1]], ValueError, "out of range"),
        (PICTURE, [[1, 2, 3], [4, 5, 0.5]], TypeError, "takes uint8"),
        (PICTURE, np.full((2, 3), 0.5), TypeError, "takes uint8"),
        (PICTURE, np.zeros((2, 3), ">i4"), TypeError, "format '>i'"),
        (PICTURE, 7, TypeError, "int where a buffer"),
        (PICTURE, None, TypeError, "NoneType where a buffer"),
        (PICTURE, "abcdef", TypeError, "str where a buffer"),
        (PICTURE, ["abc", "def"], TypeError, "str where a buffer"),
        (PICTURE, [], ValueError, "picture is 0"),
        (PICTURE, {"a": 1}, TypeError, "dict where a buffer"),
        (ROW, [1.0, 2.0], ValueError, "row is 2; the program takes columns a, b, c"),
        (ROW, {"a": 1.0}, ValueError, "row is columns 'a'; the program takes columns a, b, c"),
        (ROW, ["1", "2", "3"], TypeError, "str where"),
        (ROW, [1.0, None, 2.0], TypeError, "takes float32"),
    ],
)
def test_what_does_not_fit_is_explained(port: Port, values: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        port.row(values)


@pytest.mark.parametrize(
    "rows",
    [
        AS_PIXELS * 2,
        [AS_PIXELS, SIX],
        np.array([SIX, SIX], np.uint8),
        np.array([SIX, SIX]).reshape(2, 6),
        [np.array(SIX), np.array(SIX, np.uint8)],
    ],
)
def test_rows_in_any_form(rows: Any) -> None:
    assert PICTURE.rows(rows) == AS_PIXELS * 2


@pytest.mark.parametrize("rows", [b"1234567", np.zeros((2, 3), np.uint8), np.zeros((3, 4), np.uint8), [AS_PIXELS, b""]])
def test_rows_that_do_not_fit(rows: Any) -> None:
    with pytest.raises(ValueError, match=r"the program takes uint8 2 × 3 × 1"):
        PICTURE.rows(rows)


def program(zoo: Packed) -> Program:
    interface = zoo.built.interface
    ports = [
        tuple(Port(port.name, port.dtype, port.shape) for port in side)
        for side in (interface.inputs, interface.answers)
    ]
    return Program("zoo", str(zoo.built.library.path), *ports)


def test_counts_must_agree(zoo: Packed) -> None:
    with pytest.raises(ValueError, match="different numbers of rows"):
        program(zoo).many(bytes(30), [[1.0, 2.0]])


def test_no_rows_give_no_answers(zoo: Packed) -> None:
    assert len(program(zoo).many([], [])) == 0


def test_threads_do_not_disturb_each_other(zoo: Packed) -> None:
    shared, random = program(zoo), np.random.default_rng(3)
    pictures = random.integers(0, 256, (400, 3, 5, 1)).astype(np.uint8)
    records = random.normal(size=(400, 2)).astype(np.float32)
    expected = zoo.expected(picture=pictures, row=records)["kind_scores"]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: list(shared.one(pictures[i], records[i]).m2), range(400)))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_members_lie_as_in_c(zoo: Packed) -> None:
    """The float member stands behind one byte of padding, as C asks."""
    layout = program(zoo)._input
    assert (layout.m0.offset, layout.m1.offset, ctypes.sizeof(layout)) == (0, 16, 24)


def test_a_missing_library_is_an_import_error() -> None:
    with pytest.raises(ImportError, match="zoo cannot be loaded"):
        Program("zoo", "nowhere.so", (), ())


def test_this_processor_will_do() -> None:
    demand_processor("zoo", "x86_64", "ssse3 sse4_2")
