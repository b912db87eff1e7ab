"""Writes the examples of `fashion` into a folder: fashion.npz, with the split that the set was published with."""

import gzip
import sys
from pathlib import Path

import numpy as np

SET = Path("/usr/share/datasets/fashion-mnist")  # of the Debian package
NAMES = "t-shirt trouser pullover dress coat sandal shirt sneaker bag boot".split()
PARTS = {"train": "train", "t10k": "test"}


def fetch(folder: Path) -> None:
    if not SET.is_dir():
        sys.exit(f"error: there is no {SET}\n  try: apt-get install dataset-fashion-mnist")
    folder.mkdir(parents=True, exist_ok=True)
    pictures, labels, splits = [], [], []
    for part, split in PARTS.items():
        pictures.append(_read(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28))
        labels.append(np.array(NAMES)[_read(f"{part}-labels-idx1-ubyte.gz", 8)])
        splits.append(np.full(len(labels[-1]), split))
    x, y, split = (np.concatenate(arrays) for arrays in (pictures, labels, splits))
    np.savez_compressed(folder / "fashion.npz", x=x, y=y, split=split)


def _read(name: str, head: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress((SET / name).read_bytes()), np.uint8, offset=head)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
