"""Small problems that can be learnt, as steps take them: scikit-learn's 8 × 8 digits, as pictures or as records."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from datacc.fit import Fitting, Recipe
from datacc.fit.initial import initial
from datacc.fit.losses import cross_entropy
from datacc.ir.graph import Graph
from datacc.registry import load

Array = NDArray[Any]
CLASSES = tuple("0123456789")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A Graph with holes, and T batches for it: inputs (T, B, *shape), targets (T, B, K), row weights (T, B)."""

    graph: Graph
    inputs: dict[str, Array]
    targets: Array
    weights: Array

    @property
    def steps(self) -> int:
        """T."""
        return len(self.targets)

    def open(self, back_end: str, recipe: Recipe, seed: int = 3) -> Fitting:
        """A fit from the weights of this seed."""
        recipe = replace(recipe, batch=self.targets.shape[1])
        loss = cross_entropy(len(CLASSES), recipe.smoothing)
        member: Any = load("fit", back_end)
        fitting: Fitting = member.open(self.graph, loss, recipe, initial(self.graph, seed, {}), recipe.batch)
        return fitting

    def run(self, fitting: Fitting, rate: float, first: int = 0, last: int | None = None) -> Array:
        """The losses of steps `first` … `last`."""
        some = slice(first, last)
        inputs = {name: array[some] for name, array in self.inputs.items()}
        targets = self.targets[some]
        return fitting.run(inputs, targets, self.weights[some], np.full(len(targets), rate))


def problem(kind: str, *, steps: int, batch: int = 32, name: str = "row", width: int = 6) -> Problem:
    """Digits as `pictures` for conv.v1 of a `width`, or as `records`, an input of this `name`, for mlp.v1."""
    digits = load_digits()
    random = np.random.default_rng(0)
    rows = random.integers(0, len(digits.target), (steps, batch))
    targets = np.eye(len(CLASSES), dtype=np.float32)[digits.target[rows]]
    answer = load("types", "label").answer("digit", CLASSES)
    if kind == "pictures":
        type_ = load("types", "image")
        front = type_.front("picture", type_.options(height=8, width=8, channels=1))
        graph = load("skeletons", "conv.v1").graph([front], answer, {"width": width, "depth": 2})
        inputs = {"picture": (digits.images[rows][..., None] * 15).astype(np.uint8)}
    else:
        type_ = load("types", "record")
        options = type_.options(columns=tuple(f"c{k}" for k in range(64)))
        graph = load("skeletons", "mlp.v1").graph([type_.front(name, options)], answer, {"width": 20, "depth": 2})
        inputs = {name: digits.data[rows].astype(np.float32)}
        filled = {
            n.name: np.full(n.type.shape, 1 / 16 if "scale" in n.name else -0.5)
            for n in graph.holes
            if n.role == "data"
        }
        graph = graph.fill(filled)
    return Problem(graph=graph, inputs=inputs, targets=targets, weights=np.ones(rows.shape, np.float32))
