"""Means and variances of what every normalise node reads, over learn, exactly, layer by layer; and a score on tune."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.fit import Examples, Fitting
from datacc.fit._memory import value_bytes
from datacc.fit.initial import STATISTICS, Weights
from datacc.fit.step import BEFORE
from datacc.ir.graph import Graph, Node

EXACT_ROWS: Final = 2048  # learn rows of the pass that fills mean and variance; ids are hashes, so a fair sample
ONWARD_ROWS: Final = 1024  # of a fit that goes on from such: chains of edits end as well, see bench/RESULTS.md
QUICK_ROWS: Final = 512  # of one that only chooses between weights
LOOK_ROWS: Final = 1024  # at a time
LOOK_BYTES: Final = 2**25  # at a time, of values
GUESS_ROWS: Final = 32  # what sums are shifted by need not be near, only within the spread of the values


def look_rows(graph: Graph) -> int:
    """How many rows to look at in one call."""
    return max(1, min(LOOK_ROWS, LOOK_BYTES // max(1, value_bytes(graph))))


def statistics(fitting: Fitting, graph: Graph, learn: Examples, most: int = EXACT_ROWS) -> Weights:
    """Every mean and variance that is a hole, over the first rows of learn, `most` at most, by the weights as they are.

    A layer's are known once those of the layers before it are filled. Sums are shifted by a mean that a few rows
    give, so that E[x²] − mean² loses nothing to a large mean.
    """
    holes = {node.name: node for node in graph.holes if node.role in STATISTICS}
    values = {name: np.full(node.type.shape, node.role == "variance", np.float32) for name, node in holes.items()}
    layers = [node for node in graph.nodes if node.op == "normalise" and node.inputs[3] in holes]
    before = {layer.inputs[3] + BEFORE: np.zeros(layer.type.shape[-1:], np.float32) for layer in layers}
    rows, at_once = min(most, len(learn)), look_rows(graph)
    for layer in layers:
        mean, variance = layer.inputs[3:]
        place = mean + BEFORE
        guess, _ = _moments(fitting, layer, {**values, **before}, learn, min(GUESS_ROWS, rows), at_once)
        before[place] = guess.astype(np.float32)
        shift, square = _moments(fitting, layer, {**values, **before}, learn, rows, at_once)
        values[mean] = (before[place] + shift).astype(np.float32)
        values[variance] = np.maximum(square - shift * shift, 0).astype(np.float32)
    return values


def _moments(
    fitting: Fitting, layer: Node, values: Mapping[str, NDArray[Any]], learn: Examples, rows: int, at_once: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The means of (x − before) and of its square over `rows` rows of learn, for one layer."""
    count = rows * int(np.prod(layer.type.shape[:-1], dtype=np.int64))
    total = np.zeros((2, layer.type.shape[-1]))
    for part in parts(learn, rows, at_once):
        _, sums = fitting.look(values, part.inputs, layer.inputs[3:])
        total += [sums[name] for name in layer.inputs[3:]]
    return total[0] / count, total[1] / count


def parts(examples: Examples, rows: int, at_once: int) -> Iterator[Examples]:
    """The first `rows` rows, so many at once."""
    for start in range(0, rows, at_once):
        within = slice(start, min(start + at_once, rows))
        inputs = {name: array[within] for name, array in examples.inputs.items()}
        yield Examples(inputs=inputs, targets=examples.targets[within], augment=examples.augment)


def features_of(
    fitting: Fitting, graph: Graph, weights: Mapping[str, NDArray[Any]], examples: Examples
) -> NDArray[np.float32]:
    """The features (N, K) of all rows, with these means and variances; of several members their mean."""
    values: dict[str, NDArray[Any]] = {node.name: weights[node.name] for node in graph.holes if node.role in STATISTICS}
    values |= {node.name + BEFORE: np.zeros_like(values[node.name]) for node in graph.holes if node.role == "mean"}
    *members, count = graph.by_name[graph.loss].type.shape
    found = [fitting.look(values, part.inputs)[0] for part in parts(examples, len(examples), look_rows(graph))]
    each = np.concatenate(found) if found else np.zeros((0, *members, count), np.float32)
    return each.mean(axis=1) if members else each
