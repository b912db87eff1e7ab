"""Where a fit begins: which weights are open, and what they are at first."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.fit import Rounding
from datacc.ir.graph import Graph, Node

STATISTICS = ("mean", "variance")
FAINT: Final = 0.01

Weights = dict[str, NDArray[np.float32]]


def opened(graph: Graph, rounding: Rounding | None, rows: int) -> Graph:
    """The Graph whose holes are what this fit fills.

    Under a `rounding` these are the weights of its products. Batches of a single row have no statistics of their own:
    then normalisation is by 0 and 1 from the beginning, while fitting and afterwards.
    """
    if rounding is not None:
        products = [graph.by_name[name] for name in sorted(rounding.products)]
        open_ = {weight for product in products for weight in product.inputs[1:]}
        return replace(graph, nodes=tuple(_open(node) if node.name in open_ else node for node in graph.nodes))
    if rows == 1:
        fixed = {node.name: _filled(node, node.role == "variance") for node in graph.holes if node.role in STATISTICS}
        return graph.fill(fixed)
    return graph


def initial(graph: Graph, seed: int, known: Mapping[str, NDArray[np.float32]]) -> Weights:
    """Values for every hole: those `known`, else by He et al. 2015; tables faint, gains and variances 1, vectors 0."""
    random = np.random.Generator(np.random.PCG64(seed))
    values: Weights = {}
    for node in graph.holes:
        if node.name in known:
            values[node.name] = known[node.name].astype(np.float32, copy=True)
        elif len(node.type.shape) > 1:
            values[node.name] = random.standard_normal(node.type.shape, np.float32) * np.float32(_spread(graph, node))
        else:
            values[node.name] = _filled(node, node.role == "variance" or _is_gain(graph, node))
    return values


def _open(node: Node) -> Node:
    return replace(node, value=None, role="learnt")


def _filled(node: Node, one: bool) -> NDArray[np.float32]:
    return np.full(node.type.shape, 1 if one else 0, np.float32)


def _spread(graph: Graph, node: Node) -> float:
    """How far weights lie from 0. Rows of a table begin near it: one that no example moves is to say nothing."""
    if all(user.op == "gather" for user in graph.users[node.name]):
        return FAINT
    return math.sqrt(2 / math.prod(node.type.shape[1:]))


def _is_gain(graph: Graph, node: Node) -> bool:
    """Whether a weight multiplies: the gain of a normalise node."""
    return any(user.op == "normalise" and user.inputs[1] == node.name for user in graph.users[node.name])
