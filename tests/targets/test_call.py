"""What a caller of a wheel may pass, and what is said when it does not fit."""

import ctypes
import io
import re
from array import array
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import PIL.Image
import pytest

from datacc.registry import load
from datacc.targets._call import Port, Program
from datacc.targets._processor import demand_processor
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
    assert list(program(zoo).many([], [])) == []


def test_threads_do_not_disturb_each_other(zoo: Packed) -> None:
    shared, random = program(zoo), np.random.default_rng(3)
    pictures = random.integers(0, 256, (400, 3, 5, 1)).astype(np.uint8)
    records = random.normal(size=(400, 2)).astype(np.float32)
    expected = zoo.expected(picture=pictures, row=records)["kind_scores"]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: list(shared.one(pictures[i], records[i])[2:]), range(400)))
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


@pytest.mark.parametrize(
    "pixels",
    [
        np.arange(15, dtype=np.uint8).reshape(3, 5, 1),
        np.arange(15, dtype=np.uint8).reshape(3, 5),
        np.asfortranarray(np.arange(15, dtype=np.uint8).reshape(3, 5)),
        bytes(range(15)),
        list(range(15)),
        tuple(range(15)),
        np.arange(15).reshape(3, 5).tolist(),
        [np.uint8(k) for k in range(15)],
    ],
)
@pytest.mark.parametrize(
    "record",
    [
        {"ears": 2, "tail": 0.5},
        [0.5, 2],
        (0.5, 2.0),
        np.array([0.5, 2]),
        [2, True],
        [Fraction(1, 2), Decimal(2)],
        [1e39, -1e39],
        [np.float32(0.5), np.array(2)],
        np.float64([[0.5, 2]]).tolist(),
    ],
)
def test_short_and_long_ways_write_the_same(zoo: Packed, pixels: Any, record: Any) -> None:
    """What a call writes into its memory is what `row` reads, whatever way it takes."""
    ports = [
        Port(port.name, port.dtype, port.shape, tuple(port.options.get("columns", ())))
        for port in zoo.built.interface.inputs
    ]
    shared = Program("zoo", str(zoo.built.library.path), tuple(ports), program(zoo)._answers)
    shared.one(pixels, record)
    mine = shared._mine()
    for port, value in zip(ports, (pixels, record), strict=True):
        assert mine.inputs[port.name].tobytes() == port.row(value)


@pytest.mark.parametrize("pixels", [[0.5] * 15, [256] * 15, [-1] * 15, ["1"] * 15, b"1", None, [0] * 14, {"a": 1}])
def test_a_call_refuses_what_a_row_refuses(zoo: Packed, pixels: Any) -> None:
    port = PICTURE._replace(shape=(3, 5, 1))
    with pytest.raises((TypeError, ValueError)) as wanted:
        port.row(pixels)
    with pytest.raises(wanted.type, match=re.escape(str(wanted.value))):
        program(zoo).one(pixels, [1.0, 2.0])


def test_bound_memory_answers_what_it_holds(zoo: Packed) -> None:
    bound, random = program(zoo).bind(), np.random.default_rng(4)
    scores = np.asarray(bound.answers["kind_scores"])
    for _ in range(3):
        picture = random.integers(0, 256, (3, 5, 1)).astype(np.uint8)
        record = random.normal(size=2).astype(np.float32)
        np.asarray(bound.inputs["picture"])[...] = picture
        bound.inputs["row"][0], bound.inputs["row"][1] = record.tolist()
        assert bound() is bound.answers
        expected = zoo.expected(picture=picture[None], row=record[None])
        np.testing.assert_allclose(scores, expected["kind_scores"][0], atol=1e-5)
        assert bound.answers["kind"].tolist() == expected["kind"][0].tolist()


def test_bound_memories_do_not_disturb_each_other(zoo: Packed) -> None:
    shared = program(zoo)
    one, other = shared.bind(), shared.bind()
    one.inputs["row"][0] = 3.0
    expected = bytes(one()["kind_scores"])
    other()
    shared.one(bytes(15), [0.0, 0.0])
    assert bytes(one.answers["kind_scores"]) == expected == bytes(one()["kind_scores"])
    assert other.inputs["row"].tolist() == [0, 0]


@pytest.mark.parametrize(("kind", "channels"), [("PNG", 1), ("JPEG", 3), ("WEBP", 3)])
def test_a_picture_that_is_still_a_file_is_told_how_to_become_pixels(kind: str, channels: int) -> None:
    """What the message says to do gives what the type reads from that file, and what the port takes."""
    port, noise = Port("picture", "uint8", (6, 4, channels)), np.random.default_rng(0).integers(0, 256, (12, 8, 3))
    file = io.BytesIO()
    PIL.Image.fromarray(noise.astype(np.uint8)).save(file, kind)
    said = f"picture is a (?i:{kind}) file; the program takes its pixels, uint8 6 × 4 × {channels}"
    with pytest.raises(ValueError, match=said) as caught:
        port.row(file.getvalue())
    found = eval(str(caught.value).split("NumPy, ")[1], {"numpy": np, "PIL": PIL, "file": file})
    image, options = load("types", "image"), {"height": 6, "width": 4, "channels": channels}
    assert port.row(found) == image.encode([file.getvalue()], image.options(**options)).tobytes()
