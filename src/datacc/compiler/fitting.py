"""One fit, remembered: the same Graph, examples, recipe, seed and back end are fitted only once."""

import json
from typing import Final

from datacc.compiler.assemble import examples
from datacc.fit import BackEnd, Fitted, Recipe, Watch
from datacc.ir.file import dump
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import Snapshot
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

BACK_END: Final = "torch"


def back_end() -> BackEnd:
    """The fitting back end, imported now. Raises `MissingExtra` when it is not installed."""
    found: BackEnd = load("fit", BACK_END)
    return found


def fit_once(
    program: Program,
    snapshot: Snapshot,
    graph: Graph,
    recipe: Recipe,
    store: Store,
    *,
    exact: bool = False,
    watch: Watch | None = None,
) -> Fitted:
    """The fitted Graph, from the cache where it is there; `exact` fits again all the same."""
    engine = back_end()
    key = digest(
        "fitted 1", graph.digest, snapshot.digest, canonical(recipe.plain()), str(program.seed), engine.version()
    )
    found = None if exact else _read(store.get(key))
    if found is None:
        learn, tune = examples(program, snapshot)
        found = engine.fit(graph, learn, tune, recipe, program.seed, watch)
        store.put(key, _bytes(found))
    return found


def _bytes(fitted: Fitted) -> bytes:
    head = canonical({"tune": fitted.tune, "history": fitted.history})
    return head.encode() + b"\n" + dump(fitted.graph)


def _read(data: bytes | None) -> Fitted | None:
    if data is None:
        return None
    head, _, graph = data.partition(b"\n")
    told = json.loads(head)
    history = tuple((int(step), float(score)) for step, score in told["history"])
    return Fitted(graph=load_graph(graph), tune=told["tune"], history=history)
