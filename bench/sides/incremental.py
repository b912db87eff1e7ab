"""Builds after small label edits: how much sooner than from nothing, and what that costs in quality and in answers."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import ask_reference
from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.fitting import fit_once
from datacc.compiler.onward import fit_on, keep_parent
from datacc.compiler.recipe import default_recipe
from datacc.errors import GoalMissed
from datacc.fit import Fitted, Recipe
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.repo.snapshot import JUDGE, LEARN, Snapshot
from datacc.spec.lock import Lock, shape_digest
from datacc.spec.program import Program
from datacc.store import Store

from .process import datacc
from .rows import Row

ALLOWED = (0, GoalMissed.exit_code)
EDITS = 20  # in a row, each of 1 % of the rows
WRONG = 0.2  # of the rows, at first: every edit mends as many
SEEN = (1, 5, 10, 15, 20)  # edits after which a fit from nothing is the measure
FLIPS = (1, 5)  # edits after which answers are compared with those of the program before the first
SIZES = {"width": 8, "depth": 1}

Bools = NDArray[np.bool_]
Classes = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One chain of edits: CPU seconds of fits, the share of judge that is right, and which answers broke."""

    nothing: list[float] = field(default_factory=list)
    onward: list[float] = field(default_factory=list)
    gaps: dict[int, float] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    right: dict[str, list[float]] = field(default_factory=dict)


def rows(program: Program, snapshot: Snapshot, truth: Classes, *, seeds: int = 5) -> Iterator[Row]:
    """Figures of chains of edits that mend planted mistakes in learn and tune; `truth` (N,) is the class of every row.

    `incremental_speedup/fit`: the mean fit of a chain, those from nothing in it included, beside one from nothing.
    `incremental_gap/K`: the share of judge that a fit from nothing gets right more, after K edits. `broken/…`: judge
    rows that were right and are wrong after 1 and 5 edits, beside those of a fit from nothing.
    """
    yield from rows_of([walk(replace(program, seed=seed), snapshot, truth, seed) for seed in range(seeds)])


def rows_of(walks: Sequence[Walk]) -> Iterator[Row]:
    """The figures of chains, one for each seed."""
    seeds = len(walks)
    ours = mean(second for walk in walks for second in walk.onward)
    peer = mean(second for walk in walks for second in walk.nothing)
    note = f"CPU seconds, mean of {EDITS} edits and {seeds} seeds"
    yield Row(name="incremental_speedup/fit", ours=ours, peer=peer, note=note)
    for edits in SEEN:
        gaps = [walk.gaps[edits] for walk in walks]
        note = f"{min(gaps):+.4f} … {max(gaps):+.4f}; {seeds} seeds, {edits} edits of 1 %"
        yield Row(name=f"incremental_gap/{edits}", ours=mean(gaps), unit="share", note=note)
    for way in ("onward", "kept"):
        broke, plain = (sum(walk.broken[name] for walk in walks) for name in (way, "nothing"))
        right, before = (mean(share for walk in walks for share in walk.right[name]) for name in (way, "nothing"))
        note = f"judge right {right:.4f}, from nothing {before:.4f}"
        yield Row(name=f"broken/{way}", ours=broke, peer=plain, unit="answers", note=note)


