"""Mini-batches of one epoch after another, shuffled and augmented, the same for the same seed; many at a time.

A chunk is what a back end works on in one call. Its batches depend on the seed and on where it lies alone, so a fit
can go on at the beginning of any chunk.
"""

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from datacc.fit import Examples
from datacc.fit.objective import objective_of
from datacc.frozen import frozen

CHUNK_STEPS: Final = 64
CHUNK_WORK: Final = 10**9  # multiply-adds of a chunk, forwards and backwards: some 20 ms
CHUNK_BYTES: Final = 2**25  # of inputs
AHEAD: Final = 2  # chunks that are made before they are asked for
ORDER, VARIATION = 0, 1  # what chance is drawn for: two streams of one seed

Item = TypeVar("Item")


@frozen(eq=False)
class Chunk:
    """Batches of the steps `first` … `last` (T of them, counted from 1), ready for `Fitting.run`."""

    first: int
    last: int
    inputs: Mapping[str, NDArray[Any]]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]

    def head(self, steps: int) -> "Chunk":
        """Its first steps alone."""
        inputs = {name: array[:steps] for name, array in self.inputs.items()}
        last = self.first + steps - 1
        return replace(self, last=last, inputs=inputs, targets=self.targets[:steps], weights=self.weights[:steps])

    def step(self, step: int) -> "Chunk":
        """One of its steps, without the axis of steps."""
        at = step - self.first
        inputs = {name: array[at] for name, array in self.inputs.items()}
        return Chunk(first=step, last=step, inputs=inputs, targets=self.targets[at], weights=self.weights[at])


def steps_per_epoch(rows: int, batch: int) -> int:
    """Whole batches in one pass; the rest of a pass is left to another shuffle. At least one."""
    return max(1, rows // batch)


def chunk_steps(work: int, batch: int, row_bytes: int) -> int:
    """How many steps to do at once: of an answer of `work` multiply-adds, `batch` rows of `row_bytes` bytes each."""
    enough = math.ceil(CHUNK_WORK / max(1, 3 * work * batch))
    return max(1, min(enough, CHUNK_STEPS, CHUNK_BYTES // max(1, batch * row_bytes)))


def spans(steps: int, size: int, ends: Sequence[int]) -> list[tuple[int, int]]:
    """Steps 1 … `steps` in pieces (first, last) of at most `size`, none of which goes past one of `ends`."""
    found, first = [], 1
    for end in sorted({*ends, steps}):
        while first <= end:
            last = min(first + size - 1, end)
            found.append((first, last))
            first = last + 1
    return found


class Batches:
    """The batches of a fit: `batch` rows each of `examples`, targets as its loss reads them, weights by `balance`."""

    def __init__(self, examples: Examples, batch: int, classes: int, seed: int, balance: float = 0.0) -> None:
        self.examples, self.batch, self.seed = examples, min(batch, len(examples)), seed
        self.per_epoch = steps_per_epoch(len(examples), batch)
        self.classes, self.objective = classes, objective_of(examples)
        self.weights = self.objective.weights(examples.targets, classes, balance)
        self.order: tuple[int, NDArray[Any]] = (-1, np.zeros(0, np.int64))

    def chunk(self, first: int, last: int) -> Chunk:
        """The steps `first` … `last`, counted from 1."""
        rows = np.concatenate(list(self._rows(first - 1, last)))
        targets = self._targets(rows)
        random = np.random.default_rng([self.seed, VARIATION, first])
        shape = (last - first + 1, self.batch)
        inputs = {name: array.reshape(*shape, *array.shape[1:]) for name, array in self._inputs(rows, random).items()}
        weights = self.weights[rows].reshape(shape)
        return Chunk(first=first, last=last, inputs=inputs, targets=targets.reshape(*shape, -1), weights=weights)

    def _targets(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """What to learn of rows, as the loss reads it (N, K); half of it what a tutor says."""
        said, soft = self.examples.said, self.examples.soft
        found = self.objective.rows(self.examples.targets[rows], self.classes) if soft is None else soft[rows]
        return found if said is None else (found + said[rows]) * np.float32(0.5)

    def _rows(self, start: int, stop: int) -> Iterator[NDArray[Any]]:
        """The rows of the steps from `start` (counted from 0) to before `stop`, in pieces that lie in one pass each."""
        while start < stop:
            epoch, within = divmod(start, self.per_epoch)
            if self.order[0] != epoch:
                random = np.random.default_rng([self.seed, ORDER, epoch])
                self.order = epoch, random.permutation(len(self.examples))
            steps = min(stop - start, self.per_epoch - within)
            yield self.order[1][within * self.batch : (within + steps) * self.batch]
            start += steps

    def _inputs(self, rows: NDArray[Any], random: np.random.Generator) -> dict[str, NDArray[Any]]:
        augment = self.examples.augment
        inputs = {name: array[rows] for name, array in self.examples.inputs.items()}
        return {
            name: augment[name](array, random) if name in augment else array for name, array in sorted(inputs.items())
        }


def ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """The same items in the same order, made in a thread while those before them are used."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        following = [pool.submit(next, items, None) for _ in range(AHEAD)]
        try:
            while (item := following.pop(0).result()) is not None:
                following.append(pool.submit(next, items, None))
                yield item
        finally:
            for one in following:
                one.cancel()
