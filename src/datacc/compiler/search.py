"""The search: up the ladder from cheap to dear, past what breaks the budget, to the first that reaches the goal."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from datacc.compiler.ask import Interpreted, counted
from datacc.compiler.assemble import ladders, skeleton_graph
from datacc.compiler.begin import Begun
from datacc.compiler.certify import LIKELY, chance_of
from datacc.compiler.checks import Trial, all_promising
from datacc.compiler.fitting import fit_once
from datacc.compiler.halves import selecting
from datacc.compiler.knowing import Knowing, calibrated
from datacc.compiler.price import over_budget, price
from datacc.compiler.recipe import default_recipe
from datacc.compiler.report import Candidate
from datacc.compiler.verdict import Costs
from datacc.compiler.widths import Narrower
from datacc.errors import BudgetError
from datacc.fit import Fitted, Recipe, Watch
from datacc.goals import Figure, Metric, least
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.spec.bounds import needed_right
from datacc.spec.lines import place
from datacc.spec.program import Program
from datacc.store import Store

# Rungs in a row without a real gain on tune that end the search: one more where somebody asked for a goal.
FLOOR_PATIENCE: Final = 2
GOAL_PATIENCE: Final = 3
DEAR: Final = 10**11  # multiply-adds of a fit, about a minute: not spent without a gain before, unless for a goal


@dataclass(frozen=True, kw_only=True, eq=False)
class Rung:
    """One candidate before it is fitted: skeleton, sizes, its Graph with holes, and its multiply-adds."""

    skeleton: str
    sizes: Mapping[str, int]
    graph: Graph
    work: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """What was settled on: a rung, how it was fitted, what came out, everything that was tried, and what it knows.

    `parent` is the digest of the Graph that the fit went on from, None for nothing; `said` tells people why. `begun` is
    there when that Graph had other widths; `narrower` are the widths of the program below 1.
    """

    rung: Rung
    recipe: Recipe
    fitted: Fitted
    tried: tuple[Candidate, ...]
    parent: str | None = None
    said: tuple[str, ...] = ()
    known: tuple[Knowing, ...] = ()
    begun: Begun | None = None
    narrower: tuple[Narrower, ...] = ()


Announce = Callable[[Rung], Watch | None]


def search(program: Program, snapshot: Snapshot, store: Store, *, chosen_goal: bool, announce: Announce) -> Choice:
    """The cheapest rung whose tune answers make passing likely; without one, the best on tune of those that pass the
    checks there, and of all when none does.

    It ends where tune no longer gains more than chance could give it: one standard error since the last gain. With
    `chosen_goal` (datacc set the goal itself, as a floor) that is the only end, and it comes sooner before dear fits.
    Raises `BudgetError` with the nearest rung when none can meet the budget; then nothing was fitted.
    """
    priced = [(rung, price(program, snapshot, rung.graph, store)) for rung in rungs(program, snapshot)]
    patience = FLOOR_PATIENCE if chosen_goal else GOAL_PATIENCE
    tried, best, level, since = [], None, -1.0, 0
    rank = (False, -1.0)  # of the best: whether its checks hold on tune, then its score
    for rung, costs in _within_budget(program, priced):
        rows = len(snapshot.rows(LEARN))
        recipe = default_recipe(rows, rung.work)
        if chosen_goal and since and rung.work * rows * recipe.epochs > DEAR:
            break
        fitted = fit_once(program, snapshot, rung.graph, recipe, store, watch=announce(rung))
        fitted, known = calibrated(program, snapshot, fitted, store)
        tried.append(candidate(rung, costs, fitted.tune))
        trial = trial_on_tune(program, snapshot, fitted.graph)
        here = (all_promising(trial), fitted.tune)
        one = Choice(rung=rung, recipe=recipe, fitted=fitted, tried=(), known=known)
        if here > rank:
            best, rank = one, here
        gained = fitted.tune > level + _standard_error(level, len(selecting(program, snapshot)))
        level, since = (fitted.tune, 0) if gained else (level, since + 1)
        if not chosen_goal and here[0] and promising(trial):
            best = one
            break
        if since >= patience or rank == (True, 1):
            break
    assert best is not None  # _within_budget gives at least one rung
    return replace(best, tried=_all_tried(program, priced, tried, best.rung))


def _standard_error(rate: float, rows: int) -> float:
    """Of a share measured on so many rows; 0 before anything was measured."""
    return math.sqrt(rate * (1 - rate) / rows) if rate > 0 else 0.0


def rungs(program: Program, snapshot: Snapshot) -> list[Rung]:
    """Every candidate, cheapest first by multiply-adds."""
    found = []
    for skeleton, sizes in ladders(program):
        graph = skeleton_graph(program, snapshot, skeleton, sizes)
        if program.widths and not any(dim for node in graph.weights for dim in node.dims):
            continue  # without channels it has one width
        found.append(Rung(skeleton=skeleton, sizes=sizes, graph=graph, work=work(graph)))
    return sorted(found, key=lambda rung: (rung.work, rung.skeleton))


def candidate(rung: Rung, costs: Costs, tune: float | None, note: str = "") -> Candidate:
    """The row of a rung in the report."""
    return Candidate(
        skeleton=rung.skeleton,
        sizes=dict(rung.sizes),
        work=costs.work,
        size=costs.size,
        memory=costs.memory,
        tune=tune,
        note=note,
    )


def promising(trial: Trial) -> bool:
    """Whether, after a candidate's answers on tune, reaching every goal on judge is likely."""
    for goal in trial.program.goals:
        metric: Metric = load("goals", goal.metric)
        seen = metric.measure(trial.truth, counted(metric, trial.answers, trial.field), None)
        judged = round(len(trial.snapshot.rows(JUDGE)) * seen.total / max(1, len(trial.rows)))
        if not _likely(seen, judged, least(goal.limit, at_most=metric.at_most)):
            return False
    return True


