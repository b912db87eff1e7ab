"""The search: from candidates that the types allow to the one that is built, within the budget and for the goal."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Final

from datacc.compiler.assemble import ladders, skeleton_graph
from datacc.compiler.attempts import (
    SHORT,
    WHOLE,
    Announce,
    Attempt,
    Attempts,
    Rung,
    Settings,
    Tell,
    Wish,
    shortened,
    unheard,
)
from datacc.compiler.begin import Begun
from datacc.compiler.below import reaching
from datacc.compiler.chances import in_folds, outlook, passing_chance, score, trial_of
from datacc.compiler.checks import all_promising
from datacc.compiler.fitting import fit_once
from datacc.compiler.halves import selecting
from datacc.compiler.halving import best, cheapest, frontier, knee, otherwise
from datacc.compiler.knowing import Knowing, as_known, calibrated
from datacc.compiler.learnt import Unlearnt, lessons
from datacc.compiler.margin import wanted_chance
from datacc.compiler.price import price
from datacc.compiler.recipe import default_recipe
from datacc.compiler.repeats import repeated
from datacc.compiler.report import Candidate
from datacc.compiler.verdict import Costs
from datacc.compiler.widths import Narrower
from datacc.fit import Fitted, Recipe
from datacc.frozen import frozen
from datacc.goals import rate
from datacc.ir.cost import work
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, LEARN, Snapshot
from datacc.spec.lock import ALL, Tutor
from datacc.spec.lock import LEARN as LEARN_ALONE
from datacc.spec.program import Program
from datacc.store import Store

CHEAP: Final = 2 * 10**10  # multiply-adds of the dearest fit, a second or so, up to which there are no shorter trials
CHEAPEST: Final = CHEAP // 4  # up to which some thousands of examples are scored in folds, too

__all__ = ["Announce", "Choice", "Rung", "candidate", "rungs", "search"]


@frozen(eq=False)
class Choice:
    """What was settled on: a rung, how it was fitted, what came out, everything that was tried, and what it knows.

    `parent` is the digest of the Graph that the fit went on from, None for nothing; `said` tells people why. `begun` is
    there when that Graph had other widths; `narrower` are the widths of the program below 1. `tutor` taught the fit,
    or, where it went on from a parent, the parent's. With `unlearnt`, what models of its form
    answered in folds, tune was learnt as well.
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
    tutor: Tutor | None = None
    unlearnt: Unlearnt | None = None

    @property
    def learnt(self) -> str:
        """What a lock says of it."""
        return LEARN_ALONE if self.unlearnt is None else ALL


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
    than whatever is cheaper. Few examples are scored in folds, and all but judge are learnt. `tell` hears of every
    attempt. Where no rung meets the budget the nearest is tried narrower. Raises `BudgetError` when that does not
    help; then nothing was fitted.
    """
    snapshot, ladder, brief, folded = _begun(program, snapshot, asked=not chosen_goal)
    attempts = _attempts(program, snapshot, store, announce, tell, brief=brief, folded=folded)
    ladder, said = reaching(program, snapshot, ladder, attempts)
    found = _found(program, snapshot, ladder, attempts, wish, asked=not chosen_goal, brief=brief, folded=folded)
    for one in attempts.all if wish == "frontier" else (found,):
        attempts.costs(one.rung)  # linked: what is shown of it, and what a build by the lock asks for
    tried = tuple(_row(rung, attempts, found) for rung in ladder)
    in_vain = wish == "cheapest" and not (chosen_goal or found.promising)
    return Choice(
        rung=found.rung,
        recipe=found.recipe,
        fitted=found.fitted,
        tried=tried,
        said=(*said, *((_told_of(attempts),) if in_vain else ())),
        known=found.known,
        tutor=_tutor(found),
        unlearnt=found.unlearnt,
    )


def _begun(program: Program, snapshot: Snapshot, *, asked: bool) -> tuple[Snapshot, list[Rung], bool, bool]:
    """The examples as fits take them, the candidates, whether fits take less than to compile them, and whether they
    are scored in folds; `asked`: somebody set the goal."""
    ladder = rungs(program, snapshot)
    effort = _effort(program, snapshot, ladder[-1], WHOLE)
    brief, folded = effort <= CHEAP, in_folds(program, snapshot, asked=asked, cheap=effort <= CHEAPEST)
    if not folded:
        return snapshot, ladder, brief, False
    whole = lessons(snapshot, ALL)
    return whole, rungs(program, whole), brief, True


def _told_of(attempts: Attempts) -> str:
    """What is said of a search that ended in vain."""
    rungs = {id(one.rung) for one in attempts.all}
    whole = {id(one.rung) for one in attempts.all if one.share >= WHOLE}
    return (
        f"no candidate reaches the goal with margin {attempts.all[0].how}; "
        f"tried: {len(rungs)}, to the end: {len(whole)}; "
        "this is the best of them, and datacc build --best spends more on it"
    )


def _found(
    program: Program,
    snapshot: Snapshot,
    ladder: Sequence[Rung],
    attempts: Attempts,
    wish: Wish,
    *,
    asked: bool,
    brief: bool,
    folded: bool,
) -> Attempt:
    """What is settled on; `asked`: somebody set the goal, `brief`: fits take less than to compile them."""
    scored = _scored(program, snapshot, folded=folded)
    if wish == "frontier":
        return frontier(ladder, attempts, None if asked else scored)
    if wish == "best":
        found = best(ladder, attempts)
    elif asked:
        teaching = not folded and program.outputs[0].form == "label"
        found = cheapest(ladder, attempts, scored, brief=brief, teaching=teaching)
    else:
        found = knee(ladder, attempts, scored, lambda rung: _effort(program, snapshot, rung, WHOLE), few=folded)
    enough = asked and wish == "cheapest" and found.promising
    if enough or not folded:
        return found
    return otherwise(found, attempts, load("skeletons", found.rung.skeleton).others)


def _attempts(
    program: Program, snapshot: Snapshot, store: Store, announce: Announce, tell: Tell, *, brief: bool, folded: bool
) -> Attempts:
    """How the candidates of these examples are priced and fitted; `brief`: whole at once, `folded`: scored in folds."""
    scored = _scored(program, snapshot, folded=folded)

    def attempt(rung: Rung, asked: float, tutor: Attempt | None, settings: Settings) -> Attempt:
        one, share = program.computed_in(rung.arithmetic), max(asked, WHOLE if brief else SHORT)
        recipe = replace(_recipe(program, snapshot, rung, share), **settings)
        by = None if tutor is None else tutor.fitted
        fitted = fit_once(one, snapshot, rung.graph, recipe, store, watch=announce(rung), tutor=by)
        told = repeated(program, snapshot, rung.graph, recipe, store) if folded else None
        seen, dealt = told or (rate(round(fitted.tune * scored), scored), ())
        fitted = replace(fitted, tune=seen.value) if folded else fitted
        fitted, known = calibrated(program, snapshot, fitted, store, next(iter(dealt), None))
        dealt = tuple(as_known(program, snapshot, answers, known) for answers in dealt)
        trial, *more = (trial_of(program, snapshot, fitted.graph, answers) for answers in dealt or (None,))
        return Attempt(
            rung=rung,
            share=share,
            recipe=recipe,
            fitted=fitted,
            score=fmean(score(each, seen) for each in (trial, *more)),
            sound=all_promising(trial),
            chance=passing_chance(trial, seen, folded=folded),
            outlook=lambda left: outlook(trial, seen, left),
            work=_effort(program, snapshot, rung, share),
            known=known,
            unlearnt=next(iter(dealt), None),
            tutor=tutor,
            settings=settings,
        )

    return Attempts(
        program.budget,
        lambda rung: price(program.computed_in(rung.arithmetic), snapshot, rung.graph, store),
        attempt,
        tell,
        lambda contenders: wanted_chance(contenders, scored, len(snapshot.rows(JUDGE))),
    )


def _recipe(program: Program, snapshot: Snapshot, rung: Rung, share: float) -> Recipe:
    rows, skeleton = len(snapshot.rows(LEARN)), load("skeletons", rung.skeleton)
    return shortened(default_recipe(rows, rung.work, skeleton, program), share)


def _effort(program: Program, snapshot: Snapshot, rung: Rung, share: float) -> int:
    """The multiply-adds of a fit, forwards."""
    return rung.work * len(snapshot.rows(LEARN)) * _recipe(program, snapshot, rung, share).epochs


def rungs(program: Program, snapshot: Snapshot) -> list[Rung]:
    """Every candidate, cheapest first by multiply-adds; of equals one of integers, which has fewer bytes."""
    found = []
    for skeleton, sizes in ladders(program):
        graph = skeleton_graph(program, snapshot, skeleton, sizes)
        if program.widths and not any(dim for node in graph.weights for dim in node.dims):
            continue  # without channels it has one width
        plain = Rung(skeleton=skeleton, sizes=sizes, graph=graph, work=work(graph))
        found += [replace(plain, arithmetic=name) for name in program.target.arithmetics]
    return sorted(found, key=lambda rung: (rung.work, rung.skeleton, rung.arithmetic == "float"))


def candidate(rung: Rung, costs: Costs | None, tune: float | None, note: str = "") -> Candidate:
    """The row of a rung in the report."""
    return Candidate(
        skeleton=rung.skeleton,
        sizes=dict(rung.sizes),
        work=costs.work if costs else rung.work,
        size=costs.size if costs else None,
        memory=costs.memory if costs else None,
        arithmetic=rung.arithmetic,
        tune=tune,
        note=note,
    )


def _scored(program: Program, snapshot: Snapshot, *, folded: bool) -> int:
    """How many rows score a candidate: those of tune that select, or out of fold all that judge does not hold."""
    return int((snapshot.splits != JUDGE).sum()) if folded else len(selecting(program, snapshot))


def _row(rung: Rung, attempts: Attempts, found: Attempt) -> Candidate:
    """The row of a rung: fitted, for how long, over budget, or not tried. A tutor, no candidate, has no score."""
    chosen, costs, overs = rung is found.rung, attempts.known_costs(rung), attempts.known_overs(rung)
    fitted = found if chosen else attempts.longest(rung)
    notes = []
    if overs:
        notes.append("over budget: " + " and ".join(over.text for over in overs))
        notes += [] if fitted is None else [f"fitted to teach: {fitted.score:.1%} {fitted.how}"]
        fitted = None
    elif fitted is None:
        notes.append("not tried")
    else:
        notes += [] if fitted.share == WHOLE else [f"{fitted.share:g} of a whole fit"]
        notes += [] if fitted.tutor is None else [f"taught by {fitted.tutor.rung.title}"]
        notes += [f"{name} {value:g}" for name, value in fitted.settings.items()]
    row = candidate(rung, costs, fitted.score if fitted else None, "; ".join(notes))
    row = replace(row, work=attempts.work(rung)) if fitted else row
    return replace(row, chosen=chosen, share=fitted.share if fitted else 1.0, how=found.how)


def _tutor(found: Attempt) -> Tutor | None:
    by = found.tutor
    if by is None:
        return None
    return Tutor(skeleton=by.rung.skeleton, sizes=dict(sorted(by.rung.sizes.items())), recipe=by.recipe.plain())
