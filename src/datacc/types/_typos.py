"""Small slips of the keyboard in rows of UTF-8: the augmentation of texts. Only ASCII letters are touched."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SLIPS: Final = 0.02  # share of letters that are swapped with the one before
CASES: Final = 0.1  # share of texts that are written in small letters, and in capitals
OUT: Final = 0.25  # share of words that are left out, where that is wanted
PIECE: Final = 1 / 3  # of a text, that its beginning and its end may lack, each
CASE_BIT: Final = np.uint8(0x20)


def misspell(batch: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    """Rows (B, N) with some neighbouring letters swapped, and some rows in one case throughout."""
    found = swap(batch, random.random(batch.shape, np.float32) < SLIPS)
    drawn = random.random((len(batch), 1))
    letters = is_letter(found)
    found = np.where(letters & (drawn < CASES), found | CASE_BIT, found)
    return np.where(letters & (drawn > 1 - CASES), found & ~CASE_BIT, found)


def shorten(batch: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    """Rows (B, N) without words at their beginning, and at their end, up to a third of the text each."""
    places = np.arange(batch.shape[1])
    sizes = (batch > 0).sum(axis=1, keepdims=True)
    ends = sizes - random.random(sizes.shape) * PIECE * sizes
    spaces = batch == ord(" ")
    last = np.where(spaces & (places >= ends), places, batch.shape[1]).min(axis=1, keepdims=True)
    batch = np.where(places < last, batch, 0)
    begins = random.random(sizes.shape) * PIECE * sizes
    first = np.where(spaces & (places <= begins), places + 1, 0).max(axis=1, keepdims=True)
    moved = first + places
    found = np.take_along_axis(batch, np.minimum(moved, batch.shape[1] - 1), axis=1)
    return np.where(moved < batch.shape[1], found, 0).astype(np.uint8)


def leave_out(batch: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    """Rows (B, N) in which some words are blank; those between blanks are what is a word here."""
    begins = np.ones(batch.shape, bool)
    begins[:, 1:] = batch[:, :-1] == ord(" ")
    number = begins.cumsum(axis=1)
    drawn = random.random((len(batch), batch.shape[1] + 1), np.float32) < OUT
    blank = np.take_along_axis(drawn, number, axis=1) & (batch > 0)
    return np.where(blank, np.uint8(ord(" ")), batch)


def swap(batch: NDArray[Any], where: NDArray[np.bool_]) -> NDArray[Any]:
    """Rows (B, N) in which letters at `where` change places with the letter that follows; none moves twice."""
    letters = is_letter(batch)
    first = np.zeros_like(letters)
    first[:, :-1] = where[:, :-1] & letters[:, :-1] & letters[:, 1:]
    first[:, 1:] &= ~first[:, :-1]
    found = batch.copy()
    rows, places = np.nonzero(first)
    found[rows, places], found[rows, places + 1] = batch[rows, places + 1], batch[rows, places]
    return found


def fitting(texts: Sequence[bytes], length: int) -> NDArray[np.uint8]:
    """Rows (B, N) of UTF-8: the characters that fit into `length` bytes, zeros behind them."""
    rows = np.zeros((len(texts), length), np.uint8)
    for row, text in zip(rows, texts, strict=True):
        kept = text if len(text) <= length else text[:length].decode("utf-8", "ignore").encode()
        row[: len(kept)] = np.frombuffer(kept, np.uint8)
    return rows


def is_letter(batch: NDArray[Any]) -> NDArray[np.bool_]:
    """Which bytes are ASCII letters."""
    small = batch | CASE_BIT
    letters: NDArray[np.bool_] = (small >= ord("a")) & (small <= ord("z"))
    return letters