def trial_on_tune(program: Program, snapshot: Snapshot, graph: Graph) -> Trial:
    """A candidate as goals and checks look at it: by the reference interpreter, on tune."""
    (output,) = program.outputs
    rows = snapshot.rows(TUNE)
    return Trial(
        program=program,
        snapshot=snapshot,
        field=output.name,
        native=Interpreted(graph),
        rows=rows,
        truth=snapshot.labels[output.name][rows],
    )


def _likely(seen: Figure, judge_rows: int, at_least: float) -> bool:
    wanted = needed_right(judge_rows, at_least)
    return wanted is not None and chance_of(wanted, judge_rows, seen) >= LIKELY


def _within_budget(program: Program, priced: Iterable[tuple[Rung, Costs]]) -> list[tuple[Rung, Costs]]:
    """The rungs that can meet size, memory and work. Raises `BudgetError` that names the nearest."""
    priced = list(priced)
    fitting = [(rung, costs) for rung, costs in priced if not over_budget(program.budget, costs)]
    if fitting:
        return fitting
    rung, costs = min(priced, key=lambda pair: max(over.ratio for over in over_budget(program.budget, pair[1])))
    overs = over_budget(program.budget, costs)
    sizes = ", ".join(f"{name} = {size}" for name, size in rung.sizes.items())
    raise BudgetError(
        f"no skeleton meets the budget; the nearest, {rung.skeleton} with {sizes}, needs "
        + " and ".join(over.text for over in overs),
        where=place(program, "budget", overs[0].name),
        tries=[over.fix for over in overs],
    )


def _all_tried(
    program: Program, priced: Iterable[tuple[Rung, Costs]], fitted: list[Candidate], chosen: Rung
) -> tuple[Candidate, ...]:
    """Every rung in order of work: fitted, over budget, or not tried; the chosen one marked."""
    scores = {(one.skeleton, tuple(one.sizes.items())): one.tune for one in fitted}
    rows = []
    for rung, costs in priced:
        tune = scores.get((rung.skeleton, tuple(rung.sizes.items())))
        overs = over_budget(program.budget, costs)
        note = "over budget: " + " and ".join(over.text for over in overs) if overs else ""
        note = note or ("not tried" if tune is None else "")
        rows.append(replace(candidate(rung, costs, tune, note), chosen=rung is chosen))
    return tuple(rows)