def whole(table: Path, label: str, *, times: int = 5) -> Iterator[Row]:
    """Wall seconds of the command `datacc build` after an edit of 1 % of a table's labels, and from nothing, in turns.

    `table` is an .npz of x and y.
    """
    with np.load(table) as file:
        x, y = file["x"], file["y"].copy()
    random, names = np.random.default_rng(0), np.unique(y)
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as place:
        folder = Path(place)

        def write() -> None:
            np.savez(folder / table.name, x=x, y=y)

        write()
        datacc(folder, "build", table.name, "--label", label, allowed=ALLOWED)
        clean, edited = [], []
        for _ in range(times):
            clean.append(datacc(folder, "build", "--exact", allowed=ALLOWED))
            some = random.choice(len(y), len(y) // 100, replace=False)
            y[some] = random.choice(names, len(some))
            write()
            edited.append(datacc(folder, "build", allowed=ALLOWED))
        again = [datacc(folder, "build", allowed=ALLOWED) for _ in range(times)]
    note = f"the whole command, medians of {times} turns; nothing to do: {median(one.wall for one in again):.2f} s"
    for name, unit in (("wall", ""), ("cpu", "/cpu")):
        ours, peer = (median(getattr(one, name) for one in ones) for ones in (edited, clean))
        yield Row(name=f"incremental_speedup{unit}", ours=ours, peer=peer, note=note)


def walk(program: Program, snapshot: Snapshot, truth: Classes, seed: int) -> Walk:
    """One chain, with fits from nothing beside it."""
    graph = skeleton_graph(program, snapshot, "conv.v1", SIZES)
    recipe = default_recipe(len(snapshot.rows(LEARN)), work(graph))
    plain = recipe.plain()
    lock = Lock(
        program=shape_digest(program), skeleton="conv.v1", sizes=SIZES, recipe=plain, toolchain={"fit": "native"}
    )
    done, first = Walk(right={"nothing": [], "onward": [], "kept": []}, broken={}), None
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as place:
        store = Store(Path(place))
        for edits, now in enumerate(_edited(snapshot, truth, seed)):
            found, seconds = _timed(fit_on, program, now, graph, recipe, lock, store, None)
            if found.parent is None:
                lock = replace(lock, parent=keep_parent(program, now, graph, recipe, found.fitted, store))
            (done.onward if edits else done.nothing).append(seconds)
            if first is None:
                first = _right(found.fitted, snapshot, truth)
            if edits in SEEN:
                fitted = _nothing(program, now, graph, recipe, store, done)
                ways = {"nothing": fitted, "onward": found.fitted}
                right = {name: _right(one, snapshot, truth) for name, one in ways.items()}
                done.gaps[edits] = float(right["nothing"].mean() - right["onward"].mean())
                if edits in FLIPS:
                    asked = replace(program, keep_answers=True)
                    kept = fit_on(asked, now, graph, recipe, lock, store, None).fitted
                    _note(done, first, {**right, "kept": _right(kept, snapshot, truth)})
    print(f"seed {seed}: {done.gaps}, {done.broken}", file=sys.stderr, flush=True)
    return done


def _nothing(program: Program, now: Snapshot, graph: Graph, recipe: Recipe, store: Store, walk: Walk) -> Fitted:
    fitted, seconds = _timed(fit_once, program, now, graph, recipe, store, asked="native")
    if seconds > walk.nothing[0] / 2:  # else it was remembered: the chain had begun anew here
        walk.nothing.append(seconds)
    return fitted


def _note(walk: Walk, before: Bools, now: dict[str, Bools]) -> None:
    for name, right in now.items():
        walk.broken[name] = walk.broken.get(name, 0) + int((before & ~right).sum())
        walk.right[name].append(float(right.mean()))


def _edited(snapshot: Snapshot, truth: Classes, seed: int) -> Iterator[Snapshot]:
    """The examples with mistakes in learn and tune, and after every edit."""
    random, [name] = np.random.default_rng(seed), snapshot.labels
    open_, classes = np.flatnonzero(snapshot.splits != JUDGE), len(snapshot.classes[name])
    wrong = random.choice(open_, int(WRONG * len(open_)), replace=False)
    labels = snapshot.labels[name].copy()
    labels[wrong] = (labels[wrong] + random.integers(1, classes, len(wrong))) % classes
    for part in ([], *np.array_split(wrong, EDITS)):
        labels[part] = truth[part]
        yield replace(snapshot, labels={name: labels.copy()})


def _right(fitted: Fitted, snapshot: Snapshot, truth: Classes) -> Bools:
    """Which judge rows are answered right."""
    rows, [name] = snapshot.rows(JUDGE), snapshot.labels
    inputs = {field: array[rows] for field, array in snapshot.inputs.items()}
    found: Bools = ask_reference(fitted.graph, inputs)[name].reshape(-1) == truth[rows]
    return found


def _timed(do: Callable[..., Any], *words: Any, **more: Any) -> tuple[Any, float]:
    """What `do` gives, and the CPU seconds of this process that it took."""
    began = time.process_time()
    return do(*words, **more), time.process_time() - began
