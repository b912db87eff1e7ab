"""What the linked program answers on tune, example by example: the evidence that a report may show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering, ask, told
from datacc.compiler.verdict import plainly
from datacc.goals import Metric
from datacc.registry import load, names
from datacc.repo.snapshot import TUNE, Snapshot
from datacc.spec.program import Program


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """N tune rows of one output: ids, names, inputs (N, *shape), class indices and the confidence of the answer.

    `known` (N,) says which answers are known, None for a program that does not abstain.
    """

    field: str
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    names: tuple[str | None, ...]
    inputs: Mapping[str, NDArray[Any]]
    truth: NDArray[np.int32]
    answer: NDArray[np.int32]
    confidence: NDArray[np.float32]
    known: NDArray[np.bool_] | None = None


def gather(snapshot: Snapshot, field: str, native: Answering) -> Evidence:
    """The evidence of `native` about the output `field` on every tune row; never on judge rows."""
    rows = snapshot.rows(TUNE)
    inputs = {name: array[rows] for name, array in snapshot.inputs.items()}
    answers = ask(native, inputs)
    named = snapshot.columns.get("name", (None,) * len(snapshot.ids))
    return Evidence(
        field=field,
        classes=snapshot.classes[field],
        ids=tuple(snapshot.ids[row] for row in rows),
        names=tuple(named[row] for row in rows),
        inputs=inputs,
        truth=snapshot.labels[field][rows],
        answer=answers[field].reshape(-1).astype(np.int32),
        confidence=answers[f"{field}_confidence"].reshape(-1).astype(np.float32),
        known=answers[f"{field}_known"].reshape(-1) > 0 if f"{field}_known" in answers else None,
    )


def seen_on_tune(program: Program, snapshot: Snapshot, native: Answering) -> tuple[str, ...]:
    """Every metric that fits, on tune, of each output that is no label, in words."""
    rows = snapshot.rows(TUNE)
    inputs = {name: array[rows] for name, array in snapshot.inputs.items()}
    told_of = []
    for output in (one for one in program.outputs if one.form != "label"):
        metrics: dict[str, Metric] = {name: load("goals", name) for name in names("goals")}
        able = {n: m for n, m in metrics.items() if output.form in m.forms and not m.needs_class}
        if len(rows):
            answers, truth = ask(native, inputs), snapshot.labels[output.name][rows]
            found = {name: one.measure(truth, told(one, answers, output.name), None) for name, one in able.items()}
            said = ", ".join(f"{name} {plainly(figure)}" for name, figure in found.items())
            told_of.append(f"{output.name} on {len(rows):,} rows of tune: {said}")
    return tuple(told_of)
