"""How many examples there are of what kind: at a commit, which the index remembers, and with the journal's edits."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np

from datacc.frozen import frozen
from datacc.repo.contents import Contents
from datacc.repo.fold import State
from datacc.repo.machine import is_machines
from datacc.repo.schema import Column
from datacc.repo.states import States
from datacc.repo.values import class_ids
from datacc.repo.working import Working

_FACT = "counts 2"


@frozen
class Counts:
    """`of`: "examples", "labelled", "verified", "machine", "deleted".

    `classes`: output id → class id → examples; `torn`: the ids of examples in conflict.
    """

    of: Counter[str] = field(default_factory=Counter)
    classes: dict[str, Counter[str]] = field(default_factory=dict)
    torn: set[str] = field(default_factory=set)


def count(working: Working) -> Counts:
    """What there is with the journal."""
    contents, outputs = working.contents, working.contents.schema.of("output")
    counts = _at_commit(contents)
    touched = sorted({operation.example for operation in working.pending})
    before, now = States(contents).of(touched), working.states.of(touched)
    for example in touched:
        for states, sign in ((before, -1), (now, 1)):
            if example in states:
                _add(counts, example, states[example], outputs, sign)
    return counts


def _at_commit(contents: Contents) -> Counts:
    key = f"{_FACT} {contents.commit}"
    known = contents.index.fact(key)
    if known is None:
        known = _as_fact(_count_all(contents))
        contents.index.keep_fact(key, known)
    classes = {output: Counter(counted) for output, counted in known["classes"].items()}
    return Counts(of=Counter(known["of"]), classes=classes, torn=set(known["torn"]))


def _as_fact(counts: Counts) -> dict[str, Any]:
    return {"of": counts.of, "classes": counts.classes, "torn": sorted(counts.torn)}


def _count_all(contents: Contents) -> Counts:
    states, outputs, counts = States(contents), contents.schema.of("output"), Counts()
    table = states.table
    counts.of["examples"] = int(table.is_plain.sum())
    labelled = table.is_plain.copy()
    for column in outputs:
        values = table.values.get(column.id)
        if values is None:
            labelled[:] = False
            continue
        counted = np.bincount(values.codes[table.is_plain] + 1, minlength=len(values.words) + 1)[1:]
        words = zip(values.words, counted.tolist(), strict=True)
        classes = counts.classes[column.id] = Counter()
        for word, number in words:
            classes.update(dict.fromkeys(class_ids(word), number))
        labelled &= values.codes >= 0
    counts.of["labelled"] = int(labelled.sum()) if outputs else 0
    for example, state in states.edited.items():
        _add(counts, example, state, outputs, 1)
    return counts


def _add(counts: Counts, example: str, state: State, outputs: Sequence[Column], sign: int) -> None:
    """Add one example to the counts, or take it away."""
    if not state.exists:
        return
    (counts.torn.add if state.conflict and sign > 0 else counts.torn.discard)(example)
    counts.of["deleted"] += sign * (not state.alive)
    if not state.alive:
        return
    registers = [state.fields.get(column.id) for column in outputs]
    values = [register.value if register else None for register in registers]
    counts.of["examples"] += sign
    counts.of["machine"] += sign * any(is_machines(state, column) for column in outputs)
    counts.of["verified"] += sign * any(register.verified for register in state.fields.values())
    counts.of["labelled"] += sign * (bool(outputs) and all(value is not None for value in values))
    for column, value in zip(outputs, values, strict=True):
        for one in class_ids(value):
            counts.classes.setdefault(column.id, Counter())[one] += sign
