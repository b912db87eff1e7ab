"""Small random affine warps of uint8 pictures, batched, in NumPy: the augmentation of images."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

TURN: Final = np.deg2rad(12)  # radians
ZOOM: Final = 0.12
SHEAR: Final = 0.12
SHIFT: Final = 0.08  # of the side


def warp(batch: NDArray[Any], random: np.random.Generator, *, mirror: bool) -> NDArray[np.uint8]:
    """Each picture of (B, H, W, C) under its own random map, sampled between pixels, 8 bits again.

    Outside the picture the nearest edge pixel is taken.
    """
    b, h, w, c = batch.shape
    y, x = _sources(b, h, w, random, mirror)
    top, left = np.floor(y).astype(np.int32), np.floor(x).astype(np.int32)
    dy, dx = (y - top)[..., None], (x - left)[..., None]
    flat = batch.reshape(b, h * w, c)
    rows = np.arange(b)[:, None]

    def at(i: NDArray[Any], j: NDArray[Any]) -> NDArray[np.float32]:
        index = i.clip(0, h - 1) * w + j.clip(0, w - 1)
        return np.asarray(flat[rows, index], np.float32)

    upper = at(top, left) * (1 - dx) + at(top, left + 1) * dx
    lower = at(top + 1, left) * (1 - dx) + at(top + 1, left + 1) * dx
    mixed = upper * (1 - dy) + lower * dy
    return np.asarray(mixed + np.float32(0.5)).astype(np.uint8).reshape(batch.shape)


def _sources(
    b: int, h: int, w: int, random: np.random.Generator, mirror: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For each picture and output pixel, the place in the input to look at: two arrays (B, H·W)."""

    def draw(limit: float) -> NDArray[np.float32]:
        return random.uniform(-limit, limit, (b, 1)).astype(np.float32)

    turn, shear = draw(float(TURN)), draw(SHEAR)
    tall, wide = 1 + draw(ZOOM), 1 + draw(ZOOM)
    down, right = draw(SHIFT) * h, draw(SHIFT) * w
    side = np.where(random.random((b, 1)) < 0.5, -1, 1).astype(np.float32) if mirror else np.float32(1)
    i, j = np.mgrid[:h, :w].reshape(2, 1, h * w).astype(np.float32)
    v, u = i - (h - 1) / 2, (j - (w - 1) / 2) * side
    y = (np.cos(turn) * v - np.sin(turn) * u) * tall + down + np.float32((h - 1) / 2)
    x = (np.sin(turn) * v + np.cos(turn) * u + shear * v) * wide + right + np.float32((w - 1) / 2)
    return y.astype(np.float32), x.astype(np.float32)
