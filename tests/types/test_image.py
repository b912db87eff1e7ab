"""Pictures: what comes in from files, also hostile ones, and how they are varied."""

import contextlib
import io
import struct
import warnings
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import DataError
from datacc.ir.interpret import interpret
from datacc.types._warp import warp
from datacc.types.image import ENTRY as IMAGE
from datacc.types.image import ImageOptions

GREY = ImageOptions(height=4, width=6, channels=1)
COLOUR = ImageOptions(height=4, width=6, channels=3)


def file(picture: PIL.Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(value: Any, options: ImageOptions = GREY) -> Any:
    return IMAGE.encode([value], options)[0]


def ramp(*shape: int) -> Any:
    return (np.arange(np.prod(shape)) * 7 % 256).astype(np.uint8).reshape(shape)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF"])
def test_exact_formats_come_in_exactly(kind: str) -> None:
    np.testing.assert_array_equal(pixels(file(PIL.Image.fromarray(ramp(4, 6)), kind))[..., 0], ramp(4, 6))


def test_grey_and_colour_become_what_is_asked() -> None:
    grey, colour = ramp(4, 6), ramp(4, 6, 3)
    np.testing.assert_array_equal(pixels(file(PIL.Image.fromarray(grey)), COLOUR), np.repeat(grey[..., None], 3, 2))
    np.testing.assert_array_equal(pixels(file(PIL.Image.fromarray(colour)), COLOUR), colour)
    luma = colour @ [299, 587, 114] / 1000  # ITU-R 601
    np.testing.assert_allclose(pixels(file(PIL.Image.fromarray(colour)))[..., 0], luma, atol=1)


def test_transparency_is_white() -> None:
    clear = np.zeros((4, 6, 4), np.uint8)
    assert (pixels(file(PIL.Image.fromarray(clear))) == 255).all()
    palette = PIL.Image.fromarray(np.zeros((4, 6), np.uint8)).convert("P")
    assert (pixels(file(palette, transparency=0)) == 255).all()


def test_sixteen_bits_are_brought_to_eight() -> None:
    deep = (np.arange(24).reshape(4, 6) * 2849).astype(np.uint16)
    np.testing.assert_array_equal(pixels(file(PIL.Image.fromarray(deep)))[..., 0], deep // 257)


def test_pictures_stand_upright() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    found = pixels(file(PIL.Image.fromarray(ramp(6, 4)), exif=exif))
    np.testing.assert_array_equal(found[..., 0], np.rot90(ramp(6, 4), -1))


def test_other_sizes_are_averaged() -> None:
    large = np.kron(ramp(4, 6), np.ones((3, 3))).astype(np.uint8)
    np.testing.assert_array_equal(pixels(file(PIL.Image.fromarray(large)))[..., 0], ramp(4, 6))


def bomb() -> bytes:
    """A PNG of 60,000 × 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_bomb_is_refused() -> None:
    with pytest.raises(DataError, match="decompression bomb"):
        pixels(bomb())


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 255), st.booleans())
def test_damaged_files_are_read_or_refused(place: float, byte: int, is_jpeg: bool) -> None:
    raw = bytearray(file(PIL.Image.fromarray(ramp(4, 6)), "JPEG" if is_jpeg else "PNG"))
    raw[int(place * len(raw))] = byte
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd files
        for data in (bytes(raw), bytes(raw[: int(place * len(raw))])):
            with contextlib.suppress(DataError):
                assert pixels(data).shape == (4, 6, 1)


def test_formats_that_would_start_another_program_are_refused() -> None:
    with pytest.raises(DataError, match="not a picture that datacc reads"):
        pixels(file(PIL.Image.fromarray(ramp(4, 6)), "EPS"))


def test_inferred_sizes() -> None:
    grey, colour = file(PIL.Image.fromarray(ramp(30, 20))), file(PIL.Image.fromarray(ramp(30, 20, 3)))
    assert IMAGE.infer([grey, grey, file(PIL.Image.fromarray(ramp(5, 5)))]) == {
        "height": 30,
        "width": 20,
        "channels": 1,
    }
    assert IMAGE.infer([grey, colour])["channels"] == 3
    assert IMAGE.infer([np.zeros((n, 2 * n), np.uint8) for n in (10, 10, 20, 24, 28, 30, 40)])["height"] == 24
    assert IMAGE.infer([np.zeros((960, 480), np.uint8)]) == {"height": 96, "width": 48, "channels": 1}


def test_the_program_sees_nought_to_one() -> None:
    found = interpret(IMAGE.front("x", GREY), {"x": np.full((1, 4, 6, 1), 255, np.uint8)})
    np.testing.assert_allclose(found["x.features"], 1)


class Nothing:
    """A generator that always draws the middle: no turn, no shift, no mirror."""

    def uniform(self, low: float, high: float, size: Any) -> Any:
        return np.full(size, (low + high) / 2)

    def random(self, size: Any) -> Any:
        return np.full(size, 0.75)


@pytest.mark.parametrize("shape", [(2, 4, 6, 1), (1, 5, 5, 3), (3, 1, 1, 1)])
def test_a_warp_of_nothing_changes_nothing(shape: tuple[int, ...]) -> None:
    batch = ramp(*shape)
    random: Any = Nothing()
    np.testing.assert_array_equal(warp(batch, random, mirror=True), batch)


def test_mirroring() -> None:
    class Mirror(Nothing):
        def random(self, size: Any) -> Any:
            return np.zeros(size)

    random: Any = Mirror()
    batch = ramp(2, 4, 6, 3)
    np.testing.assert_array_equal(warp(batch, random, mirror=True), batch[:, :, ::-1])
    np.testing.assert_array_equal(warp(batch, random, mirror=False), batch)


def test_flipping_mirrors_about_half_and_changes_nothing_else() -> None:
    batch = np.random.default_rng(0).integers(0, 256, (400, 4, 6, 3), dtype=np.uint8)
    options = replace(COLOUR, augment="flip")
    found = IMAGE.augment(batch, np.random.default_rng(1), options)
    mirrored = (found == batch[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (mirrored | (found == batch).all(axis=(1, 2, 3))).all()
    assert 150 < mirrored.sum() < 250


@given(st.integers(0, 2**32 - 1))
def test_a_warp_keeps_type_range_and_flat_pictures(seed: int) -> None:
    random = np.random.default_rng(seed)
    flat = np.full((4, 7, 5, 1), 93, np.uint8)
    np.testing.assert_array_equal(warp(flat, random, mirror=True), flat)
    noisy = random.integers(50, 60, (4, 7, 5, 1), dtype=np.uint8)
    found = warp(noisy, random, mirror=True)
    assert found.dtype == np.uint8
    assert 50 <= found.min() <= found.max() <= 59


@pytest.mark.parametrize(("height", "width"), [(28, 28), (200, 180), (20, 300)])
def test_a_warp_is_affine_between_pixels(height: int, width: int) -> None:
    """Two slopes tell from where each pixel was taken: within the picture, from a plane near its own place."""
    rows, columns = np.mgrid[:height, :width]
    slopes = np.stack([rows * (255 / (height - 1)), columns * (255 / (width - 1))], axis=-1)
    batch = np.stack([np.rint(slopes[..., axis : axis + 1]).astype(np.uint8) for axis in (0, 1)])
    batch = np.repeat(batch[None], 5, axis=0).reshape(-1, height, width, 1)
    draws = np.random.default_rng(3)

    class Pairs:
        """Draws the same for the two slopes of a pair."""

        def uniform(self, low: float, high: float, size: Any) -> Any:
            return np.repeat(draws.uniform(low, high, (size[0] // 2, *size[1:])), 2, axis=0)

    found = warp(batch, Pairs(), mirror=False).reshape(5, 2, height, width)  # type: ignore[arg-type]
    for down, right in found.astype(np.float64) / 255:
        within = (down > 0.02) & (down < 0.98) & (right > 0.02) & (right < 0.98)
        plane = np.stack([rows[within], columns[within], np.ones(within.sum())], axis=-1)
        for place, side, own in ((down, height - 1, (1, 0)), (right, width - 1, (0, 1))):
            wanted = place[within] * side
            slope, *_ = np.linalg.lstsq(plane, wanted, rcond=None)
            assert np.abs(plane @ slope - wanted).max() <= 1.1 * side / 255 + 1 / 32
            assert np.abs(slope[:2] - own).max() < 0.42
        assert np.abs(down - rows / (height - 1))[within].max() > 0.02


def test_pictures_vary_one_by_one() -> None:
    batch = np.repeat(ramp(1, 12, 12, 1), 8, axis=0)
    found = warp(batch, np.random.default_rng(0), mirror=False)
    assert len({picture.tobytes() for picture in found}) == 8


def test_none_means_none() -> None:
    batch = ramp(2, 4, 6, 1)
    options = ImageOptions(height=4, width=6, augment="none")
    assert IMAGE.augment(batch, np.random.default_rng(0), options) is batch
