"""Small random affine warps of uint8 pictures, batched, in integer arithmetic of NumPy: the augmentation of images.

A place between pixels is told in 64ths. The four pixels around a place lie in one word of 32 bits, so that one look-up
brings them all and one multiplication weighs two of them.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

TURN: Final = np.deg2rad(12)  # radians
ZOOM: Final = 0.12
SHEAR: Final = 0.12
SHIFT: Final = 0.08  # of the side
BITS: Final = 6
ONE: Final = 1 << BITS  # a pixel's side
BLOCK: Final = 2**14  # output pixels worked on at a time, so that all that is on the way stays in the cache
SMALL: Final = 256  # pixels a side, up to which 16 bits hold every place on the way
PAIR: Final = np.uint32(0x00FF00FF)

Lines = tuple[NDArray[Any], NDArray[Any]]  # what rows (B, H, 1) and columns (B, 1, W) each give to a place


def warp(batch: NDArray[Any], random: np.random.Generator, *, mirror: bool) -> NDArray[np.uint8]:
    """Each picture of (B, H, W, C) under its own small random map."""
    b, h, w, _ = batch.shape

    def draw(limit: float) -> NDArray[np.float32]:
        return random.uniform(-limit, limit, (b, 1, 1)).astype(np.float32)

    turn, shear = draw(float(TURN)), draw(SHEAR)
    tall, wide = 1 + draw(ZOOM), 1 + draw(ZOOM)
    shift = draw(SHIFT) * h, draw(SHIFT) * w
    side = np.where(random.random((b, 1, 1)) < 0.5, -1, 1).astype(np.float32) if mirror else np.float32(1)
    upper = np.concatenate([np.cos(turn) * tall, -np.sin(turn) * tall * side], axis=2)
    lower = np.concatenate([(np.sin(turn) + shear) * wide, np.cos(turn) * wide * side], axis=2)
    return affine(batch, np.concatenate([upper, lower], axis=1), np.concatenate(shift, axis=2)[:, 0])


def affine(batch: NDArray[Any], maps: NDArray[np.float32], shifts: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Each picture of (B, H, W, C) under its own map, sampled between pixels, 8 bits again.

    `maps` (B, 2, 2) leads from a place in the result, (row, column) from its centre, to one in the picture, `shifts`
    (B, 2) pixels further on. Outside the picture the nearest edge pixel is taken.
    """
    b, h, w, _ = batch.shape
    y, x = _sources(h, w, maps, shifts)
    found = np.empty_like(batch)
    size = max(1, BLOCK // (h * w))
    for start in range(0, b, size):
        part = slice(start, start + size)
        _sample(batch[part], (y[0][part], y[1][part]), (x[0][part], x[1][part]), found[part])
    return found


def _sample(batch: NDArray[Any], y: Lines, x: Lines, out: NDArray[np.uint8]) -> None:
    """The pictures (b, H, W, C) at the places that rows and columns add up to."""
    _, h, w, c = batch.shape
    down, right = y[0] + y[1], x[0] + x[1]
    np.clip(down, 0, (h - 1) * ONE, out=down)
    np.clip(right, 0, (w - 1) * ONE, out=right)
    index = _index(down >> BITS, right >> BITS, w)
    down &= ONE - 1
    right &= ONE - 1
    lower, later = down.astype(np.uint32), right.astype(np.uint32)
    upper, sooner = ONE - lower, ONE - later
    for channel in range(c):
        four = _fours(np.ascontiguousarray(batch[..., channel]).reshape(-1), w).take(index)
        other = four >> np.uint32(8)
        four &= PAIR
        other &= PAIR
        four *= sooner
        other *= later
        four += other  # two sums of 16 bits: of the upper pixels, and of the lower ones above it
        np.right_shift(four, np.uint32(16), out=other)
        other *= lower
        four &= np.uint32(0xFFFF)
        four *= upper
        four += other
        four += np.uint32(ONE * ONE // 2)
        four >>= np.uint32(2 * BITS)
        out[..., channel] = four


def _index(top: NDArray[Any], left: NDArray[Any], w: int) -> NDArray[np.intp]:
    """Where each place's upper left pixel lies among those of all pictures."""
    b, h, _ = top.shape
    within = top if h * w < 2**15 else top.astype(np.int32)
    within *= w
    within += left
    index = within.astype(np.intp)
    index += np.arange(0, b * h * w, h * w)[:, None, None]
    return index


def _fours(pixels: NDArray[Any], w: int) -> NDArray[np.uint32]:
    """For each pixel, from the lowest byte: itself, the right one, the lower one, the one between the last two.

    What follows the end of a row, or a picture, is of another; its weight is 0, since places beyond the edge are cut.
    """
    two = pixels.astype(np.uint16)
    two[:-1] |= two[1:] << 8
    four = two.astype(np.uint32)
    four[:-w] |= four[w:] << np.uint32(16)
    return four


def _sources(h: int, w: int, maps: NDArray[np.float32], shifts: NDArray[np.float32]) -> tuple[Lines, Lines]:
    """For each picture the places in the input to look at, in 64ths: y and x as sums of a row's and a column's part."""
    v = (np.arange(h, dtype=np.float32) - np.float32((h - 1) / 2))[:, None]
    u = np.arange(w, dtype=np.float32) - np.float32((w - 1) / 2)
    kind = np.int16 if max(h, w) <= SMALL else np.int32

    def whole(places: NDArray[np.float32]) -> NDArray[Any]:
        return np.rint(places * ONE).astype(kind)

    a, b, c, d = (maps.reshape(-1, 4)[:, place, None, None] for place in range(4))
    down, right = (shifts[:, axis, None, None] + np.float32((size - 1) / 2) for axis, size in enumerate((h, w)))
    return (whole(a * v + down), whole(b * u)), (whole(c * v + right), whole(d * u))
