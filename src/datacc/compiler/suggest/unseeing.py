"""What models that have not seen an example say of it, for learn and tune: short fits in three folds, remembered.

A fit for a part of its passes knows the examples less well by heart, so it is the better witness against their labels.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.assemble import examples
from datacc.compiler.attempts import SHORT, shortened
from datacc.compiler.engine import Engine, engine
from datacc.compiler.folds import FOLDS_BY_INPUT, assign_folds, emptied, prepared
from datacc.compiler.learnt import lessons
from datacc.compiler.onward import NEAR
from datacc.compiler.parent import form_of
from datacc.compiler.row_ids import packed, places, unpacked
from datacc.fit import Examples, Recipe, Watch
from datacc.frozen import frozen
from datacc.ir.container import pack, unpack
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, LEARN, Snapshot
from datacc.spec.lock import ALL
from datacc.spec.program import Program
from datacc.store import Store, digest

FEWEST: Final = 30  # rows of learn and tune; of fewer, no fold tells anything
MAGIC: Final = b"DATACCU\n"

Announce = Callable[[int], Watch | None]


@frozen(eq=False)
class Unseen:
    """Of N `rows` of a snapshot, which are learn and tune: `shares` (N, K) of every class or label, or a number (N, 1),
    by models that learnt from two thirds of them and not from this one; of classes `fewer` (N,) by models of one third.

    `given`, (N,) or (N, K), are the labels that these models learnt from. Rows that are new since then are not among
    them.
    """

    rows: NDArray[np.intp]
    given: NDArray[Any]
    shares: NDArray[np.float32]
    fewer: NDArray[np.int32]


def effort(snapshot: Snapshot, graph: Graph, recipe: Recipe) -> int:
    """The multiply-adds forwards that the fits take together."""
    rows = int((snapshot.splits != JUDGE).sum())
    return FOLDS_BY_INPUT * work(graph) * rows * shortened(recipe, SHORT).epochs


def unseen(
    program: Program, snapshot: Snapshot, graph: Graph, recipe: Recipe, store: Store, announce: Announce
) -> Unseen | None:
    """What unseeing models of the form of `graph` say of learn and tune; None of too few examples.

    Remembered models go on to count while nearly all examples are as they learnt them: their answers to an example
    do not hang on its own label. `announce(fold)` is called before two fits. Raises `FitError` when one fails.
    """
    rows = np.flatnonzero(snapshot.splits != JUDGE)
    if len(rows) < FEWEST:
        return None
    empty, short = emptied(graph), shortened(recipe, SHORT)
    chosen = engine(program.backend, empty)
    pool = lessons(snapshot, ALL)
    key = digest("unseen 1", form_of(program, snapshot, empty, short), chosen.version)
    known = _recall(store, key, pool, rows)
    if known is not None:
        return known
    everything, none = examples(program, pool)
    if np.bincount(assign_folds(everything), minlength=FOLDS_BY_INPUT).min() == 0:
        return None
    features, fewer = _asked(program, empty, everything, none, short, chosen, announce)
    [labels] = pool.labels.values()
    made = Unseen(rows=rows, given=labels[rows], shares=_told(program, pool, features), fewer=fewer)
    _keep(store, key, snapshot, made)
    return made


def _asked(
    program: Program,
    graph: Graph,
    rows: Examples,
    none: Examples,
    recipe: Recipe,
    chosen: Engine,
    announce: Announce,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The features (N, K), and of one label the class of fewer examples (N,), of all rows, fold by fold."""
    fold_of = assign_folds(rows)
    count = graph.by_name[graph.loss].type.shape[-1]
    told, fewer = np.zeros((len(rows), count), np.float32), np.zeros(len(rows), np.int32)
    for fold, (held, others, some) in enumerate(_folds(fold_of)):
        watch, asked = announce(fold), rows.rows(held)

        def features(part: NDArray[Any], watch: Watch | None = watch, asked: Examples = asked) -> NDArray[np.float32]:
            """Those of the rows held out, by a model of this part."""
            learn = rows.rows(part)
            form = prepared(program, graph, learn)
            found = chosen.fit(form, learn, none, recipe, program.seed, watch=watch, asked=asked).features
            assert found is not None  # it was asked for
            return found

        told[held] = features(others)
        if rows.form == "label":
            fewer[held] = features(some).argmax(axis=1)
    return told, fewer


def _told(program: Program, pool: Snapshot, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares of classes or labels, or numbers in their unit, of features (N, K)."""
    (output,) = program.outputs
    if output.form == "label":
        return _soft_max(features)
    if output.form == "labels":
        return np.asarray(1 / (1 + np.exp(-features.astype(np.float64))), np.float32)
    units = load("types", output.type).data(output.name, pool.labels[output.name][pool.rows(LEARN)])
    return np.asarray(features[:, :1] * units[f"{output.name}.scale"] + units[f"{output.name}.mean"], np.float32)


def unlike(labels: NDArray[Any], given: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of N labels, (N,) or (N, K), are not the ones that were given."""
    return np.asarray((labels != given).reshape(len(labels), -1).any(axis=1))


def _folds(fold_of: NDArray[np.int64]) -> Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Masks (N,) of each fold, of all rows but it, and of one other fold."""
    for fold in range(FOLDS_BY_INPUT):
        held = fold_of == fold
        yield held, ~held, fold_of == (fold + 1) % FOLDS_BY_INPUT


def _soft_max(features: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(features - features.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def _keep(store: Store, key: str, snapshot: Snapshot, found: Unseen) -> None:
    arrays: dict[str, NDArray[Any]] = {
        "ids": packed([snapshot.ids[row] for row in found.rows]),
        "given": found.given,
        "shares": found.shares,
        "fewer": found.fewer,
    }
    store.put(key, pack(MAGIC, {}, arrays))


def _recall(store: Store, key: str, snapshot: Snapshot, rows: NDArray[np.intp]) -> Unseen | None:
    """What is remembered of these rows, unless too many are new, gone or labelled otherwise."""
    raw = store.get(key)
    if raw is None:
        return None
    arrays = unpack(MAGIC, raw)[1]
    ids = unpacked(arrays["ids"])
    at = places([snapshot.ids[row] for row in rows], ids)
    kept, at = rows[at >= 0], at[at >= 0]
    [labels] = snapshot.labels.values()
    given = arrays["given"][at]
    differing = len(rows) + len(ids) - 2 * len(kept) + int(unlike(labels[kept], given).sum())
    if differing > NEAR * len(rows):
        return None
    return Unseen(rows=kept, given=given, shares=arrays["shares"][at], fewer=arrays["fewer"][at])
