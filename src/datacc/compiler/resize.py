"""Weights to begin a fit with, taken from a fitted program of the same family that is wider or narrower.

Wider: the new channels begin by chance, and whatever was there before reads them with weights of 0, so every answer
stays what it was. (Copies that share their weights, as in Net2Net, would stay copies: AdamW moves both alike.)
Narrower: the channels that stay are those whose changes weigh most in what reads them.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import batch_rows, batched
from datacc.errors import GraphError
from datacc.fit.initial import initial
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import interpret
from datacc.ir.narrow import keep, lengths

ROWS: Final = 128  # of learn that tell how much a channel changes; ids are hashes, so the first ones are a fair sample

Arrays = Mapping[str, NDArray[Any]]


def resized(parent: Graph, form: Graph, inputs: Arrays, seed: int) -> Graph:
    """`form` with every weight, learnt ones and statistics as well, from the complete `parent` of other widths.

    `inputs`, each (N, *shape), decide what a narrower form keeps. Raises `GraphError` when the two differ in more than
    widths.
    """
    other = unlike(parent, form)
    if other:
        raise GraphError(f"two programs that differ in more than their widths: {other}")
    old, new = lengths(parent), lengths(form)
    fewer = {dim for dim, length in new.items() if length < old[dim]}
    worth = importance(parent, inputs) if fewer else {}
    kept = {dim: _best(worth.get(dim, np.zeros(old[dim])), new[dim]) for dim in fewer}
    start = {node.name: node.value for node in form.weights if node.value is not None} | initial(form, seed, {})
    values = {node.name: _widened(node, start, form) for node in keep(parent, kept).weights}
    return form.fill(values)


def importance(graph: Graph, inputs: Arrays) -> dict[str, NDArray[np.float64]]:
    """For each named axis a number per channel (C,): how much it moves what reads it, on rows of `inputs`.

    That is the standard deviation of the channel, times the sum of the magnitudes of the weights that read it. What
    never changes is worth nothing: the next normalisation or bias takes its place.
    """
    readers = [node for node in graph.nodes if _read_axis(graph, node)]
    spread = _spread(graph, {node.inputs[0] for node in readers}, inputs)
    found: dict[str, NDArray[np.float64]] = {}
    for node in readers:
        weight = graph.by_name[node.inputs[1]]
        magnitude = np.abs(np.asarray(weight.value, np.float64)).reshape(-1, weight.type.shape[-1]).sum(axis=0)
        dim = _read_axis(graph, node)
        found[dim] = found.get(dim, 0) + magnitude * spread[node.inputs[0]]
    return found


def _read_axis(graph: Graph, node: Node) -> str:
    """The named axis of channels that a product reads; "" when it reads none."""
    return graph.by_name[node.inputs[1]].dims[-1] if node.op in ("conv", "dense") else ""


def _spread(graph: Graph, names: set[str], inputs: Arrays) -> dict[str, NDArray[np.float64]]:
    """The standard deviation of each channel of these values, over rows and positions."""
    sums: dict[str, NDArray[np.float64]] = {}

    def look(node: Node, value: NDArray[Any]) -> NDArray[Any]:
        if node.name in names:
            flat = value.reshape(-1, value.shape[-1]).astype(np.float64)
            part = np.stack([np.full(flat.shape[1], len(flat)), flat.sum(axis=0), (flat * flat).sum(axis=0)])
            sums[node.name] = sums.get(node.name, 0) + part
        return value

    for rows in batched({name: array[:ROWS] for name, array in inputs.items()}, batch_rows(graph)):
        interpret(graph, rows, seen=look)
    means = {name: total[1:] / total[0] for name, total in sums.items()}
    return {name: np.sqrt(np.maximum(square - mean * mean, 0)) for name, (mean, square) in means.items()}


def _best(worth: NDArray[np.float64], count: int) -> list[int]:
    """The places of the `count` largest, in order; of equals the first."""
    return sorted(np.argsort(-worth, kind="stable")[:count].tolist())


def _widened(node: Node, start: Arrays, form: Graph) -> NDArray[Any]:
    """The weight in the size of `form`: what is new begins by chance, where old outputs read new inputs with 0."""
    assert node.value is not None
    shape = form.by_name[node.name].type.shape
    if shape == node.type.shape:
        return node.value
    value = start[node.name].copy()
    value[: node.type.shape[0]] = 0
    value[tuple(slice(n) for n in node.type.shape)] = node.value
    return value


def unlike(parent: Graph, form: Graph) -> str:
    """The first node in which the two differ by more than lengths of named axes; "" when there is none."""
    if len(parent.nodes) != len(form.nodes):
        return f"{len(form.nodes)} nodes instead of {len(parent.nodes)}"
    for old, new in zip(parent.nodes, form.nodes, strict=True):
        same = (old.name, old.op, old.inputs, old.attrs, old.dims) == (
            new.name,
            new.op,
            new.inputs,
            new.attrs,
            new.dims,
        )
        same = same and len(old.type.shape) == len(new.type.shape)
        axes = zip(new.dims, old.type.shape, new.type.shape, strict=False)
        if not same or any(before != after for dim, before, after in axes if not dim):
            return new.name
    return ""
