"""What a fit is after, by the form of its output: which loss, how rows are weighed, and what counts as good on tune."""

from abc import ABC, abstractmethod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.fit import Examples
from datacc.fit.losses import binary, cross_entropy, quantiles, squared
from datacc.ir.graph import Graph

Floats = NDArray[np.float32]


class Objective(ABC):
    """Targets are as `Examples` has them: class indices (N,) int32, or float32 (N, K). K is the number of features."""

    @abstractmethod
    def loss(self, count: int, smoothing: float) -> Graph:
        """The loss of a row with K = `count` features (`losses.py`)."""

    def rows(self, targets: NDArray[Any], count: int) -> Floats:
        """What the loss compares with, (N, K)."""
        return np.asarray(targets, np.float32)

    def weights(self, targets: NDArray[Any], count: int, balance: float) -> Floats:
        """What each of all rows counts for, (N,), by the `balance` of a recipe."""
        return np.ones(len(targets), np.float32)

    @abstractmethod
    def score(self, features: Floats, targets: NDArray[Any]) -> tuple[float, float]:
        """A share, 1 for the best there can be, and what decides between equals; zeros of no row."""

    @abstractmethod
    def agreement(self, answers: NDArray[Any], targets: NDArray[Any]) -> float:
        """Such a share of what a whole program answers, N > 0 rows, like targets but in a unit of its own."""


class OneClass(Objective):
    """One of K classes, by cross-entropy; scored by the share of right answers."""

    def loss(self, count: int, smoothing: float) -> Graph:
        """Cross-entropy, smoothed."""
        return cross_entropy(count, smoothing)

    def rows(self, targets: NDArray[Any], count: int) -> Floats:
        """All of the share to the class."""
        shares = np.zeros((len(targets), count), np.float32)
        shares[np.arange(len(targets)), targets] = 1
        return shares

    def weights(self, targets: NDArray[Any], count: int, balance: float) -> Floats:
        """More for rows of rare classes."""
        found = class_weights(targets, count, balance)
        return super().weights(targets, count, balance) if found is None else found[targets]

    def score(self, features: Floats, targets: NDArray[Any]) -> tuple[float, float]:
        """The share of right answers, and minus the mean cross-entropy."""
        if not len(targets):
            return 0.0, 0.0
        right = float((features.argmax(axis=-1) == targets).mean())
        centred = features.astype(np.float64) - features.max(axis=-1, keepdims=True)
        losses = np.log(np.exp(centred).sum(axis=-1)) - centred[np.arange(len(targets)), targets]
        return right, -float(losses.mean())

    def agreement(self, answers: NDArray[Any], targets: NDArray[Any]) -> float:
        """The share of right answers."""
        return float((answers == targets).mean())


class OneNumber(Objective):
    """A number in deviations, by its squared error; scored by the share of variance that is explained, at least 0.

    With `levels` the features after the first are its quantiles of these levels, by their pinball loss.
    """

    def __init__(self, levels: tuple[float, ...] = ()) -> None:
        self.levels = levels

    def loss(self, count: int, smoothing: float) -> Graph:
        """The squared error, and the pinball losses."""
        return quantiles(self.levels) if self.levels else squared(count)

    def rows(self, targets: NDArray[Any], count: int) -> Floats:
        """The number, once for each feature."""
        return np.repeat(np.asarray(targets, np.float32).reshape(len(targets), 1), count, axis=1)

    def score(self, features: Floats, targets: NDArray[Any]) -> tuple[float, float]:
        """R², at least 0, and minus the mean squared error."""
        if not len(targets):
            return 0.0, 0.0
        true = targets.astype(np.float64)
        error = float(((features[:, :1] - true) ** 2).mean())
        variance = float(true.var())
        return max(0.0, 1 - error / variance) if variance else float(error == 0), -error

    def agreement(self, answers: NDArray[Any], targets: NDArray[Any]) -> float:
        """The share of variance that the best straight line through the answers explains."""
        said, true = (part.reshape(-1).astype(np.float64) - part.mean(dtype=np.float64) for part in (answers, targets))
        both = float((said**2).sum() * (true**2).sum())
        return float((said * true).sum()) ** 2 / both if both else 0.0


class ManyLabels(Objective):
    """Each of K labels by itself, by sigmoid cross-entropy; scored by F1 over all decisions together."""

    def loss(self, count: int, smoothing: float) -> Graph:
        """Binary cross-entropy."""
        return binary(count)

    def score(self, features: Floats, targets: NDArray[Any]) -> tuple[float, float]:
        """Twice what is rightly given over all that is given and all that should be, and minus the mean loss."""
        if not len(targets):
            return 0.0, 0.0
        f1 = self.agreement(features, targets)
        wide = features.astype(np.float64)
        losses = np.logaddexp(0, wide) - wide * targets
        return f1, -float(losses.sum(axis=-1).mean())

    def agreement(self, answers: NDArray[Any], targets: NDArray[Any]) -> float:
        """F1 over all decisions together; a label is given by a number above 0."""
        given, true = answers > 0, targets > 0
        all_ = int(given.sum() + true.sum())
        return 2 * int((given & true).sum()) / all_ if all_ else 1.0


def class_weights(targets: NDArray[np.int32], classes: int, balance: float) -> NDArray[np.float32] | None:
    """A weight for each class (K,), when the rarest present is less than half as common as the mean; else None.

    The inverse share to the power `balance`, scaled so that the mean over rows is 1. By the square root rare classes
    count for more without a single example outweighing hundreds.
    """
    counts = np.bincount(targets, minlength=classes)
    present = counts[counts > 0]
    if not balance or len(present) < 2 or present.min() * 2 >= present.mean():
        return None
    weights = np.where(counts > 0, np.maximum(counts, 1.0) ** -balance, 0)
    return np.asarray(weights * counts.sum() / (weights * counts).sum(), np.float32)


OBJECTIVES: Final[dict[str, Objective]] = {"label": OneClass(), "number": OneNumber(), "labels": ManyLabels()}


def objective_of(examples: Examples) -> Objective:
    """What a fit to these examples is after."""
    return OneNumber(examples.levels) if examples.levels else OBJECTIVES[examples.form]
