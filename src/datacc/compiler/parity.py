"""Parity: every row through the linked program and through the reference interpreter must give the same answer."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering, Arrays, ask, batch_rows, batched
from datacc.errors import ParityError
from datacc.ir.exact import is_exact
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import interpret
from datacc.runtime.machine import processors

TOLERANCE: Final = 1e-5  # of any float answer; of numbers beyond 1, of the largest
MOST_THREADS: Final = 8  # each holds a batch


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """The program's answers by field, each (N, *shape), and its largest difference from the interpreter."""

    values: Arrays
    difference: float


def compare(graph: Graph, native: Answering, inputs: Arrays, ids: Sequence[str]) -> Answers:
    """The answers of `native` to all rows of `inputs`, each (N, *shape), every one compared with the interpreter.

    Raises `ParityError` that names the first row where a class differs, a float differs by more than `tolerance`
    allows, or either side is not finite. Memory stays bounded: rows go through in batches, a few at a time.
    """
    allowed, own, size, largest = tolerance(graph), _own(graph), batch_rows(graph), dict[str, float]()

    def reference(rows: Arrays, got: Arrays) -> Arrays:
        return _reference(graph, rows, {name: got[field] for name, field in own.items()})

    values = ask(native, inputs)
    parts = list(batched(values, size))
    worst = 0.0
    with ThreadPoolExecutor(min(MOST_THREADS, processors())) as pool:
        for n, wanted in enumerate(pool.map(reference, batched(inputs, size), parts)):
            some = ids[n * size : (n + 1) * size]
            for field, one in wanted.items():
                largest[field] = max(largest.get(field, 1.0), float(np.abs(one).max(initial=0)))
                worst = max(worst, _same(field, parts[n][field], one, some, allowed, largest[field]))
    return Answers(values=values, difference=worst)


def _own(graph: Graph) -> dict[str, str]:
    """The float answers that whole answers are computed from, node → field: a limit may lie between the two sides."""
    floats = {name: field for field, name in graph.outputs if graph.by_name[name].type.dtype == "float32"}
    todo = [name for _, name in graph.outputs if name not in floats]
    found: dict[str, str] = {}
    while todo:
        name = todo.pop()
        if name in floats:
            found[name] = floats[name]
        else:
            todo.extend(graph.by_name[name].inputs)
    return found


def _reference(graph: Graph, rows: Arrays, given: Arrays) -> Arrays:
    """The interpreter's answers; what is computed from an answer in `given`, by node, is computed from that one."""
    seen: dict[str, NDArray[Any]] = {}

    def look(node: Node, value: NDArray[Any]) -> NDArray[Any]:
        if node.name not in given:
            return value
        seen[node.name] = value
        return np.asarray(given[node.name]).reshape(value.shape)

    found = interpret(graph, rows, seen=look)
    return found | {field: seen[name] for field, name in graph.outputs if name in seen}


def tolerance(graph: Graph) -> float:
    """How far a float answer may be from the reference: 1e-5, and nothing at all for a Graph of integers."""
    return 0.0 if is_exact(graph) else TOLERANCE


def _same(
    field: str, got: NDArray[Any], wanted: NDArray[Any], ids: Sequence[str], allowed: float, largest: float
) -> float:
    """The largest difference of a float field, as a share of `largest`; raises `ParityError` where sides disagree."""
    got = np.asarray(got).reshape(len(ids), -1)
    wanted = np.asarray(wanted).reshape(len(ids), -1)
    if not np.issubdtype(wanted.dtype, np.floating):
        _refuse(field, got, wanted, got != wanted, ids)
        return 0.0
    finite = np.isfinite(got) & np.isfinite(wanted)
    _refuse(field, got, wanted, ~finite, ids)
    difference = np.abs(got.astype(np.float64) - wanted) / largest
    _refuse(field, got, wanted, difference > allowed, ids)
    return float(difference.max(initial=0.0))


def _refuse(field: str, got: NDArray[Any], wanted: NDArray[Any], wrong: NDArray[np.bool_], ids: Sequence[str]) -> None:
    if not wrong.any():
        return
    row, column = (int(i) for i in np.argwhere(wrong)[0])
    place = f"{field}[{column}]" if wanted.shape[1] > 1 else field
    raise ParityError(
        f"{place} is {got[row, column]} in the compiled program and {wanted[row, column]} in the reference "
        f"({int(wrong.any(axis=1).sum()):,} of {len(ids):,} rows of this batch differ)",
        where=f"example {ids[row]}",
        tries=["report it as a bug of datacc, with graph.dcc and this example"],
    )
