"""Suggestions after a build: which labels look wrong, and which classes would gain from more examples.

All of it comes from learn and tune, by models that had not seen the example; judge stays sealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.suggest.needs import Need, needs, untold
from datacc.compiler.suggest.suspects import suspects
from datacc.compiler.suggest.unseeing import Announce, Unseen, effort, unseen
from datacc.fit import Recipe
from datacc.ir.graph import Graph
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.spec.program import Program
from datacc.store import Store

__all__ = ["MOST", "Need", "Suggestions", "Suspect", "suggest", "suggested_within"]

MOST: Final = 20  # suspects in a report
NEEDS: Final = 5
RARE: Final = 10
TEXT: Final = 100  # characters of an example
EFFORT: Final = 3 * 10**10  # multiply-adds forwards that a build may spend on it: a few seconds
CELLS: Final = 5 * 10**7  # rows times classes, beyond which memory would not be a small matter


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """An example whose label is probably wrong: its `label`, and what it looks like `instead`, each with its share.

    `text` is what a person sees of it, "" for what cannot be told in words.
    """

    id: str
    name: str | None
    label: str
    label_share: float
    instead: str
    share: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """What could be done about the examples of the output `field`.

    Of `rows` of learn and tune `total` look mislabelled; some are in `suspects`, the likeliest first. `needs` are
    classes that more examples are seen to help, `rare` (name, rows) those with too few rows to tell. `edits` labels
    have changed since the models were fitted that say so.
    """

    field: str
    rows: int
    total: int
    suspects: tuple[Suspect, ...]
    needs: tuple[Need, ...]
    rare: tuple[tuple[str, int], ...]
    edits: int = 0


def suggested_within(program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe) -> bool:
    """Whether a build can afford the models that it takes."""
    (output,) = program.outputs
    rows = int((snapshot.splits != JUDGE).sum())
    small = rows * len(snapshot.classes[output.name]) <= CELLS
    return output.form == "label" and small and effort(snapshot, graph, recipe) <= EFFORT


def suggest(
    program: Program,
    snapshot: Snapshot,
    graph: Graph,
    recipe: Recipe,
    store: Store,
    announce: Announce = lambda fold: None,
    most: int = MOST,
) -> Suggestions | None:
    """What models of the form of `graph` suggest, fitted for a part of `recipe` or remembered; None of too few rows.

    At most so many suspects are named. Raises `FitError` when a fit fails.
    """
    (output,) = program.outputs
    found = unseen(program, snapshot, graph, recipe, store, announce)
    if found is None:
        return None
    names, truth = snapshot.classes[output.name], snapshot.labels[output.name][found.rows]
    order, instead = suspects(found.shares, truth)
    return Suggestions(
        field=output.name,
        rows=len(truth),
        total=len(order),
        suspects=tuple(
            _suspect(program, snapshot, found, int(n), names, int(k))
            for n, k in zip(order[:most], instead[:most], strict=True)
        ),
        needs=needs(names, truth, found.shares.argmax(axis=1), found.fewer)[:NEEDS],
        rare=untold(names, truth)[:RARE],
        edits=int((found.given != truth).sum()),
    )


def _suspect(
    program: Program, snapshot: Snapshot, found: Unseen, n: int, names: Sequence[str], instead: int
) -> Suspect:
    row, output = int(found.rows[n]), program.outputs[0].name
    label = int(snapshot.labels[output][row])
    called = snapshot.columns.get("name")
    return Suspect(
        id=snapshot.ids[row],
        name=called[row] if called else None,
        label=names[label],
        label_share=round(float(found.shares[n, label]), 4),
        instead=names[instead],
        share=round(float(found.shares[n, instead]), 4),
        text=_text(program, {name: array[row] for name, array in snapshot.inputs.items()}),
    )


def _text(program: Program, inputs: Mapping[str, NDArray[Any]]) -> str:
    """The texts of an example, and the cells of its records, as far as they fit."""
    parts = []
    for field in program.inputs:
        value = inputs[field.name]
        if field.type == "text":
            parts.append(value.tobytes().decode("utf-8", "replace").rstrip("\0"))
        elif field.type == "record":
            parts.append(_cells(field.options, value))
    whole = " · ".join(" ".join(part.split()) for part in parts if part)
    return whole if len(whole) <= TEXT else f"{whole[: TEXT - 1]}…"


def _cells(options: Mapping[str, Any], value: NDArray[Any]) -> str:
    """Column=value of a record, codes by what they stand for; nothing of what is missing."""
    values = {**options.get("categories", {}), **options.get("ordered", {})}
    said = []
    for column, number in zip(options["columns"], value.tolist(), strict=True):
        if column in values:
            of = values[column]
            said.append(f"{column}={of[int(number)] if 0 <= number < len(of) else '?'}")
        elif np.isfinite(number):
            said.append(f"{column}={number:.4g}")
    return ", ".join(said)
