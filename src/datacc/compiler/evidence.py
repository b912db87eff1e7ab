"""What is answered to examples that were not learnt, one by one: the evidence that a report may show."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering, ask, told
from datacc.compiler.learnt import ON_TUNE, Unlearnt
from datacc.compiler.likeness import Likeness, likeness_of
from datacc.compiler.verdict import plainly
from datacc.frozen import frozen
from datacc.goals import Metric
from datacc.registry import load
from datacc.repo.snapshot import TUNE, Snapshot
from datacc.spec.checks import measures
from datacc.spec.program import Program

MOST_FAR: Final = 60


@frozen(eq=False)
class Evidence:
    """N rows that were not learnt, of one output: ids, names, inputs (N, *shape), class indices and the confidence of
    the answer; `how` they were answered.

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
    how: str = ON_TUNE


@frozen(eq=False)
class Far:
    """The tune rows, at most `MOST_FAR`, whose answers are farthest from their labels, the farthest first.

    `inputs` (T, *shape) are those of all T tune rows, `rows` (N,) the far ones among them. `labels` and `answers` are
    in words, `distance` (N,) in the unit of a number, or how many labels differ. `each` has of several labels the name,
    and how many of all rows should have it, are given it, and both.
    """

    field: str
    form: str
    rows: tuple[int, ...]
    ids: tuple[str, ...]
    names: tuple[str | None, ...]
    inputs: Mapping[str, NDArray[Any]]
    labels: tuple[str, ...]
    answers: tuple[str, ...]
    distance: NDArray[np.float64]
    each: tuple[tuple[str, int, int, int], ...] = ()


def far_off(program: Program, snapshot: Snapshot, native: Answering) -> tuple[Far, ...]:
    """The far rows of each output that is no label; never judge rows."""
    others = (output for output in program.outputs if output.form != "label")
    return tuple(_far(likeness_of(program, snapshot, output.name), native) for output in others)


def _far(likeness: Likeness, native: Answering) -> Far:
    snapshot, field, kind = likeness.snapshot, likeness.output.name, likeness.type
    rows = snapshot.rows(TUNE)
    inputs = {name: array[rows] for name, array in snapshot.inputs.items()}
    said = ask(native, inputs)[field]
    truth = snapshot.labels[field][rows]
    answers, labels = likeness.decoded(said), likeness.decoded(truth)
    distance = np.array([kind.distance(*pair) for pair in zip(answers, labels, strict=True)], np.float64)
    order = [at for at in np.argsort(-distance, kind="stable")[:MOST_FAR].tolist() if distance[at] > 0]
    named = snapshot.columns.get("name", (None,) * len(snapshot.ids))
    given, wanted = (part.reshape(len(rows), -1) > 0 for part in (said, truth))
    return Far(
        field=field,
        form=kind.form,
        rows=tuple(order),
        ids=tuple(snapshot.ids[row] for row in rows[order]),
        names=tuple(named[row] for row in rows[order]),
        inputs=inputs,
        labels=tuple(kind.shown(labels[at]) for at in order),
        answers=tuple(kind.shown(answers[at]) for at in order),
        distance=distance[order],
        each=tuple(
            (name, int(wanted[:, k].sum()), int(given[:, k].sum()), int((wanted & given)[:, k].sum()))
            for k, name in enumerate(likeness.classes)
        ),
    )


def gather(snapshot: Snapshot, field: str, unlearnt: Unlearnt) -> Evidence:
    """What these answers say about the output `field`, row by row; never about judge rows."""
    rows, answers = unlearnt.rows, unlearnt.answers
    inputs = {name: array[rows] for name, array in snapshot.inputs.items()}
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
        how=unlearnt.how,
    )


def seen_on_tune(program: Program, snapshot: Snapshot, native: Answering) -> tuple[str, ...]:
    """Every metric that fits, on tune, of each output that is no label, in words."""
    rows = snapshot.rows(TUNE)
    inputs = {name: array[rows] for name, array in snapshot.inputs.items()}
    told_of = []
    for output in (one for one in program.outputs if one.form != "label"):
        if len(rows):
            answers, truth = ask(native, inputs), snapshot.labels[output.name][rows]
            whole = told(answers, output.name, likeness_of(program, snapshot, output.name).tolerance)
            metrics: dict[str, Metric] = {name: load("goals", name) for name in measures(output)}
            values = {name: plainly(one.value(truth, whole, None), one.amount) for name, one in metrics.items()}
            said = ", ".join(f"{name} {value}" for name, value in values.items())
            told_of.append(f"{output.name} on {len(rows):,} rows of tune: {said}")
    return tuple(told_of)
