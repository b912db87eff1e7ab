"""The path, end to end: source → snapshot → skeleton → fit → simplify → arrange → emit → link → judge → artifact."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from datacc.compiler.artifact import replacing
from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.attempts import Tell, Wish, unheard
from datacc.compiler.begin import begun_from
from datacc.compiler.cache import cache
from datacc.compiler.certify import certify, outlook
from datacc.compiler.chances import in_folds
from datacc.compiler.checks import what_runs
from datacc.compiler.finish import Decided, Printed, expecting, finish, printed, standing, told_in
from datacc.compiler.fitting import absent
from datacc.compiler.folds import unseen
from datacc.compiler.halves import selecting
from datacc.compiler.interval import interval_notes
from datacc.compiler.knowing import Knowing, as_known, calibrated
from datacc.compiler.learnt import Unlearnt, how_of, lessons
from datacc.compiler.noise import judge_noise
from datacc.compiler.onward import Onward, fit_on, keep_parent
from datacc.compiler.price import over_budget, price
from datacc.compiler.recipe import recipe_of
from datacc.compiler.repeats import is_small, right_of
from datacc.compiler.report import Report
from datacc.compiler.search import Announce, Choice, Rung, candidate, search
from datacc.compiler.suggest import suggest, suggested_within
from datacc.compiler.widths import fit_widths, unfilled
from datacc.errors import BudgetError, FitError, SpecError
from datacc.fit import Fitted, Watch
from datacc.frozen import frozen
from datacc.goals import rate
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.runtime.link import toolchain
from datacc.sources import Source
from datacc.spec.lock import ALL, RENEW, Lock, check_lock, read_lock, settled, shape_digest, write_lock
from datacc.spec.lock import FILE as LOCK_FILE
from datacc.spec.program import FILE, Goal, Program
from datacc.spec.write import program_toml
from datacc.store import Store, write_atomically

LOCK: Final = LOCK_FILE
_UNTOLD: Final = "no tune row chooses: the last weights are kept, and nothing tells how good they are"


@frozen
class Order:
    """How a build is wanted: at which revision, from nothing (`exact`), with a new search, and for what that looks.

    `lock` is obeyed instead of the one that stands beside `datacc.toml`. `parents` is the artifact that holds the
    parent which a lock names; left out, the one that this build replaces, and none when it is `exact`.
    """

    revision: str | None = None
    exact: bool = False
    search: bool = False
    wish: Wish = "cheapest"
    lock: Lock | None = None
    parents: Path | None = None


USUAL: Final = Order()


def build(
    program: Program, root: Path, order: Order = USUAL, announce: Announce = lambda rung: None, tell: Tell = unheard
) -> Report:
    """Build `program` in the folder `root` of its `datacc.toml`; leaves `build/<name>/` and the lock.

    One that misses leaves a lock where there was none, and a new parent where it was obeyed: labels may mend it without
    another search. It never replaces what another search chose. A program without a file (zero configuration) gets one.
    Where the artifact is already what would come out, file by file, it stands as it was judged. The report tells of
    a miss; nothing is raised. `announce(rung)` before each fit gives what watches it, `tell(attempt)` comes after it.
    """
    store = cache(root, fresh=order.exact)
    files = what_runs(program, root)
    source: Source = load("sources", program.source.type)
    snapshot = source.snapshot(program, root, order.revision, store)
    asked = program if program.goals else replace(program, goals=(floor_goal(program, snapshot),))
    chosen_goal = not program.goals
    anew, place = order.search or order.wish != "cheapest", root / "build" / program.name
    known = _known(root / LOCK, anew=anew)
    lock = None if anew else order.lock or known
    folded = in_folds(asked, snapshot, asked=not chosen_goal) if lock is None else lock.learnt == ALL
    warnings = certify(asked, snapshot, chosen_goal=chosen_goal, folded=folded)
    if lock is None:
        choice = search(asked, snapshot, store, chosen_goal=chosen_goal, announce=announce, wish=order.wish, tell=tell)
    else:
        allowed = replace(lock, parent=None) if order.exact else lock
        choice = obey(allowed, asked, snapshot, store, announce, order.parents or place)
    one = asked.computed_in(choice.rung.arithmetic)
    taught = lessons(snapshot, choice.learnt)
    choice = _with_widths(one, taught, choice, store, announce)
    fresh = replace(lock_of(asked, choice), parent=choice.parent or _kept(one, taught, choice, store))
    said = (*warnings, *judge_noise(asked, snapshot), *_said(one, snapshot, choice))
    decided = Decided(program=one, snapshot=snapshot, choice=choice, lock=fresh, warnings=said, checks=files)
    told = None if order.exact else told_in(place)
    report = _left(decided, root, source, store, place, told, searched=lock is None)
    if program.path is None:
        write_atomically(root / FILE, program_toml(asked).encode())
    renews = order.lock is None and known in (None, lock)  # what missed replaces no other choice
    if fresh != known and (report.verdict.holds or renews):
        write_lock(root / LOCK, fresh)
    return report


def _known(path: Path, *, anew: bool) -> Lock | None:
    """The lock at `path`; a damaged one is none where all is chosen `anew`. Raises `SpecError`."""
    try:
        return read_lock(path)
    except SpecError:
        if not anew:
            raise
        return None


def _left(
    decided: Decided, root: Path, source: Source, store: Store, place: Path, told: Report | None, *, searched: bool
) -> Report:
    """The report of the artifact in `place`: of the one that is there, and which `told` is of, or of another."""
    with expecting(decided, told) as expected:
        made = printed(decided)
        report = standing(made, told, place, searched=searched)
        if report is not None:
            return report
        with replacing(place) as folder:
            return finish(_with_suggestions(made, source, store), root, store, folder, place, expected)


def _with_widths(program: Program, snapshot: Snapshot, choice: Choice, store: Store, announce: Announce) -> Choice:
    """The choice, fitted for every width that is asked for."""
    rung = choice.rung

    def watch(width: float, form: Graph) -> Watch | None:
        sizes = {**rung.sizes, "percent": round(100 * width)}
        return announce(replace(rung, sizes=sizes, graph=form, work=work(form)))

    return replace(choice, narrower=fit_widths(program, snapshot, choice.fitted, choice.recipe, store, watch))


def _with_suggestions(made: Printed, source: Source, store: Store) -> Printed:
    """The same with what could be done about the examples, where there are no commits and it is cheap to know."""
    decided, choice = made.decided, made.decided.choice
    about = decided.program, decided.snapshot, choice.rung.graph, choice.recipe
    if source.has_commits or not suggested_within(*about):
        return made
    try:
        found = suggest(*about, store)
    except FitError:  # of a part of the examples; the program itself is fitted, and is what counts
        return made
    return replace(made, decided=replace(decided, suggestions=found))


def _said(program: Program, snapshot: Snapshot, choice: Choice) -> tuple[str, ...]:
    """What is to be said of the fit that was chosen."""
    slow = unfilled({one.width: one.fitted.as_fitted for one in choice.narrower})
    return (
        *absent(lessons(snapshot, choice.learnt)),
        *choice.fitted.warnings,
        *choice.said,
        *_outgrown(snapshot, choice),
        *slow,
        *_outlook(program, snapshot, choice),
    )


def _outgrown(snapshot: Snapshot, choice: Choice) -> tuple[str, ...]:
    """A word where a lock of few examples is obeyed by many."""
    if choice.unlearnt is None or is_small(snapshot, asked=False, cheap=True):
        return ()
    rows = len(choice.unlearnt.rows)
    return (
        f"datacc.lock is of few examples: of {rows:,}, datacc build --search leaves some to tune, and needs no folds",
    )


def _kept(program: Program, snapshot: Snapshot, choice: Choice, store: Store) -> str | None:
    """The digest of what was fitted from nothing, kept for later fits to go on from; None when not worth it."""
    return keep_parent(program, snapshot, choice.rung.graph, choice.recipe, choice.fitted, store)


def _outlook(program: Program, snapshot: Snapshot, choice: Choice) -> tuple[str, ...]:
    """Warnings when answers to what was not learnt make passing unlikely."""
    told = choice.unlearnt
    rows = len(selecting(program, snapshot) if told is None else told.rows)
    # Out of fold as the report counts them, in one dealing.
    seen = right_of(program, snapshot, told) if told else rate(round(choice.fitted.tune * rows), rows)
    said = outlook(program, seen, len(snapshot.rows(JUDGE)), how_of(told)) if rows else _UNTOLD
    notes = (note for known in choice.known for note in known.notes)
    return (*((said,) if said else ()), *notes, *interval_notes(program, snapshot, choice.fitted.graph))


def floor_goal(program: Program, snapshot: Snapshot) -> Goal:
    """The least that a program must reach to be worth anything: more than always giving the commonest answer.

    Of labels the share of that answer in learn and tune, rounded up to whole percents; a number must explain more of
    the variance than the mean does, which explains nothing.
    """
    (output,) = program.outputs
    if output.form == "number":
        return Goal(metric="r2", limit=0.01)
    known = snapshot.labels[output.name][snapshot.splits != JUDGE]
    share = np.unique(known, axis=0, return_counts=True)[1].max() / len(known)
    return Goal(metric="accuracy", limit=min(math.floor(share * 100 + 1) / 100, 0.99))


def obey(lock: Lock, program: Program, snapshot: Snapshot, store: Store, announce: Announce, parents: Path) -> Choice:
    """What the lock says, fitted to what it says; on from its parent, which the artifact in `parents` may hold.

    Raises `SpecError` when the lock is another program's or damaged, `BudgetError` when what it chose is too dear.
    """
    check_lock(lock, program)
    program, snapshot = settled(program, lock), lessons(snapshot, lock.learnt)
    graph = _form(lock, program, snapshot)
    arithmetic = program.target.arithmetic
    rung = Rung(skeleton=lock.skeleton, sizes=lock.sizes, graph=graph, work=work(graph), arithmetic=arithmetic)
    costs = price(program, snapshot, graph, store)
    overs = over_budget(program.budget, costs)
    if overs:
        what = "what it chose needs " + " and ".join(over.text for over in overs)
        raise BudgetError(what, where=LOCK, tries=[RENEW, *(over.fix for over in overs)])
    recipe = recipe_of(lock.recipe, LOCK)
    watch, by = announce(rung), program.backend or lock.toolchain.get("fit")
    begun = begun_from(lock.parent, parents, program, snapshot, graph, store)
    if begun is None:
        found = fit_on(program, snapshot, graph, recipe, lock, store, watch)
    else:
        fitted = begun.fit(program, snapshot, recipe, store, watch, by)
        found = Onward(fitted=fitted, parent=lock.parent, said=())
    unlearnt = unseen(program, snapshot, graph, recipe, store, asked=by) if lock.learnt == ALL else None
    fitted, known, unlearnt = _calibrated(program, snapshot, found.fitted, store, unlearnt)
    row = replace(candidate(rung, costs, fitted.tune, "as datacc.lock says"), how=how_of(unlearnt), chosen=True)
    return Choice(
        rung=rung,
        recipe=recipe,
        fitted=fitted,
        tried=(row,),
        parent=found.parent,
        said=found.said if begun is None else begun.told(program, snapshot, fitted.graph, store),
        known=known,
        begun=begun,
        tutor=lock.tutor if begun is None else None,
        unlearnt=unlearnt,
    )


def _calibrated(
    program: Program, snapshot: Snapshot, fitted: Fitted, store: Store, unlearnt: Unlearnt | None
) -> tuple[Fitted, tuple[Knowing, ...], Unlearnt | None]:
    """What was fitted, calibrated; with what was answered out of fold, calibrated too, which says how good it is."""
    fitted, known = calibrated(program, snapshot, fitted, store, unlearnt)
    if unlearnt is None:
        return fitted, known, None
    fitted = replace(fitted, tune=right_of(program, snapshot, unlearnt).value)
    return fitted, known, as_known(program, snapshot, unlearnt, known)


def _form(lock: Lock, program: Program, snapshot: Snapshot) -> Graph:
    """The Graph to fit. Raises `SpecError` for sizes that the skeleton cannot have."""
    try:
        return skeleton_graph(program, snapshot, lock.skeleton, lock.sizes)
    except SpecError as error:
        raise SpecError(error.what, where=LOCK, tries=[RENEW]) from error


def lock_of(program: Program, choice: Choice) -> Lock:
    """The lock that repeats this choice."""
    return Lock(
        program=shape_digest(program),
        skeleton=choice.rung.skeleton,
        sizes=dict(choice.rung.sizes),
        recipe=choice.recipe.plain(),
        toolchain={**toolchain(), "fit": choice.fitted.by},
        parent=choice.parent,
        tutor=choice.tutor,
        learnt=choice.learnt,
        arithmetic=choice.rung.arithmetic if len(program.target.arithmetics) > 1 else None,
    )
