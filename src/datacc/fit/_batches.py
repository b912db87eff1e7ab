"""Mini-batches of one epoch after another, shuffled and augmented, the same for the same seed."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from datacc.fit import Examples

Batch = tuple[Mapping[str, NDArray[Any]], NDArray[np.int32]]
Item = TypeVar("Item")


def steps_per_epoch(rows: int, batch: int) -> int:
    """Whole batches in one pass; the rest of a pass is left to another shuffle. At least one."""
    return max(1, rows // batch)


def batches(examples: Examples, batch: int, epochs: int, seed: int) -> Iterator[Batch]:
    """Inputs (B, *shape) and targets (B,), `steps_per_epoch` of them per pass."""
    random = np.random.default_rng(seed)
    for _ in range(epochs):
        order = random.permutation(len(examples))
        for step in range(steps_per_epoch(len(examples), batch)):
            rows = order[step * batch : (step + 1) * batch]
            yield _augmented(examples, rows, random), examples.targets[rows]


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items in the same order, each made in a thread while the one before it is used."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item


def _augmented(examples: Examples, rows: NDArray[Any], random: np.random.Generator) -> dict[str, NDArray[Any]]:
    inputs = {name: array[rows] for name, array in examples.inputs.items()}
    return {
        name: examples.augment[name](array, random) if name in examples.augment else array
        for name, array in inputs.items()
    }


def class_weights(targets: NDArray[np.int32], classes: int) -> NDArray[np.float32] | None:
    """A weight for each class (K,), when the rarest present is less than half as common as the mean; else None.

    The square root of the inverse share, scaled so that the mean over rows is 1: rare classes count for more,
    without a single example outweighing hundreds.
    """
    counts = np.bincount(targets, minlength=classes)
    present = counts[counts > 0]
    if len(present) < 2 or present.min() * 2 >= present.mean():
        return None
    weights = np.where(counts > 0, 1 / np.sqrt(np.maximum(counts, 1)), 0)
    return np.asarray(weights * counts.sum() / (weights * counts).sum(), np.float32)
