"""Asks a linked program, or the reference interpreter, about many rows: in batches, so that memory stays bounded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Told
from datacc.ir.cost import node_costs
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret

BATCH_BYTES: Final = 1 << 25  # what the interpreter may hold for one batch, about
MOST_ROWS: Final = 1024

Arrays = Mapping[str, NDArray[Any]]


class Answering(Protocol):
    """A linked program: a batch of inputs, each (B, *shape), to its answers by field, each (B, *shape)."""

    def batch(self, inputs: Arrays) -> Arrays:
        """The answers; the loop over the batch is in the program."""


@dataclass(frozen=True)
class Interpreted:
    """A fitted Graph that answers without being linked."""

    graph: Graph

    def batch(self, inputs: Arrays) -> Arrays:
        """The reference interpreter's answers."""
        return ask_reference(self.graph, inputs)


def ask(native: Answering, inputs: Arrays) -> Arrays:
    """The program's answers by field, each (N, *shape), to inputs (N, *shape)."""
    return joined([native.batch(rows) for rows in batched(inputs, MOST_ROWS)])


def ask_reference(graph: Graph, inputs: Arrays) -> Arrays:
    """The interpreter's answers by field, each (N, *shape), to inputs (N, *shape)."""
    return joined([interpret(graph, rows) for rows in batched(inputs, batch_rows(graph))])


def told(answers: Arrays, field: str, within: float = 0.0) -> Told:
    """What was answered for an output; a number is right as far as `within`."""
    parts = {name: answers.get(f"{field}_{name}") for name in ("scores", "low", "high", "known")}
    plain = {name: None if array is None else _plain(array) for name, array in parts.items()}
    scores, known = plain.pop("scores"), plain.pop("known")
    return Told(
        value=_plain(answers[field]),
        scores=scores if scores is None else scores.reshape(len(scores), -1),
        known=known if known is None else known > 0,
        within=within,
        **plain,
    )


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Of one number a row (N,), of several (N, K)."""
    return array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array


def batched(inputs: Arrays, size: int) -> Iterator[Arrays]:
    """The rows of inputs (N, *shape), at most `size` at a time; without rows one empty batch."""
    rows = min(len(array) for array in inputs.values())
    for start in range(0, max(rows, 1), size):
        yield {name: array[start : start + size] for name, array in inputs.items()}


def joined(parts: list[Arrays]) -> Arrays:
    """Batches of answers, one after the other."""
    return {field: np.concatenate([part[field] for part in parts]) for field in parts[0]}


def batch_rows(graph: Graph) -> int:
    """Rows per batch so that what the interpreter holds, windows of convolutions included, stays near 32 MiB."""
    kept = working = 1
    for cost in node_costs(graph):
        channels = graph.by_name[cost.name].type.shape[-1]
        windows = 4 * cost.work // channels if cost.op == "conv" else 0
        kept += cost.result
        working = max(working, cost.result + windows)
    return int(min(MOST_ROWS, max(1, BATCH_BYTES // (kept + working))))
