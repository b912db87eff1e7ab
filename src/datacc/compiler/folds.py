"""Answers to learn rows by models that have not seen them: k fits, each without one fold, remembered."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import ask_reference
from datacc.compiler.assemble import examples
from datacc.compiler.engine import Engine, engine
from datacc.fit import Examples, Recipe, Watch
from datacc.ir.container import pack, unpack
from datacc.ir.graph import Graph, Node
from datacc.registry import load
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

FOLDS: Final = 3
MAGIC: Final = b"DATACCF\n"  # first bytes of remembered answers
_FITTED: Final = ("learnt", "mean", "variance")

Announce = Callable[[int], Watch | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class OutOfFold:
    """For each learn row of a snapshot, in its order: its id, and what an unseeing model answers, as in its struct."""

    ids: tuple[str, ...]
    answer: NDArray[Any]


def folds(
    program: Program,
    snapshot: Snapshot,
    graph: Graph,
    recipe: Recipe,
    store: Store,
    announce: Announce = lambda fold: None,
    asked: str | None = None,
) -> OutOfFold:
    """Out-of-fold answers for every learn row, by `FOLDS` fits of the form of `graph`, whose weights are dropped.

    Each fit is remembered under a digest of all that goes into it, its own rows and labels among them: a relabelled
    example costs no fit in the fold that held it out. `announce(fold)` is called before a fit and gives what watches
    it. `asked` is the back end of the fit that is asked about. Raises `FitError` when a fit fails.
    """
    learn, tune = examples(program, snapshot)
    empty = emptied(graph)
    chosen = engine(asked or program.backend, empty)
    fold_of = assign_folds(learn)
    answer: NDArray[Any] = np.zeros(0)
    for fold in range(FOLDS):
        held = fold_of == fold
        if held.any():
            part = Fold(program, empty, learn.rows(~held), tune, learn.rows(held), recipe, chosen)
            told = part.answers(store, lambda fold=fold: announce(fold))  # type: ignore[misc]
            if not len(answer):
                answer = np.zeros((len(learn), *told.shape[1:]), told.dtype)
            answer[held] = told
    rows = snapshot.rows(LEARN)
    return OutOfFold(ids=tuple(snapshot.ids[row] for row in rows), answer=answer)


def emptied(graph: Graph) -> Graph:
    """`graph` as it was before it was fitted: its learnt weights and statistics are holes again.

    What was calibrated decides no class, and changes with every fit: it is 0, so that a fold is remembered without it.
    """
    nodes = tuple(_emptied(node) for node in graph.nodes)
    return replace(graph, nodes=nodes)


def _emptied(node: Node) -> Node:
    if node.role == "calibrated" and node.value is not None:
        return replace(node, value=np.zeros_like(node.value))
    return replace(node, value=None) if node.role in _FITTED else node


def assign_folds(learn: Examples) -> NDArray[np.int64]:
    """The fold of each row (N,): a hash of the input, so that equal inputs share one and edits elsewhere move none."""
    hashes = [hashlib.blake2b(digest_size=8) for _ in range(len(learn))]
    for name in sorted(learn.inputs):
        for row, state in zip(learn.inputs[name], hashes, strict=True):
            state.update(np.ascontiguousarray(row).tobytes())
    return np.array([int.from_bytes(state.digest(), "big") % FOLDS for state in hashes], np.int64)


def prepared(program: Program, graph: Graph, learn: Examples) -> Graph:
    """The Graph with what its inputs take from these very rows to learn from: means, vocabularies."""
    for field in program.inputs:
        kind = load("types", field.type)
        graph = graph.fill(kind.data(field.name, learn.inputs[field.name], kind.options(**field.options)))
    return graph


class Fold:
    """One fit without one fold, and its answers to it."""

    def __init__(
        self,
        program: Program,
        graph: Graph,
        learn: Examples,
        tune: Examples,
        held: Examples,
        recipe: Recipe,
        chosen: Engine,
    ) -> None:
        self.program, self.learn, self.tune, self.held, self.recipe = program, learn, tune, held, recipe
        self.graph, self.engine = prepared(program, graph, learn), chosen

    def answers(self, store: Store, announce: Callable[[], Watch | None]) -> NDArray[Any]:
        """What is answered to the N rows held out, (N,) of a label, remembered. Raises `FitError` when a fit fails."""
        key = self._key()
        known = store.get(key)
        if known is not None:
            return np.asarray(unpack(MAGIC, known)[1]["answer"])
        fitted = self.engine.fit(self.graph, self.learn, self.tune, self.recipe, self.program.seed, watch=announce())
        (output,) = self.program.outputs
        answer = ask_reference(fitted.graph, self.held.inputs)[output.name]
        answer = answer.reshape(-1) if output.form == "label" else answer
        store.put(key, pack(MAGIC, {}, {"answer": answer}))
        return answer

    def _key(self) -> str:
        program = [[field.name, field.type, dict(field.options)] for field in self.program.inputs]
        rows = [_rows_digest(part) for part in (self.learn, self.tune)]
        held = _rows_digest(replace(self.held, targets=np.zeros(0, np.int32), soft=None))  # its labels play no part
        settings = canonical([program, self.recipe.plain(), self.program.seed, self.engine.version])
        return digest("fold 3", self.graph.digest, settings, *rows, held)


def _rows_digest(rows: Examples) -> str:
    arrays = (part for name in sorted(rows.inputs) for part in (name, rows.inputs[name].tobytes()))
    soft = [] if rows.soft is None else [rows.soft.tobytes()]
    return digest(*arrays, rows.targets.tobytes(), *soft, *map(str, rows.levels))
