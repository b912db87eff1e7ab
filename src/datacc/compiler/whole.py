"""Answers to whole examples: what is too long for one row is asked in several, and the answers are joined."""

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering, Arrays, ask
from datacc.repo.snapshot import Snapshot
from datacc.runtime.windows import join


def ask_whole(native: Answering, snapshot: Snapshot, rows: NDArray[np.intp]) -> Arrays:
    """The program's answers to R rows of a snapshot, each (R, *shape)."""
    inputs, owners = asked_rows(snapshot, rows)
    return joined(snapshot, ask(native, inputs), owners, len(rows))


def asked_rows(snapshot: Snapshot, rows: NDArray[np.intp]) -> tuple[Arrays, NDArray[np.intp]]:
    """What is asked about R rows of a snapshot, M ≥ R rows of each input: these, then what they do not hold.

    With it comes whose each is, (M,) places among the R rows.
    """
    inputs = {name: array[rows] for name, array in snapshot.inputs.items()}
    owners = np.arange(len(rows))
    for name, (whose, further) in snapshot.further.items():
        place = np.full(len(snapshot.ids), -1)
        place[rows] = owners
        asked = place[whose] >= 0
        inputs[name] = np.concatenate([inputs[name], further[asked]])
        owners = np.concatenate([owners, place[whose[asked]]])
    return inputs, owners


def joined(snapshot: Snapshot, answers: Arrays, owners: NDArray[np.intp], count: int) -> Arrays:
    """One answer for each of `count` rows, of the answers to what `asked_rows` gave."""
    if len(owners) == count:
        return answers
    [field] = snapshot.labels
    return {**answers, **join(answers, field, owners, count)}
