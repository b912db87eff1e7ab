"""One fit, remembered: the same Graph, examples, recipe, seed and back end are fitted only once."""

import json
from dataclasses import replace
from typing import Final

import numpy as np

from datacc.compiler.assemble import examples, fit_digest, with_windows
from datacc.compiler.engine import Engine, engine
from datacc.compiler.integers import as_integers
from datacc.compiler.recipe import onward
from datacc.compiler.tables import compact
from datacc.compiler.tutor import said, said_digest
from datacc.fit import Examples, Fitted, Recipe, Rounding, Start, Watch
from datacc.fit.checkpoint import Checkpoint
from datacc.ir.file import dump
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.spec.program import Program
from datacc.store import Store, canonical, digest

KEPT: Final = 0.5  # of earlier weights, where answers are to stay: see bench/RESULTS.md


def fit_once(
    program: Program,
    snapshot: Snapshot,
    graph: Graph,
    recipe: Recipe,
    store: Store,
    watch: Watch | None = None,
    asked: str | None = None,
    start: Graph | None = None,
    part: Recipe | None = None,
    tutor: Fitted | None = None,
) -> Fitted:
    """The fitted Graph, of the arithmetic that the program asks for, from the cache where it is there.

    `asked` is the back end as a lock names it; without one, that of the program, or the first that covers the Graph.
    With `start`, a fitted Graph of the same form, it takes the fewer steps of `part`, or of `onward(recipe)`, from its
    weights. With a `tutor` it learns from what that says too. An interrupted fit goes on where it was. Tables are
    of whole numbers, whatever the arithmetic; `tune` is the score before that.
    """
    chosen = engine(asked or program.backend, graph)
    steps = recipe if start is None else part or onward(recipe)
    settings = canonical(steps.plain()), str(program.seed), chosen.version
    share = kept(program) if part is None else 0.0
    began = () if start is None else ("onward 2", start.digest, str(share))
    by = () if tutor is None else ("taught 1", said_digest(program, tutor))
    floats = fit_digest(program.computed_in("float"))
    key = digest("fitted 4", graph.digest, floats, snapshot.seen, *settings, *began, *by)
    found = _read(store.get(key))
    if found is None:
        learn, tune = _lessons(program, snapshot, tutor)
        checkpoint = Checkpoint(store=store, key=digest("checkpoint 1", key))
        weights = _start(graph, start, share, part)
        found = chosen.fit(graph, learn, tune, steps, program.seed, watch=watch, checkpoint=checkpoint, start=weights)
        store.put(key, _bytes(found))
    if program.target.arithmetic != "float":
        return _integers(program, snapshot, found, recipe, store, chosen, tutor)
    stored = compact(found.graph)
    return found if stored is found.graph else replace(found, graph=stored, floats=found.graph)


def absent(snapshot: Snapshot) -> tuple[str, ...]:
    """A warning for each output with classes that no learn row has: nothing can be learnt about them."""
    told = []
    for field, names in snapshot.classes.items():
        learn = snapshot.labels[field][snapshot.rows(LEARN)]
        if not names:
            continue
        counts = learn.sum(axis=0) if learn.ndim > 1 else np.bincount(learn, minlength=len(names))
        missing = [name for name, count in zip(names, counts, strict=True) if not count]
        if missing:
            more = f" and {len(missing) - 5:,} more" if len(missing) > 5 else ""
            told.append(f"no learn example of {field} is {', '.join(map(repr, missing[:5]))}{more}: it is not learnt")
    return tuple(told)


def kept(program: Program) -> float:
    """The share of earlier weights in what comes of a fit that goes on from them."""
    return KEPT if program.keep_answers else 0.0


def _lessons(program: Program, snapshot: Snapshot, tutor: Fitted | None) -> tuple[Examples, Examples]:
    """The rows to learn, with what a tutor says of them, and the rows of tune that select."""
    learn, tune = examples(program, snapshot)
    told = learn if tutor is None else replace(learn, said=said(program, snapshot, tutor))
    return with_windows(snapshot, told), tune


def _start(graph: Graph, start: Graph | None, kept: float, part: Recipe | None) -> Start | None:
    """The weights of `start` for what `graph` learns; with its statistics, unless it was brought to other widths."""
    if start is None:
        return None
    values = {node.name: start.by_name[node.name].value for node in graph.holes}
    known = {name: value for name, value in values.items() if value is not None}
    learnt = {node.name for node in graph.holes if node.role == "learnt"}
    return Start(
        weights={name: value for name, value in known.items() if name in learnt},
        kept=kept,
        statistics={} if part else {name: value for name, value in known.items() if name not in learnt},
    )


def _integers(
    program: Program,
    snapshot: Snapshot,
    fitted: Fitted,
    recipe: Recipe,
    store: Store,
    chosen: Engine,
    tutor: Fitted | None,
) -> Fitted:
    """The same of integers, from the cache where it is there."""
    settings = canonical(recipe.plain()), str(program.seed), chosen.version
    by = () if tutor is None else ("taught 1", said_digest(program, tutor))
    key = digest("integers 4", fitted.graph.digest, fit_digest(program), snapshot.seen, *settings, *by)
    found = _read(store.get(key))
    if found is None:
        learn, tune = _lessons(program, snapshot, tutor)

        def refit(graph: Graph, recipe: Recipe, rounding: Rounding) -> Fitted:
            return engine(chosen.name, graph, rounding).fit(graph, learn, tune, recipe, program.seed, rounding=rounding)

        found = as_integers(fitted, learn, tune, program.outputs[0].name, refit, recipe)
        store.put(key, _bytes(found))
    return replace(found, graph=compact(found.graph), floats=fitted.graph)


def _bytes(fitted: Fitted) -> bytes:
    head = {"tune": fitted.tune, "history": fitted.history, "warnings": fitted.warnings, "by": fitted.by}
    return canonical(head).encode() + b"\n" + dump(fitted.graph)


def _read(data: bytes | None) -> Fitted | None:
    if data is None:
        return None
    head, _, graph = data.partition(b"\n")
    told = json.loads(head)
    history = tuple((int(step), float(score)) for step, score in told["history"])
    warnings = tuple(told["warnings"])
    return Fitted(graph=load_graph(graph), tune=told["tune"], history=history, warnings=warnings, by=told["by"])
