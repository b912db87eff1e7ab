"""Quality: what the report says of our program, beside scikit-learn's models on the same learn and judge rows.

Our judge figures are the report's aggregates; the sealed labels stay shut. The data sets are public, so the peers'
labels are looked up in what the gallery's fetch.py wrote, by the input itself: same bytes in, same label.
"""

import csv
import pickle
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datacc.repo.snapshot import JUDGE, LEARN, Snapshot

from .gallery import SOURCES, Built
from .machine import is_installed
from .rows import Row

Labelled = dict[bytes, str]


def rows(built: Built, *, quick: bool) -> Iterator[Row]:
    """Bound and accuracy on judge, accuracy on tune; then each peer's accuracy and size."""
    goal = next(line for line in built.report["verdict"]["lines"] if line["kind"] == "goal")
    figure, costs = goal["figure"], built.report["costs"]
    note = f"{figure['right']:,} of {figure['total']:,}"
    yield Row(
        name=f"{built.name}/bound", ours=figure["bound"], unit="share", better="more", note="judge, one-sided 95 %"
    )
    yield Row(name=f"{built.name}/accuracy", ours=figure["value"], unit="share", better="more", note=f"judge, {note}")
    yield Row(name=f"{built.name}/tune", ours=tune(built), unit="share", better="more")
    if not is_installed("sklearn"):
        print("skipped: scikit-learn is not installed, so quality has no peer", file=sys.stderr)
        return
    for peer, right, size in peers(built, quick=quick):
        share = right / figure["total"]
        name = f"{built.name}/accuracy/{peer}"
        yield Row(name=name, ours=figure["value"], peer=share, unit="share", better="more", note="same judge rows")
        yield Row(name=f"{built.name}/size/{peer}", ours=costs["size"], peer=size, unit="B", note="its pickle alone")


def tune(built: Built) -> float:
    """The share right on tune."""
    pairs = [pair for one in built.report["tune"] for pair in one["pairs"]]
    return sum(n for label, answer, n in pairs if label == answer) / sum(n for _, _, n in pairs)


def peers(built: Built, *, quick: bool) -> Iterator[tuple[str, int, int]]:
    """(name, how many judge rows are right, bytes of its pickle) of each peer."""
    snapshot = built.snapshot
    inputs, labels = split(built, snapshot, LEARN)
    judged, truth = split(built, snapshot, JUDGE)
    models = import_module(".sklearn_models", __package__).models(picture=inputs.shape[1] > 100, quick=quick)
    for name, model in models.items():
        model.fit(inputs, labels)
        yield name, int((model.predict(judged) == truth).sum()), len(pickle.dumps(model))


def split(built: Built, snapshot: Snapshot, which: int) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """The rows of one split as flat float rows (N, F), and their labels by the public data (N,)."""
    [arrays] = snapshot.inputs.values()
    public = published(built)
    chosen = arrays[snapshot.rows(which)]
    labels = np.array([public[row.tobytes()] for row in chosen])
    flat = chosen.reshape(len(chosen), -1).astype(np.float32)
    return (flat / 255 if arrays.dtype == np.uint8 else flat), labels


def published(built: Built) -> Labelled:
    """Label by the bytes of the input, from the file that fetch.py wrote. Raises `ValueError` where two disagree."""
    source = built.root.parent / SOURCES[built.name]
    found: Labelled = {}
    for data, label in _pictures(source) if source.suffix == ".npz" else _records(source):
        if found.setdefault(data, label) != label:
            raise ValueError(f"{source.name} gives equal inputs different labels")
    return found


def _pictures(source: Path) -> Iterator[tuple[bytes, str]]:
    with np.load(source) as file:
        yield from ((x.tobytes(), str(y)) for x, y in zip(file["x"], file["y"], strict=True))


def _records(source: Path) -> Iterator[tuple[bytes, str]]:
    with source.open(encoding="utf-8", newline="") as file:
        for *numbers, label in list(csv.reader(file))[1:]:
            yield np.array(numbers, np.float64).astype(np.float32).tobytes(), label
