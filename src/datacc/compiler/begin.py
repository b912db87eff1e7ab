"""The program that a fit begins from: found by the digest that a lock names, brought to the sizes asked for."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from datacc.compiler.artifact import PREVIOUS
from datacc.compiler.ask import ask_reference
from datacc.compiler.assemble import examples
from datacc.compiler.fitting import fit_once
from datacc.compiler.folds import emptied
from datacc.compiler.integers import right
from datacc.compiler.parent import keep_graph, recall_graph
from datacc.compiler.resize import resized, unlike
from datacc.compiler.shown import WARNING, percent
from datacc.errors import GraphError, UsageError
from datacc.fit import Fitted, Recipe, Watch
from datacc.frozen import frozen
from datacc.ir.cost import work
from datacc.ir.file import dump
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

FILE: Final = "parent.dcc"  # in an artifact: what its fit began from
FITTED: Final = "fitted.dcc"  # the floats of a program of integers
GRAPH: Final = "graph.dcc"
# Parts of the passes and of the rate of a fit from nothing: on digits and tables what comes out is as good as that.
WIDER: Final = (0.5, 0.5)
NARROWER: Final = (0.25, 1.0)
ROWS: Final = 64  # of learn and tune, on which the scores before and after are compared
MOST: Final = 2000  # rows of tune that tell how much is right
LOST: Final = 0.1  # of what is right on tune: what loses more has become another program
_RIGHT: Final = {"label": "right", "labels": "F1", "number": "variance explained"}  # by the form of the output


@frozen(eq=False)
class Begun:
    """Where a fit begins: the complete Graph, and by how much its answers differ from the parent's.

    `scores` is the largest difference of a float answer on some rows; `wider` than the parent, or narrower.
    `before` is how much the parent has right of the tune rows that select, or of learn where tune is learnt, too;
    `cut` how much the Graph has of them.
    """

    parent: Graph
    graph: Graph
    scores: float
    before: float
    cut: float

    @property
    def wider(self) -> bool:
        """Whether it has more channels than the parent."""
        return work(self.graph) > work(self.parent)

    def part_of(self, recipe: Recipe) -> Recipe:
        """How to fit on, where `recipe` would fit from nothing."""
        epochs, rate = WIDER if self.wider else NARROWER
        return replace(recipe, epochs=max(1, round(recipe.epochs * epochs)), rate=recipe.rate * rate)

    @property
    def holes(self) -> Graph:
        """The Graph to fit."""
        return emptied(self.graph)

    def fit(
        self,
        program: Program,
        snapshot: Snapshot,
        recipe: Recipe,
        store: Store,
        watch: Watch | None,
        asked: str | None,
    ) -> Fitted:
        """What comes of it; `recipe` would fit the same from nothing."""
        part = self.part_of(recipe)
        return fit_once(
            program, snapshot, self.holes, recipe, store, watch=watch, asked=asked, start=self.graph, part=part
        )

    def told(self, program: Program, snapshot: Snapshot, fitted: Graph, store: Store) -> tuple[str, ...]:
        """In words, with what came of it, and a warning where that is far less than the parent has right."""
        after, kind = _right(program, snapshot, fitted, store), f"{_RIGHT[program.outputs[0].form]} {_where(snapshot)}"
        same = f", and at that moment no score differed from its by more than {self.scores:.1g}"
        how = same if self.wider else " without the channels that weigh least"
        steps = [f"{percent(self.before, 1)} {kind} before"]
        steps += [] if self.wider else [f"{percent(self.cut, 1)} without them"]
        steps += [f"{percent(after, 1)} after the fit"]
        told = f"the fit began from the program {self.parent.digest}{how}: {', '.join(steps)}"
        if self.wider or self.before - after <= LOST:
            return (told,)
        return told, _collapsed(self.before, after, kind)


def begin(program: Program, snapshot: Snapshot, parent: Graph, form: Graph, store: Store) -> Begun:
    """`parent` in the sizes of `form`; what is standardised stays so as the parent knows it.

    Raises `GraphError` when the two differ in more than widths.
    """
    graph = started(program, snapshot, parent, form, store)
    before, cut = (_right(program, snapshot, one, store) for one in (parent, graph))
    key = digest("begun 3", parent.digest, graph.digest, snapshot.digest)
    known = store.get(key)
    if known is None:
        keep_graph(store, parent)
        some = np.flatnonzero(snapshot.splits != JUDGE)[:ROWS]
        scores = _difference(parent, graph, {name: array[some] for name, array in snapshot.inputs.items()})
        store.put(key, canonical({"scores": scores}).encode())
    else:
        scores = json.loads(known)["scores"]
    return Begun(parent=parent, graph=graph, scores=scores, before=before, cut=cut)


def _right(program: Program, snapshot: Snapshot, graph: Graph, store: Store) -> float:
    """How much of the tune rows that select, or of learn without them, the Graph has right; remembered."""
    key = digest("right on tune 1", graph.digest, snapshot.digest)
    known = store.get(key)
    if known is None:
        learn, tune = examples(program, snapshot)
        seen = tune if len(tune) else learn
        found = right(graph, seen.rows(np.arange(min(MOST, len(seen)))), program.outputs[0].name)
        store.put(key, canonical(found).encode())
        return found
    return float(json.loads(known))


def _where(snapshot: Snapshot) -> str:
    """Where that was seen, in words."""
    return "on tune" if len(snapshot.rows(TUNE)) else "of what is learnt"


def _collapsed(before: float, after: float, kind: str) -> str:
    return (
        f"{WARNING}{100 * (before - after):.1f} points are lost ({kind}): so few channels of this form hold "
        "too little. Allow more, or put the limit under [budget] in datacc.toml and run datacc build --search, which "
        "tries other forms. The program before is in previous/"
    )


def started(program: Program, snapshot: Snapshot, parent: Graph, form: Graph, store: Store) -> Graph:
    """`parent` in the sizes of `form`, complete, from the cache where it is there. Raises what `begin` does."""
    key = digest("started 2", parent.digest, form.digest, snapshot.digest, str(program.seed))
    known = store.get(key)
    if known is not None:
        return load_graph(known)
    learn = {name: array[snapshot.rows(LEARN)] for name, array in snapshot.inputs.items()}
    graph = resized(parent, form, learn, program.seed)
    store.put(key, dump(graph))
    return graph


def _difference(one: Graph, other: Graph, inputs: dict[str, np.ndarray]) -> float:
    """The largest difference of any float answer."""
    first, second = (ask_reference(graph, inputs) for graph in (one, other))
    gaps = [np.abs(first[field] - second[field]).max() for field in first if first[field].dtype == np.float32]
    return float(max(gaps, default=0.0))


def fitted_graph(folder: Path) -> Graph:
    """The fitted Graph of floats of the artifact in `folder`.

    Raises `UsageError` when it is not there, `GraphError` when it is damaged.
    """
    file = folder / FITTED if (folder / FITTED).exists() else folder / GRAPH
    if not file.is_file():
        raise UsageError("the artifact is not whole", where=str(file), tries=["datacc build"])
    return load_graph(file.read_bytes(), str(file))


def begun_from(
    parent: str | None, parents: Path, program: Program, snapshot: Snapshot, form: Graph, store: Store
) -> Begun | None:
    """Where a fit of `form` begins whose parent has the digest `parent` and other widths.

    None where it has the same, or is found neither in the artifact `parents` nor in the cache.
    """
    graph = None if parent is None else find_parent(parents, parent, store)
    if graph is None or unlike(graph, form) or all(form.by_name[n.name].type == n.type for n in graph.weights):
        return None
    return begin(program, snapshot, graph, form, store)


def find_parent(folder: Path, wanted: str, store: Store) -> Graph | None:
    """The Graph with the digest `wanted`, where the cache, the artifact in `folder` or the one before it has it."""
    known = recall_graph(store, wanted)
    if known is not None:
        return known
    for place in (folder, folder / PREVIOUS):
        for name in (FILE, FITTED, GRAPH):
            graph = _whole(place / name)
            if graph is not None and graph.digest == wanted:
                return graph
    return None


def _whole(file: Path) -> Graph | None:
    """The Graph in `file`; None where there is none, or it is damaged: then nothing can begin from it."""
    try:
        return load_graph(file.read_bytes())
    except (OSError, GraphError):
        return None
