"""The search: from candidates that the types allow to the one that is built, within the budget and for the goal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from datacc.compiler.ask import Interpreted, counted
from datacc.compiler.assemble import ladders, skeleton_graph
from datacc.compiler.attempts import SHORT, WHOLE, Announce, Attempt, Attempts, Rung, Tell, Wish, shortened, unheard
from datacc.compiler.begin import Begun
from datacc.compiler.certify import chance_of
from datacc.compiler.checks import Trial, all_promising
from datacc.compiler.fitting import fit_once
from datacc.compiler.halves import selecting
from datacc.compiler.halving import best, cheapest, frontier, knee
from datacc.compiler.knowing import Knowing, calibrated
from datacc.compiler.price import over_budget, price
from datacc.compiler.recipe import default_recipe
from datacc.compiler.repeats import is_small, repeated
from datacc.compiler.report import Candidate
from datacc.compiler.verdict import Costs
from datacc.compiler.widths import Narrower
from datacc.errors import BudgetError
from datacc.fit import Fitted, Recipe
from datacc.goals import Figure, Metric, least, rate
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.spec.bounds import needed_right
from datacc.spec.lines import place
from datacc.spec.program import Program
from datacc.store import Store

ACCURACY: Final = "accuracy"
LIKELY: Final = (
    0.95  # the chance of passing, seen from tune, that is good enough: the best of many is less good elsewhere
)
CHEAP: Final = 2 * 10**10  # multiply-adds of the dearest fit, a second or so, up to which there are no shorter trials

__all__ = ["Announce", "Choice", "Rung", "candidate", "promising", "rungs", "search", "trial_on_tune"]


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


def search(
    program: Program,
    snapshot: Snapshot,
    store: Store,
    *,
    chosen_goal: bool,
    announce: Announce,
    wish: Wish = "cheapest",
    tell: Tell = unheard,
) -> Choice:
    """The cheapest rung whose tune answers make passing likely; without one, the best on tune of those that pass the
    checks there, and of all when none does.

    With `chosen_goal` (datacc set the goal itself, as a floor) it is the one beyond which work gains no more than
    chance could. The wish "best" wants the most that the budget allows, "frontier" whole fits of all that are better
    than whatever is cheaper. `tell` hears of every attempt. Raises `BudgetError` with the nearest rung when none can
    meet the budget; then nothing was fitted.
    """
    ladder = rungs(program, snapshot)
    shortest = SHORT if _effort(snapshot, ladder[-1], WHOLE) > CHEAP else WHOLE
    attempts = _attempts(program, snapshot, store, announce, tell, shortest)
    if not any(attempts.fits(rung) for rung in ladder):
        raise _nothing_fits(program, ladder, attempts)
    scored = _scored(program, snapshot)
    if wish == "best":
        found = best(ladder, attempts)
    elif wish == "frontier":
        found = frontier(ladder, attempts, scored if chosen_goal else None)
    elif chosen_goal:
        found = knee(ladder, attempts, scored, lambda rung: _effort(snapshot, rung, WHOLE))
    else:
        found = cheapest(ladder, attempts, scored)
    tried = tuple(_row(rung, attempts, chosen=rung is found.rung) for rung in ladder)
    return Choice(rung=found.rung, recipe=found.recipe, fitted=found.fitted, tried=tried, known=found.known)


def _attempts(
    program: Program, snapshot: Snapshot, store: Store, announce: Announce, tell: Tell, shortest: float
) -> Attempts:
    """How the candidates of these examples are priced and fitted, for the share `shortest` of their recipe at least."""

    def attempt(rung: Rung, asked: float) -> Attempt:
        share = max(asked, shortest)
        recipe = _recipe(snapshot, rung, share)
        fitted = fit_once(program, snapshot, rung.graph, recipe, store, watch=announce(rung))
        seen = _seen(program, snapshot, fitted, rung.graph, recipe, store)
        fitted, known = calibrated(program, snapshot, fitted, store)
        trial = trial_on_tune(program, snapshot, fitted.graph)
        sound = all_promising(trial)
        passes = sound and _passes(trial, seen)
        return Attempt(
            rung=rung,
            share=share,
            recipe=recipe,
            fitted=fitted,
            score=seen.value,
            sound=sound,
            promising=passes,
            hopeful=lambda left: passes or _hopeful(program, snapshot, seen, left),
            work=_effort(snapshot, rung, share),
            known=known,
            tune=fitted.tune,
        )

    return Attempts(program.budget, lambda rung: price(program, snapshot, rung.graph, store), attempt, tell)


def _recipe(snapshot: Snapshot, rung: Rung, share: float) -> Recipe:
    return shortened(default_recipe(len(snapshot.rows(LEARN)), rung.work, load("skeletons", rung.skeleton)), share)


def _effort(snapshot: Snapshot, rung: Rung, share: float) -> int:
    """The multiply-adds of a fit, forwards."""
    return rung.work * len(snapshot.rows(LEARN)) * _recipe(snapshot, rung, share).epochs


def rungs(program: Program, snapshot: Snapshot) -> list[Rung]:
    """Every candidate, cheapest first by multiply-adds."""
    found = []
    for skeleton, sizes in ladders(program):
        graph = skeleton_graph(program, snapshot, skeleton, sizes)
        if program.widths and not any(dim for node in graph.weights for dim in node.dims):
            continue  # without channels it has one width
        found.append(Rung(skeleton=skeleton, sizes=sizes, graph=graph, work=work(graph)))
    return sorted(found, key=lambda rung: (rung.work, rung.skeleton))


def candidate(rung: Rung, costs: Costs | None, tune: float | None, note: str = "") -> Candidate:
    """The row of a rung in the report."""
    return Candidate(
        skeleton=rung.skeleton,
        sizes=dict(rung.sizes),
        work=costs.work if costs else rung.work,
        size=costs.size if costs else None,
        memory=costs.memory if costs else None,
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


def _in_folds(program: Program, snapshot: Snapshot) -> bool:
    """Whether candidates are scored out of fold: of few examples, but never by those that calibrate."""
    return is_small(snapshot) and not any(output.abstains for output in program.outputs)


def _scored(program: Program, snapshot: Snapshot) -> int:
    """How many rows score a candidate."""
    known = int((snapshot.splits != JUDGE).sum())
    return known if _in_folds(program, snapshot) else len(selecting(program, snapshot))


def _seen(program: Program, snapshot: Snapshot, fitted: Fitted, graph: Graph, recipe: Recipe, store: Store) -> Figure:
    """Right answers to rows that were not learnt from: those of tune, or of few examples all, in folds."""
    if _in_folds(program, snapshot):
        return repeated(program, snapshot, graph, recipe, store)
    total = _scored(program, snapshot)
    return rate(round(fitted.tune * total), total)


def _passes(trial: Trial, seen: Figure) -> bool:
    """Whether reaching every goal is likely. Of few examples, folds tell more of accuracy than tune does."""
    program, snapshot = trial.program, trial.snapshot
    if not _in_folds(program, snapshot):
        return promising(trial)
    others = tuple(goal for goal in program.goals if goal.metric != ACCURACY)
    return _accurate(program, snapshot, seen) and promising(replace(trial, program=replace(program, goals=others)))


def _hopeful(program: Program, snapshot: Snapshot, seen: Figure, left: float) -> bool:
    """Whether that share of the errors would make passing likely. Who can tell for another goal than accuracy?"""
    errors = math.floor(left * (seen.total - seen.right))
    return _accurate(program, snapshot, rate(seen.total - errors, seen.total))


def _accurate(program: Program, snapshot: Snapshot, seen: Figure) -> bool:
    asked = [goal.limit for goal in program.goals if goal.metric == ACCURACY]
    return all(_likely(seen, len(snapshot.rows(JUDGE)), at_least) for at_least in asked)


def _likely(seen: Figure, judge_rows: int, at_least: float) -> bool:
    wanted = needed_right(judge_rows, at_least)
    return wanted is not None and chance_of(wanted, judge_rows, seen) >= LIKELY


def _nothing_fits(program: Program, ladder: Sequence[Rung], attempts: Attempts) -> BudgetError:
    """The error that names the rung that is nearest to the budget."""
    found = [(rung, over_budget(program.budget, attempts.costs(rung))) for rung in ladder]
    rung, overs = min(found, key=lambda pair: max(over.ratio for over in pair[1]))
    sizes = ", ".join(f"{name} = {size}" for name, size in rung.sizes.items())
    return BudgetError(
        f"no skeleton meets the budget; the nearest, {rung.skeleton} with {sizes}, needs "
        + " and ".join(over.text for over in overs),
        where=place(program, "budget", overs[0].name),
        tries=[over.fix for over in overs],
    )


def _row(rung: Rung, attempts: Attempts, *, chosen: bool) -> Candidate:
    """The row of a rung: fitted, for how long, over budget, or not tried."""
    longest, costs, overs = attempts.longest(rung), attempts.known_costs(rung), attempts.known_overs(rung)
    note = "not tried"
    if longest is not None:
        note = "" if longest.share == WHOLE else f"{longest.share:g} of a whole fit"
    elif overs:
        note = "over budget: " + " and ".join(over.text for over in overs)
    row = candidate(rung, costs, longest.score if longest else None, note)
    return replace(row, chosen=chosen, share=longest.share if longest else 1.0)
