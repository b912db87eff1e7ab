"""Filling the holes of a skeleton: what every fitting back end takes and gives."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.ir.graph import Graph

Augment = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """Rows to learn from or to tune on: each input (N, *shape), and the class index of each row (N,) int32.

    `augment` names, by input, what may vary a batch before the Graph sees it.
    """

    inputs: Mapping[str, NDArray[Any]]
    targets: NDArray[np.int32]
    augment: Mapping[str, Augment]

    def __len__(self) -> int:
        """The number of rows N."""
        return len(self.targets)

    def rows(self, index: NDArray[Any]) -> "Examples":
        """The rows at `index`, or where a mask (N,) is true."""
        inputs = {name: array[index] for name, array in self.inputs.items()}
        return Examples(inputs=inputs, targets=self.targets[index], augment=self.augment)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to fit: passes over learn, rows per batch, peak rate, weight decay, label smoothing, threads.

    The number of threads is part of the recipe because it can change the last bits of a sum.
    """

    epochs: int
    batch: int
    rate: float
    decay: float = 0.01
    smoothing: float = 0.03
    threads: int = 2

    def plain(self) -> dict[str, int | float]:
        """As plain values, for the lock."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rounding:
    """What a fine-tune for integers rounds: values by node (step, lowest and highest number), weights of `products`.

    A product's weights are -`weights` … `weights` steps, of one size for each output.
    """

    values: Mapping[str, tuple[float, int, int]]
    products: frozenset[str]
    weights: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One moment of a fit: step of steps, loss of the last batch, best tune score so far (None before the first)."""

    step: int
    steps: int
    loss: float
    tune: float | None


Watch = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A Graph without learnt holes, its score on tune (share of right answers), and (step, tune score) on the way.

    When the Graph is one of integers, `floats` is the one that it was made of.
    """

    graph: Graph
    tune: float
    history: tuple[tuple[int, float], ...]
    floats: Graph | None = None


class BackEnd(ABC):
    """Something that can fit. Members are stateless."""

    @abstractmethod
    def fit(
        self,
        graph: Graph,
        learn: Examples,
        tune: Examples,
        recipe: Recipe,
        seed: int,
        watch: Watch | None = None,
        rounding: Rounding | None = None,
    ) -> Fitted:
        """The Graph with its `learnt`, `mean` and `variance` holes filled; the same bytes for the same arguments.

        `data` holes must be filled before. With a `rounding` the Graph has no holes: the weights of its products are
        fitted on, from where they are. Raises `FitError` when the loss stops being a number.
        """
