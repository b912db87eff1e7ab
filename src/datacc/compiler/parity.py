"""Parity: every row through the linked program and through the reference interpreter must give the same answer."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering, Arrays, ask, batch_rows, batched
from datacc.errors import ParityError
from datacc.frozen import frozen
from datacc.ir.exact import is_exact
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret, walk
from datacc.runtime.machine import processors

TOLERANCE: Final = 1e-5  # of any float answer; of numbers beyond 1, of the largest
MOST_THREADS: Final = 8  # each holds a batch

Expected = Callable[[], Sequence[Arrays]]  # gives, as soon as it is known, what a program must answer, in batches


@frozen(eq=False)
class Answers:
    """The program's answers by field, each (N, *shape), and its largest difference from the interpreter."""

    values: Arrays
    difference: float


def expect(graph: Graph, inputs: Arrays) -> list[Arrays]:
    """The interpreter's answers to all rows of `inputs`, each (N, *shape), in batches: what a program must give."""
    with ThreadPoolExecutor(min(MOST_THREADS, processors())) as pool:
        return list(pool.map(partial(interpret, graph), batched(inputs, batch_rows(graph))))


def compare(
    graph: Graph,
    native: Answering,
    inputs: Arrays,
    ids: Sequence[str],
    expected: Expected | None = None,
) -> Answers:
    """The answers of `native` to all rows of `inputs`, each (N, *shape), every one compared with the interpreter.

    `expected` gives what `expect` does, where that was asked before. Raises `ParityError` that names the first row
    where a class differs, a float differs by more than `tolerance` allows, or either side is not finite.
    """
    allowed, own, size, largest = tolerance(graph), _own(graph), batch_rows(graph), dict[str, float]()
    values, worst = ask(native, inputs), 0.0
    wholes = expect(graph, inputs) if expected is None else expected()
    batches = zip(batched(inputs, size), batched(values, size), wholes, strict=True)
    for n, (rows, got, floats) in enumerate(batches):
        some = ids[n * size : (n + 1) * size]
        wanted = {**floats, **_whole(graph, rows, {name: got[field] for name, field in own.items()})}
        for field, one in wanted.items():
            largest[field] = max(largest.get(field, 1.0), float(np.abs(one).max(initial=0)))
            worst = max(worst, _same(field, got[field], one, some, allowed, largest[field]))
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


def _whole(graph: Graph, rows: Arrays, given: Arrays) -> Arrays:
    """The whole answers that are computed from floats, by the interpreter, from those that are `given` by node."""
    fields = {field: name for field, name in graph.outputs if graph.by_name[name].type.dtype != "float32"}
    if not given:
        return {}
    values: dict[str, Any] = {node.name: node.value for node in graph.weights if node.value is not None}
    values |= {**rows, **{name: array.reshape(-1, *graph.by_name[name].type.shape) for name, array in given.items()}}
    walk(graph, values, list(fields.values()))
    return {field: values[name] for field, name in fields.items()}


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
