"""Suggestions after a build: which labels look wrong, and which classes would gain from more examples.

All of it comes from learn and tune, by models that had not seen the example; judge stays sealed.
"""

from collections.abc import Callable, Mapping
from math import isnan
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.legible import cell_of, columns_of, text_of
from datacc.compiler.likeness import Likeness, likeness_of
from datacc.compiler.shown import number
from datacc.compiler.suggest.needs import Need, needs, untold
from datacc.compiler.suggest.outliers import doubtful, far_out
from datacc.compiler.suggest.suspects import suspects
from datacc.compiler.suggest.unseeing import Announce, Unseen, effort, unlike, unseen
from datacc.fit import Recipe
from datacc.frozen import frozen
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


@frozen
class Suspect:
    """An example whose label is probably wrong: its `label`, and what it looks like `instead`, each with its share.

    A number has no shares. Of several labels they are those of the one that looks the most wrong: of it being as it is
    said, and otherwise. `text` is what a person sees of it, "" for what cannot be told in words.
    """

    id: str
    name: str | None
    label: str
    label_share: float | None
    instead: str
    share: float | None
    text: str


@frozen
class Suggestions:
    """What could be done about the examples of the output `field`.

    Of `rows` of learn and tune `total` look mislabelled; some are in `suspects`, the likeliest first. `needs` are
    classes that more examples are seen to help, `rare` (name, rows) those with too few rows to tell. `edits` labels
    have changed since the models were fitted that say so. `needs` and `rare` are of an output that is one label.
    """

    field: str
    rows: int
    total: int
    suspects: tuple[Suspect, ...]
    needs: tuple[Need, ...]
    rare: tuple[tuple[str, int], ...]
    edits: int = 0
    form: str = "label"


def suggested_within(program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe) -> bool:
    """Whether a build can afford the models that it takes."""
    (output,) = program.outputs
    rows = int((snapshot.splits != JUDGE).sum())
    small = rows * max(1, len(snapshot.classes[output.name])) <= CELLS
    return small and effort(snapshot, graph, recipe) <= EFFORT


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
    order, instead = _FORMS[output.form](likeness_of(program, snapshot, output.name), found, truth, most)
    is_label = output.form == "label"
    return Suggestions(
        field=output.name,
        rows=len(truth),
        total=len(order),
        suspects=tuple(
            _suspect(program, snapshot, int(found.rows[n]), one) for n, one in zip(order[:most], instead, strict=True)
        ),
        needs=needs(names, truth, found.shares.argmax(axis=1), found.fewer)[:NEEDS] if is_label else (),
        rare=untold(names, truth)[:RARE] if is_label else (),
        edits=int(unlike(truth, found.given).sum()),
        form=output.form,
    )


_Said = tuple[str, float | None]  # in words, and its share where there is one
_Doubt = tuple[_Said, _Said]  # the label of a row, and what it looks like instead
_Doubts = tuple[NDArray[np.intp], list[_Doubt]]  # all rows that look wrong, places among `Unseen.rows`; some doubts


def _one(likeness: Likeness, found: Unseen, truth: NDArray[Any], most: int) -> _Doubts:
    """Of one label."""
    order, instead = suspects(found.shares, truth)
    told = list[_Doubt]()
    for n, k in zip(order[:most].tolist(), instead[:most].tolist(), strict=True):
        label, other = ((likeness.classes[one], _share(found.shares[n, one])) for one in (truth[n], k))
        told.append((label, other))
    return order, told


def _several(likeness: Likeness, found: Unseen, truth: NDArray[Any], most: int) -> _Doubts:
    """Of several labels at once."""
    order, worst, instead = doubtful(found.shares, truth)
    told = list[_Doubt]()
    for n, k, other in zip(order[:most].tolist(), worst[:most].tolist(), instead[:most], strict=True):
        label, looks = (likeness.type.shown(one) for one in likeness.decoded(np.stack([truth[n], other])))
        given = found.shares[n, k] if truth[n, k] else 1 - found.shares[n, k]
        told.append(((label, _share(given)), (looks, _share(1 - given))))
    return order, told


def _number(likeness: Likeness, found: Unseen, truth: NDArray[Any], most: int) -> _Doubts:
    """Of a number."""
    answers = found.shares[:, 0]
    order = far_out(answers, truth, likeness.tolerance)
    pairs = zip(*(likeness.decoded(part[order[:most]]) for part in (truth, answers)), strict=True)
    return order, [((likeness.type.shown(label), None), (f"about {number(other)}", None)) for label, other in pairs]


_FORMS: Final[dict[str, Callable[[Likeness, Unseen, NDArray[Any], int], _Doubts]]] = {
    "label": _one,
    "labels": _several,
    "number": _number,
}


def _share(value: float) -> float:
    return round(float(value), 4)


def _suspect(program: Program, snapshot: Snapshot, row: int, doubt: _Doubt) -> Suspect:
    called = snapshot.columns.get("name")
    (label, label_share), (instead, share) = doubt
    return Suspect(
        id=snapshot.ids[row],
        name=called[row] if called else None,
        label=label,
        label_share=label_share,
        instead=instead,
        share=share,
        text=_text(program, {name: array[row] for name, array in snapshot.inputs.items()}),
    )


def _text(program: Program, inputs: Mapping[str, NDArray[Any]]) -> str:
    """The texts of an example, and the cells of its records that are not missing, as far as they fit."""
    parts = []
    for field in program.inputs:
        value = inputs[field.name]
        if field.type == "text":
            parts.append(text_of(value))
        elif field.type == "record":
            told = zip(columns_of(field.options).items(), value.tolist(), strict=True)
            said = (f"{column}={cell_of(one, meaning)}" for (column, meaning), one in told if not isnan(one))
            parts.append(", ".join(said))
    whole = " · ".join(" ".join(part.split()) for part in parts if part)
    return whole if len(whole) <= TEXT else f"{whole[: TEXT - 1]}…"
