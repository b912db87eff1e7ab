"""Answers to learn rows by models that have not seen them: k fits, each without one fold, remembered."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Arrays, ask_reference
from datacc.compiler.assemble import examples, with_windows
from datacc.compiler.deal import dealt
from datacc.compiler.engine import Engine, engine
from datacc.compiler.learnt import Unlearnt
from datacc.compiler.whole import asked_rows, joined
from datacc.errors import FitError
from datacc.fit import Examples, Recipe, Watch
from datacc.ir.container import pack, unpack
from datacc.ir.graph import Graph, Node
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

FOLDS_BY_INPUT: Final = 3  # of `assign_folds`: no label that changes moves a row
MAGIC: Final = b"DATACCF\n"  # first bytes of remembered answers
_FITTED: Final = ("learnt", "mean", "variance")

Announce = Callable[[int], Watch | None]


def unseen(
    program: Program,
    snapshot: Snapshot,
    graph: Graph,
    recipe: Recipe,
    store: Store,
    announce: Announce = lambda fold: None,
    asked: str | None = None,
    repeat: int = 0,
) -> Unlearnt:
    """Answers to every learn row by fits of the form of `graph`, each without a fold and asked about that.

    The folds are those of `assign_folds`; where tune is learnt too and such models score it, those that `deal` makes at
    that `repeat`. Each fit is remembered under a digest of all that goes into it, its own rows and labels among them: a
    relabelled example costs no fit in the fold that held it out. `announce(fold)` is called before a fit and gives what
    watches it. `asked` is the back end of the fit that is asked about. Raises `FitError` when a fit fails, or where one
    fold has all rows.
    """
    (learn, tune), rows, (output,) = examples(program, snapshot), snapshot.rows(LEARN), program.outputs
    empty = emptied(graph)
    fold_of = assign_folds(learn) if len(snapshot.rows(TUNE)) else dealt(snapshot, output.name, repeat)
    chosen, order, parts = engine(asked or program.backend, empty), list[NDArray[np.intp]](), list[Arrays]()
    for fold in np.unique(fold_of).tolist():
        held = fold_of == fold
        if held.all():
            what = f"all examples of {output.name} that are learnt are one group: none can be held out"
            raise FitError(what, tries=["datacc build --search", "examples of another group"])
        inputs, owners = asked_rows(snapshot, rows[held])
        part = Fold(program, empty, others(snapshot, learn, held), tune, inputs, recipe, chosen)
        said = part.answers(store, lambda fold=fold: announce(fold))  # type: ignore[misc]
        parts.append(joined(snapshot, said, owners, int(held.sum())))
        order.append(np.flatnonzero(held))
    at = np.argsort(np.concatenate(order))
    answers = {name: np.concatenate([part[name] for part in parts])[at] for name in parts[0]}
    return Unlearnt(rows=rows, answers=answers, how="out of fold")


def others(snapshot: Snapshot, learn: Examples, held: NDArray[np.bool_]) -> Examples:
    """The learn rows but those that are held out, (N,), and behind them further windows of long texts."""
    splits = snapshot.splits.copy()
    splits[snapshot.rows(LEARN)[held]] = JUDGE
    return with_windows(replace(snapshot, splits=splits), learn.rows(~held))


def emptied(graph: Graph) -> Graph:
    """`graph` as it was before it was fitted: its learnt weights and statistics are holes again.

    What was calibrated decides no class, and changes with every fit: it is 1, so that a fold is remembered without it,
    and says its scores as it learnt them.
    """
    nodes = tuple(_emptied(node) for node in graph.nodes)
    return replace(graph, nodes=nodes)


def _emptied(node: Node) -> Node:
    if node.role == "calibrated" and node.value is not None:
        return replace(node, value=np.ones_like(node.value))
    return replace(node, value=None) if node.role in _FITTED else node


def assign_folds(learn: Examples) -> NDArray[np.int64]:
    """The fold of each row (N,): a hash of the input, so that equal inputs share one and edits elsewhere move none."""
    hashes = [hashlib.blake2b(digest_size=8) for _ in range(len(learn))]
    for name in sorted(learn.inputs):
        for row, state in zip(learn.inputs[name], hashes, strict=True):
            state.update(np.ascontiguousarray(row).tobytes())
    return np.array([int.from_bytes(state.digest(), "big") % FOLDS_BY_INPUT for state in hashes], np.int64)


def prepared(program: Program, graph: Graph, learn: Examples) -> Graph:
    """The Graph with what its inputs take from these very rows to learn from: means, vocabularies."""
    for field in program.inputs:
        kind = load("types", field.type)
        graph = graph.fill(kind.data(field.name, learn.inputs[field.name], kind.options(**field.options)))
    return graph


class Fold:
    """One fit without one fold, and its answers to the inputs of that, `held`, each (N, *shape)."""

    def __init__(
        self,
        program: Program,
        graph: Graph,
        learn: Examples,
        tune: Examples,
        held: Arrays,
        recipe: Recipe,
        chosen: Engine,
    ) -> None:
        self.program, self.learn, self.tune, self.held, self.recipe = program, learn, tune, held, recipe
        self.graph, self.engine = prepared(program, graph, learn), chosen

    def answers(self, store: Store, announce: Callable[[], Watch | None]) -> Arrays:
        """What is answered to the N rows held out, by field, each (N, *shape), remembered. Raises `FitError`."""
        key = self._key()
        known = store.get(key)
        if known is not None:
            return unpack(MAGIC, known)[1]
        fitted = self.engine.fit(self.graph, self.learn, self.tune, self.recipe, self.program.seed, watch=announce())
        found = ask_reference(fitted.graph, self.held)
        store.put(key, pack(MAGIC, {}, found))
        return found

    def _key(self) -> str:
        program = [[field.name, field.type, dict(field.options)] for field in self.program.inputs]
        rows = [_rows_digest(part) for part in (self.learn, self.tune)]
        held = digest(*_inputs_of(self.held))  # its labels play no part
        settings = canonical([program, self.recipe.plain(), self.program.seed, self.engine.version])
        return digest("fold 4", self.graph.digest, settings, *rows, held)


def _rows_digest(rows: Examples) -> str:
    soft = [] if rows.soft is None else [rows.soft.tobytes()]
    return digest(*_inputs_of(rows.inputs), rows.targets.tobytes(), *soft, *map(str, rows.levels))


def _inputs_of(inputs: Arrays) -> list[bytes | str]:
    return [part for name in sorted(inputs) for part in (name, inputs[name].tobytes())]
