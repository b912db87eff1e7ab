"""Filling the holes of a skeleton: what every fitting back end takes and gives."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.fit._memory import step_bytes
from datacc.frozen import frozen
from datacc.ir.graph import Graph

Augment = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]


@frozen(eq=False)
class Examples:
    """Rows to learn from or to tune on: each input (N, *shape), and what each row is.

    `targets` are of the `form` of the output (`objective.py`): class indices (N,) int32 of a "label", float32 (N, K) of
    "labels" or a "number". `augment` names, by input, what may vary a batch before the Graph sees it. `said` (N, K) is
    what a tutor says of each row of a label, as shares of the classes: half of what is to be learnt, where it is there.
    `soft` (N, K) are such shares in the place of the class itself, where a teacher told them. `levels` are the
    quantiles that a number is answered with beside itself.
    """

    inputs: Mapping[str, NDArray[Any]]
    targets: NDArray[Any]
    augment: Mapping[str, Augment]
    said: NDArray[np.float32] | None = None
    form: str = "label"
    soft: NDArray[np.float32] | None = None
    levels: tuple[float, ...] = ()

    def __len__(self) -> int:
        """The number of rows N."""
        return len(self.targets)

    def rows(self, index: NDArray[Any]) -> "Examples":
        """The rows at `index`, or where a mask (N,) is true."""
        inputs = {name: array[index] for name, array in self.inputs.items()}
        said, soft = (None if part is None else part[index] for part in (self.said, self.soft))
        return replace(self, inputs=inputs, targets=self.targets[index], said=said, soft=soft)


@frozen
class Recipe:
    """How to fit: passes over learn, rows per batch, peak rate, weight decay, label smoothing, threads, update.

    The number of threads is part of the recipe because in some back ends it can change the last bits of a sum.
    `optimiser` is "adamw" (its decay apart from the gradient) or "sgd" (Nesterov's, by `momentum`; its decay is added
    to the gradient, as in torch); which weights decay, `decays` says. `clip` is the largest norm of all gradients
    together, 0 for none. `average` is what the mean of the weights keeps of itself at a step, 0 for none:
    m ← average · m + (1 − average) · w from m = 0, divided by 1 − average^steps when it is read. `rare` is how much
    more the rows of a table that few examples look up weigh at first: see `rarity.py`. `balance` is the power of its
    inverse share that an example of a rare class weighs: by 0 all weigh alike, and scores are shares of what occurs.
    """

    epochs: int
    batch: int
    rate: float
    decay: float = 0.01
    smoothing: float = 0.03
    threads: int = 2
    optimiser: str = "adamw"
    momentum: float = 0.9
    clip: float = 0.0
    average: float = 0.0
    rare: float = 0.0
    balance: float = 0.5  # more of rare classes are found, and no example outweighs hundreds

    def plain(self) -> dict[str, int | float | str]:
        """As plain values, for the lock."""
        return asdict(self)


def decays(shape: Sequence[int]) -> bool:
    """Whether a weight of this shape is drawn towards 0: those of two axes or more, but no lists of single numbers.

    So biases, gains and shifts do not decay, nor a table of one column, which holds a gain for each of its rows.
    """
    return len(shape) > 1 and tuple(shape[1:]) != (1,)


@frozen(eq=False)
class Rounding:
    """What a fine-tune for integers rounds: values by node (step, lowest and highest number), weights of `products`.

    A product's weights are -`weights` … `weights` steps, of one size for each output.
    """

    values: Mapping[str, tuple[float, int, int]]
    products: frozenset[str]
    weights: int


@frozen(eq=False)
class Start:
    """Where a fit goes on from: the `weights` of every learnt hole by name, and their share in what comes out.

    `statistics` are the means and variances that belong to these weights, by name; none where nobody knows them.
    """

    weights: Mapping[str, NDArray[np.float32]]
    kept: float = 0.0
    statistics: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


@frozen
class Progress:
    """One moment of a fit: step of steps, best tune score so far (None before the first), and the loss of the last
    batch, which of several members is the mean of theirs.
    """

    step: int
    steps: int
    loss: float
    tune: float | None


Watch = Callable[[Progress], None]


@frozen(eq=False)
class Fitted:
    """A Graph without learnt holes, its score on tune, of a label the share of right answers, and (step, tune score) on
    the way.

    `warnings` say what was odd about the fit, `by` which version of which back end did it. When the Graph is one of
    integers, or has tables of them, `floats` is the one that it was made of. `features` (N, K) are those of the rows
    that the fit was asked about.
    """

    graph: Graph
    tune: float
    history: tuple[tuple[int, float], ...]
    warnings: tuple[str, ...] = ()
    by: str = ""
    floats: Graph | None = None
    features: NDArray[np.float32] | None = None

    @property
    def as_fitted(self) -> Graph:
        """The Graph of floats: what other fits begin from."""
        return self.floats or self.graph


class Fitting(ABC):
    """One fit under way: the weights and all that an optimiser remembers. Made by a back end's `open`."""

    @abstractmethod
    def run(
        self,
        inputs: Mapping[str, NDArray[Any]],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32],
        rates: NDArray[np.float64],
    ) -> NDArray[np.float32]:
        """Go T steps: inputs (T, B, *shape), targets (T, B, K), row weights (T, B), rates (T,); the losses (T,).

        The loss of a step is Σ weight · loss of the row / B, before its update. One that is no number is returned like
        any other; what the weights become after it does not matter.
        """

    @abstractmethod
    def weights(self, *, average: bool = True) -> dict[str, NDArray[np.float32]]:
        """Every learnt hole's weights by name, copies; with `average` their mean, when the recipe asks for one."""

    @abstractmethod
    def look(
        self, values: Mapping[str, NDArray[Any]], inputs: Mapping[str, NDArray[Any]], only: Collection[str] = ()
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Features (N, K) of inputs (N, *shape) by `weights()`, and sums over what each normalise reads.

        With `only` these sums matter, and nothing else that is returned does: it may be left out.

        `values` holds every mean and variance that is a hole, by name, and for each mean `<mean>.before` (C,). The
        sums, over rows and positions, have the same names: under a mean that of (x − before), under a variance that of
        (x − before)².
        """

    @abstractmethod
    def state(self) -> bytes:
        """Everything that the next steps depend on."""

    @abstractmethod
    def restore(self, state: bytes) -> None:
        """Be as the fit was when `state` gave this; the next steps give the same bits."""


class BackEnd(ABC):
    """Something that can fit. Members are stateless.

    `version` is its name, a blank and a number: another version may give other weights for the same arguments.
    `steady`: it promises the same bits for every number of threads.
    """

    version: str
    steady: bool = False

    @abstractmethod
    def lacks(self, graph: Graph, rounding: Rounding | None) -> str:
        """What of this fit it cannot do ("op 'sin' of node 'x'"), for a message; nothing when it covers all."""

    @abstractmethod
    def open(
        self,
        graph: Graph,
        loss: Graph,
        recipe: Recipe,
        weights: Mapping[str, NDArray[np.float32]],
        rows: int,
        rounding: Rounding | None = None,
    ) -> Fitting:
        """A fit that begins with these `weights`, one for every hole of `graph`, in batches of `rows` rows.

        Every hole is learnt but those with the roles `mean` and `variance`: while steps are run they are the batch's.
        `loss` is a Graph from `features` (the node `graph.loss`), `target` and `weight` of a row to its `loss`.
        Raises `GraphError` where `lacks` has something to say.
        """

    def memory(self, graph: Graph, rows: int) -> int:
        """About how many bytes a step of `rows` rows takes at once, besides the examples."""
        return step_bytes(graph, rows)
