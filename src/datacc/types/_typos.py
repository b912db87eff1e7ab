"""Small slips of the keyboard in rows of UTF-8: the augmentation of texts. Only ASCII letters are touched."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SLIPS: Final = 0.02  # share of letters that are swapped with the one before
CASES: Final = 0.1  # share of texts that are written in small letters, and in capitals
CASE_BIT: Final = np.uint8(0x20)


def misspell(batch: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    """Rows (B, N) with some neighbouring letters swapped, and some rows in one case throughout."""
    found = swap(batch, random.random(batch.shape) < SLIPS)
    drawn = random.random((len(batch), 1))
    letters = is_letter(found)
    found = np.where(letters & (drawn < CASES), found | CASE_BIT, found)
    return np.where(letters & (drawn > 1 - CASES), found & ~CASE_BIT, found)


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


def is_letter(batch: NDArray[Any]) -> NDArray[np.bool_]:
    """Which bytes are ASCII letters."""
    small = batch | CASE_BIT
    letters: NDArray[np.bool_] = (small >= ord("a")) & (small <= ord("z"))
    return letters
