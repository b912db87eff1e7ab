"""A back end that needs nothing: a linear net by NumPy, and ways in which it may fail."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.errors import GraphError
from datacc.fit import BackEnd, Fitting, Recipe, Rounding
from datacc.ir.container import pack, unpack
from datacc.ir.graph import Graph
from datacc.ir.interpret import walk

MAGIC = b"DATACCX\n"


class Linear(Fitting):
    """Cross-entropy's gradient to the last layer alone, `top`; everything before it stays as it was."""

    def __init__(self, graph: Graph, recipe: Recipe, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.graph, self.recipe = graph, recipe
        self.values = {name: weight.copy() for name, weight in weights.items()}
        self.fixed = {node.name: node.value for node in graph.weights if node.value is not None}
        self.statistics = [node.name for node in graph.holes if node.role in ("mean", "variance")]
        self.steps = 0
        self.after: Callable[[int], None] = lambda step: None

    def run(
        self,
        inputs: Mapping[str, NDArray[Any]],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32],
        rates: NDArray[np.float64],
    ) -> NDArray[np.float32]:
        losses = [
            self._step({name: array[t] for name, array in inputs.items()}, targets[t], weights[t], rates[t])
            for t in range(len(rates))
        ]
        return np.array(losses, np.float32)

    def _step(self, feed: dict[str, Any], target: Any, weight: Any, rate: float) -> float:
        top = self.graph.by_name[self.graph.loss].inputs
        with np.errstate(all="ignore"):
            found = walk(self.graph, {**self.fixed, **self.values, **feed}, [self.graph.loss])
            features, x = found[self.graph.loss], found[top[0]]
            power = np.exp(features - features.max(-1, keepdims=True))
            share = power / power.sum(-1, keepdims=True)
            delta = (share - target) * weight[:, None] / len(weight)
            loss = -(weight * np.log((share * target).sum(-1) + 1e-30)).mean()
            gradient = np.tensordot(delta, x, (0, 0)).astype(np.float32)
            self.values[top[1]] = self.values[top[1]] - np.float32(rate) * gradient
            self.values[top[2]] = self.values[top[2]] - np.float32(rate) * delta.sum(0).astype(np.float32)
        self.steps += 1
        self.after(self.steps)
        return float(loss)

    def weights(self, *, average: bool = True) -> dict[str, NDArray[np.float32]]:
        return {name: value.copy() for name, value in self.values.items() if name not in self.statistics}

    def look(
        self, values: Mapping[str, NDArray[Any]], inputs: Mapping[str, NDArray[Any]], only: Collection[str] = ()
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        sums: dict[str, NDArray[Any]] = {}

        def given(node: Any, args: list[Any]) -> list[Any]:
            if node.op == "normalise" and node.inputs[3] in values:
                centred = args[0] - values[f"{node.inputs[3]}.before"]
                axes = tuple(range(centred.ndim - 1))
                sums[node.inputs[3]], sums[node.inputs[4]] = centred.sum(axes), (centred**2).sum(axes)
            return args

        with np.errstate(all="ignore"):
            known = {**self.fixed, **self.values, **values, **inputs}
            return walk(self.graph, known, [self.graph.loss], given=given)[self.graph.loss], sums

    def state(self) -> bytes:
        return pack(MAGIC, {"steps": self.steps}, self.values)

    def restore(self, state: bytes) -> None:
        head, self.values = unpack(MAGIC, state)
        self.steps = head["steps"]


class Fake(BackEnd):
    """Makes `Linear` fits; `after` is called after each of their steps, with the fit and the step's number."""

    version = "fake 1"

    def __init__(self, after: Callable[[Linear, int], None] | None = None, lacking: str = "") -> None:
        self.after, self.lacking = after, lacking
        self.made: list[Linear] = []

    def lacks(self, graph: Graph, rounding: Rounding | None) -> str:
        return self.lacking or ("a rounding" if rounding is not None else "")

    def open(
        self,
        graph: Graph,
        loss: Graph,
        recipe: Recipe,
        weights: Mapping[str, NDArray[np.float32]],
        rows: int,
        rounding: Rounding | None = None,
    ) -> Fitting:
        if self.lacking:
            raise GraphError(self.lacking)
        fitting = Linear(graph, recipe, weights)
        if self.after is not None:
            fitting.after = lambda step: self.after(fitting, step)  # type: ignore[misc]
        self.made.append(fitting)
        return fitting
