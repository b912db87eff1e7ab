"""Latency of single answers: ours in C and as the wheel's Python call, beside peers, all in turns in one process.

Ours in C is `NAME_batch` as shipped, a C loop of single answers, called on distinct rows. onnxruntime gets a C loop
too, and its Python call stands beside the wheel's. Peers that run our program must give our answers before they count.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.ir.onnx.write import export
from datacc.repo.snapshot import JUDGE, LEARN, Snapshot
from datacc.runtime.measure import latency
from datacc.runtime.native import Native

from .clock import Answer, per_answer
from .gallery import Built
from .machine import is_installed
from .quality import split
from .rows import Row
from .unpacked import unpacked

BLOCK = 1000  # rows in a call of a C loop, at least: calling it from Python must be noise
CLOSE = 1e-4  # scores of a peer that runs our program


def rows(built: Built, *, quick: bool) -> Iterator[Row]:
    """Median and p99 of an answer as the judge measures them, then each peer in turns with ours."""
    snapshot, native = built.snapshot, built.program.native
    inputs = {name: array[snapshot.rows(JUDGE)] for name, array in snapshot.inputs.items()}
    ours = latency(native, inputs)
    note = "as the judge measures" + ("" if ours.quiet else "; the machine was busy")
    yield Row(name=f"{built.name}/latency", ours=ours.median, note=note)
    yield Row(name=f"{built.name}/latency p99", ours=ours.p99, note=note)
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as folder:
        sides = dict(_sides(built, snapshot, native, inputs, Path(folder), quick))
        found = per_answer(sides, rounds=15 if quick else 60)
    for name in [name for name in found if name.startswith("C/")]:
        yield _row(built, name[2:], found["C"], found[name], "C loop against C loop")
    for name in [name for name in found if name.startswith("Python/")]:
        yield _row(built, f"Python call/{name[7:]}", found["wheel"], found[name], "wheel.predict against a Python call")
    yield Row(name=f"{built.name}/latency/Python call", ours=found["wheel"], note="wheel.predict")


def _row(built: Built, name: str, ours: float, peer: float, note: str) -> Row:
    return Row(name=f"{built.name}/latency/{name}", ours=ours, peer=peer, note=note)


def _sides(
    built: Built, snapshot: Snapshot, native: Native, inputs: dict[str, NDArray[Any]], folder: Path, quick: bool
) -> Iterator[tuple[str, Answer]]:
    """Every side by name, ours first, torch not when quick; each answers the judge inputs one at a time."""
    [array] = inputs.values()
    expected = native.batch(inputs)
    yield "C", _native(native, native.pack(inputs))
    yield "wheel", _one_by_one(unpacked(built.wheel, built.name, folder).predict, list(array))
    if is_installed("onnxruntime"):
        yield from _onnxruntime(built, array, expected, folder)
    if is_installed("torch") and not quick:
        eager = import_module(".torch_net", __package__).eager(built.draft.graph)
        demand_same("torch", [eager(row)[1] for row in array[:100]], expected)
        yield "Python/torch eager", _one_by_one(eager, list(array))
    if is_installed("sklearn"):
        learnt, labels = split(built, snapshot, LEARN)
        model = import_module(".sklearn_models", __package__).logistic(picture=learnt.shape[1] > 100)
        model.fit(learnt, labels)
        flat = split(built, snapshot, JUDGE)[0]
        yield "Python/scikit-learn", _one_by_one(model.predict, [row[None] for row in flat])


def _onnxruntime(
    built: Built, array: NDArray[Any], expected: dict[str, NDArray[Any]], folder: Path
) -> Iterator[tuple[str, Answer]]:
    """The exported ONNX of the same program on one thread, from C and from Python."""
    model = folder / f"{built.name}.onnx"
    model.write_bytes(export(built.draft.graph, built.name))
    interface = built.program.interface
    scores = next(port.name for port in interface.answers if port.name.endswith("_scores"))
    peer = import_module(".onnxruntime_c", __package__)
    session, python = peer.Session(model, interface), peer.python_session(model)

    def from_c(row: NDArray[Any]) -> NDArray[Any]:
        session.answer(row[None])
        return np.array(session.arrays[scores][0])

    demand_same("onnxruntime", [from_c(row) for row in array[:100]], expected)
    yield "C/onnxruntime", _blocks(session.answer, array)
    name = interface.inputs[0].name
    yield "Python/onnxruntime", _one_by_one(lambda row: python.run(None, {name: row}), [row[None] for row in array])


def _native(native: Native, packed: NDArray[Any]) -> Answer:
    answers = np.zeros(max(len(packed), BLOCK), native.answer_row)
    return _blocks(lambda rows: native.run(rows, answers), packed)


def _blocks(answer: Callable[[NDArray[Any]], object], rows: NDArray[Any]) -> Answer:
    """Answers any number of inputs in calls of all rows, or of `BLOCK` where there are fewer."""
    rows = np.ascontiguousarray(np.resize(rows, (max(len(rows), BLOCK), *rows.shape[1:])))

    def some(count: int) -> None:
        for _ in range(count // len(rows)):
            answer(rows)
        if count % len(rows):
            answer(rows[: count % len(rows)])

    return some


def _one_by_one(answer: Callable[[Any], object], rows: list[Any]) -> Answer:
    def some(count: int) -> None:
        for k in range(count):
            answer(rows[k % len(rows)])

    return some


def demand_same(peer: str, scores: list[NDArray[Any]], expected: dict[str, NDArray[Any]]) -> None:
    """Stop the bench where a peer that runs our program answers otherwise: its time would mean nothing."""
    ours = next(array for name, array in expected.items() if name.endswith("_scores"))[: len(scores)]
    difference = float(np.abs(np.array(scores) - ours).max())
    if not difference <= CLOSE:
        sys.exit(f"error: {peer} answers otherwise: scores differ by {difference:.2g}")
