"""What the linked program answers on tune, example by example: the evidence that a report may show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering, ask
from datacc.repo.snapshot import TUNE, Snapshot


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
