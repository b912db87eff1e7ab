"""Programs of several labels, or of a number, that abstain, each of new examples: their coverage and its law.

A limit is an order statistic of rows that chose nothing, so that how much of fresh rows is known has an exact law,
whatever the program. Here no net stays while rows are dealt anew: each program is a fit, or all that a search came to,
so that whatever these do with rows that calibrate would show as another share than the law's.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import ask_reference
from datacc.compiler.certify import chance_of
from datacc.compiler.fitting import fit_once
from datacc.compiler.knowing import Knowing, calibrated
from datacc.compiler.recipe import default_recipe
from datacc.compiler.search import rungs, search
from datacc.goals import rate
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.example import Example
from datacc.repo.snapshot import LEARN, Snapshot, freeze
from datacc.spec.program import Field, Goal, Program
from datacc.store import Store, digest

from .rows import Row

Way = Callable[[Program, Snapshot, Store], tuple[Graph, Knowing]]

OPTIONS: Final[dict[str, dict[str, Any]]] = {"labels": {"abstain": True}, "number": {"abstain": True, "within": 1.0}}
GOALS: Final = (Goal(metric="error", limit=0.1), Goal(metric="coverage", limit=0.9))
COLUMNS, NAMES = ("x", "y", "z"), ("far", "high")
ROWS, FRESH = 1000, 1000  # examples of a program, of which about 50 calibrate; those that it is asked then
FORM: Final = ("mlp.v1", {"width": 16, "depth": 1})
BANDS: Final = (0.95, 0.999)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a program came to: of `fresh` rows it knows `known`; its limit left out `unknown` of `calibrating` rows.

    Of the others `wrong` are answered wrong.
    """

    known: int
    fresh: int
    calibrating: int
    unknown: int
    wrong: int

    @property
    def law(self) -> float:
        """The share that is known in the mean of all such limits."""
        return (self.calibrating - self.unknown) / (self.calibrating + 1)

    def inside(self, band: float) -> bool:
        """Whether what is known lies in the central `band` of its beta-binomial law."""
        return min(self.tails) > (1 - band) / 2

    @cached_property
    def tails(self) -> tuple[float, float]:
        """The chances of as many known rows or fewer, and of as many or more."""
        seen = rate(self.calibrating - 1 - self.unknown, self.calibrating - 1)  # a flat prior adds one of each kind
        return 1 - chance_of(self.known + 1, self.fresh, seen), chance_of(self.known, self.fresh, seen)


def points(seed: int, count: int) -> NDArray[np.float64]:
    """Inputs (N, 3), in every set others."""
    return np.random.default_rng([seed, count]).normal(size=(count, len(COLUMNS))).round(3)


def labels_of(form: str, seed: int, rows: NDArray[np.float64]) -> list[Any]:
    """What rows (N, 3) are labelled by a rule that is of this seed alone; a number is hard to tell where z is large."""
    random = np.random.default_rng([seed, 0])
    weights, far = random.normal(size=(len(NAMES), len(COLUMNS))), random.uniform(0, 2.4, len(NAMES))
    if form == "number":
        noise = np.random.default_rng([seed, 1, len(rows)]).normal(size=len(rows))
        found: list[Any] = (3 * rows @ weights[0] + (0.1 + np.abs(rows[:, 2]) / 2) * noise).round(3).tolist()
        return found
    given = rows @ weights.T > far
    return [[name for name, one in zip(NAMES, row, strict=True) if one] for row in given]


def program_of(form: str, goals: tuple[Goal, ...] = GOALS) -> Program:
    """A small net of three numbers that abstains."""
    inputs = (Field(name="row", type="record", options={"columns": list(COLUMNS)}),)
    return Program(name="searched", inputs=inputs, outputs=(Field(name="it", type=form, options=OPTIONS[form]),),
                   goals=goals)  # fmt: skip


def searched(program: Program, snapshot: Snapshot, store: Store) -> tuple[Graph, Knowing]:
    """What a search comes to."""
    choice = search(program, snapshot, store, chosen_goal=False, announce=lambda _: None)
    return choice.fitted.graph, choice.known[0]


def settled(program: Program, snapshot: Snapshot, store: Store) -> tuple[Graph, Knowing]:
    """A fit of one form, as a lock has it: nothing is chosen by what is known."""
    rung = next(one for one in rungs(program, snapshot) if (one.skeleton, dict(one.sizes)) == FORM)
    recipe = default_recipe(len(snapshot.rows(LEARN)), rung.work, load("skeletons", rung.skeleton))
    fitted = fit_once(program, snapshot, rung.graph, recipe, store)
    fitted, (known,) = calibrated(program, snapshot, fitted, store)
    return fitted.graph, known


WAYS: Final[dict[str, Way]] = {"settled": settled, "searched": searched}


def counted(
    way: Way, form: str, seed: int, goals: tuple[Goal, ...] = GOALS, rows: int = ROWS, fresh: int = FRESH
) -> Counted:
    """A program of the examples of this seed, and what it knows of others by the same rule."""
    program = program_of(form, goals)
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as place:
        store = Store(Path(place))
        graph, known = way(program, _frozen(store, program, form, seed, rows), store)
    kind = load("types", "record")
    asked = kind.encode(points(seed, rows + fresh)[rows:].tolist(), kind.options(columns=list(COLUMNS)))
    return Counted(
        known=int(ask_reference(graph, {"row": asked})["it_known"].sum()),
        fresh=fresh,
        calibrating=known.calibrating,
        unknown=known.unknown,
        wrong=known.wrong,
    )


def _frozen(store: Store, program: Program, form: str, seed: int, count: int) -> Snapshot:
    rows = points(seed, count)
    examples = [
        Example(
            id=digest("example", str(seed), str(n)),
            content=digest("content", str(seed), str(n)),
            inputs={"row": row.tolist()},
            labels={"it": label},
            columns={},
            name=f"row {n}",
        )
        for n, (row, label) in enumerate(zip(rows, labels_of(form, seed, rows), strict=True))
    ]
    return freeze(store, program, examples, {"it": NAMES if form == "labels" else ()}, f"commit {seed}")


def law_rows(form: str, programs: int) -> Iterator[Row]:
    """How many programs came to a coverage within the bands of its law, and the mean beside the law's, of each way."""
    for name, way in WAYS.items():
        yield from told(f"abstain/{form}/{name}", [counted(way, form, seed) for seed in range(programs)])


def told(name: str, found: Sequence[Counted]) -> Iterator[Row]:
    """The rows of these programs."""
    counts = sorted(one.calibrating for one in found)
    said = f"of {len(found)} programs: {counts[0]} to {counts[-1]} rows calibrate, {found[0].fresh:,} are counted"
    for band in BANDS:
        inside = mean(one.inside(band) for one in found)
        note = f"in the exact {band:.1%} band, {said}"
        yield Row(name=f"{name}/{band:.1%}", ours=inside, unit="share", better="more", note=note)
    faultless, wrong = [one for one in found if not one.wrong], [one for one in found if one.wrong]
    for part, some in {"coverage": found, "faultless": faultless, "wrong": wrong}.items():
        if some:
            shares, law = [one.known / one.fresh for one in some], mean(one.law for one in some)
            note = f"mean of {len(some)}, beside the law's; {min(shares):.4f} … {max(shares):.4f}"
            yield Row(name=f"{name}/{part}/law", ours=mean(shares), peer=law, unit="share", better="more", note=note)
