"""One fit, remembered: the same Graph, examples, recipe, seed and back end are fitted only once."""

import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from datacc.compiler.assemble import examples
from datacc.compiler.integers import as_integers
from datacc.errors import MissingExtra
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
    """The fitting back end, imported now. Raises `MissingExtra` when what it stands on is not installed."""
    try:
        found: BackEnd = load("fit", BACK_END)
    except ModuleNotFoundError as error:
        if error.name != BACK_END:
            raise
        raise _missing() from error
    return found


def back_end_version() -> str:
    """Name and version of the back end, without importing it, since an import takes seconds.

    Raises `MissingExtra` when it is not installed.
    """
    try:
        return f"{BACK_END} {version(BACK_END).split('+')[0]}"
    except PackageNotFoundError as error:
        raise _missing() from error


def _missing() -> MissingExtra:
    return MissingExtra(f"fitting needs {BACK_END}, which is not installed", tries=["pip install 'datacc[fit]'"])


def fit_once(
    program: Program,
    snapshot: Snapshot,
    graph: Graph,
    recipe: Recipe,
    store: Store,
    watch: Watch | None = None,
) -> Fitted:
    """The fitted Graph, of the arithmetic that the program asks for, from the cache where it is there."""
    key = digest(
        "fitted 1", graph.digest, snapshot.digest, canonical(recipe.plain()), str(program.seed), back_end_version()
    )
    found = _read(store.get(key))
    if found is None:
        learn, tune = examples(program, snapshot)
        found = back_end().fit(graph, learn, tune, recipe, program.seed, watch)
        store.put(key, _bytes(found))
    return found if program.target.arithmetic == "float" else _integers(program, snapshot, found, recipe, store)


def _integers(program: Program, snapshot: Snapshot, fitted: Fitted, recipe: Recipe, store: Store) -> Fitted:
    """The same of integers, from the cache where it is there."""
    settings = canonical(recipe.plain()), str(program.seed), back_end_version()
    key = digest("integers 2", fitted.graph.digest, snapshot.digest, *settings)
    found = _read(store.get(key))
    if found is None:
        output = program.outputs[0].name
        found = as_integers(fitted, *examples(program, snapshot), output, back_end(), recipe, program.seed)
        store.put(key, _bytes(found))
    return replace(found, floats=fitted.graph)


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
