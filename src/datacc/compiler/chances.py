"""The chance of passing, before judge is asked: what the answers to tune, or out of fold, say of the goals."""

import math
from dataclasses import replace
from typing import Final

import numpy as np

from datacc.compiler.ask import Interpreted
from datacc.compiler.certify import chance_at
from datacc.compiler.checks import Trial
from datacc.compiler.learnt import Unlearnt, on_tune
from datacc.compiler.repeats import is_small
from datacc.goals import Figure, Metric, rate
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.spec.lock import may_learn_all
from datacc.spec.program import Goal, Program

ACCURACY: Final = "accuracy"


def chance(trial: Trial) -> float:
    """The chance, after a candidate's answers on tune, that judge certifies every goal (at least: goals share rows)."""
    failing = 0.0
    for goal in trial.program.goals:
        failing += 1 - _reaching(trial, trial.figures[goal.metric], goal)
    return max(0.0, 1 - failing)


def _reaching(trial: Trial, seen: Figure, goal: Goal) -> float:
    """The chance that judge certifies one goal, after a figure on tune."""
    judged = round(len(trial.snapshot.rows(JUDGE)) * seen.total / max(1, len(trial.rows)))
    return chance_at(seen, judged, goal.limit)


def score(trial: Trial, seen: Figure) -> float:
    """What candidates are ranked by, the more the better: the share of right answers, `seen`, unless a goal asks for
    another share that these answers can measure, such as an area under a curve."""
    for goal in trial.program.goals[:1]:
        metric: Metric = load("goals", goal.metric)
        if not (metric.exact or metric.at_most or metric.amount):
            return metric.value(trial.truth, trial.said, None)
    return seen.value


def trial_of(program: Program, snapshot: Snapshot, graph: Graph, unlearnt: Unlearnt | None = None) -> Trial:
    """A candidate as goals and checks look at it: by what is answered to rows that were not learnt.

    Without `unlearnt` these are those of tune, and the reference interpreter answers.
    """
    (output,) = program.outputs
    native = Interpreted(graph)
    seen = unlearnt or on_tune(snapshot, native)
    return Trial(
        program=program,
        snapshot=snapshot,
        field=output.name,
        native=native,
        rows=seen.rows,
        truth=snapshot.labels[output.name][seen.rows],
        told=seen.answers,
    )


def in_folds(program: Program, snapshot: Snapshot, *, asked: bool, cheap: bool = False) -> bool:
    """Whether candidates are scored out of fold: of few examples of one label.

    `asked`: somebody set a goal, `cheap`: a fit takes a second or so at most.
    """
    several = len(np.unique(snapshot.groups[snapshot.splits != JUDGE])) > 1
    return may_learn_all(program) and several and is_small(snapshot, asked=asked, cheap=cheap)


def passing_chance(trial: Trial, seen: Figure, *, folded: bool) -> float:
    """The chance that judge certifies every goal. Of few examples, folds tell more of accuracy than tune does."""
    program, snapshot = trial.program, trial.snapshot
    if not folded:
        return chance(trial)
    others = tuple(goal for goal in program.goals if goal.metric != ACCURACY)
    rest = chance(replace(trial, program=replace(program, goals=others)))
    return max(0.0, _accurate(program, snapshot, seen) + rest - 1)


def outlook(trial: Trial, seen: Figure, left: float) -> float:
    """The chance with that share of the errors: of what lies between each figure and a faultless one.

    Who can tell for a rate that is not of right answers, such as a coverage?
    """
    errors = math.floor(left * (seen.total - seen.right))
    chances = [_accurate(trial.program, trial.snapshot, rate(seen.total - errors, seen.total))]
    for goal in trial.program.goals:
        found = trial.figures[goal.metric]
        if found.spread is None:
            continue
        best = 0.0 if found.at_most else 1.0
        better = best + left * (found.value - best)
        chances.append(_reaching(trial, replace(found, value=better, spread=math.sqrt(left) * found.spread), goal))
    return min(chances)


def _accurate(program: Program, snapshot: Snapshot, seen: Figure) -> float:
    """The chance that judge certifies the accuracy asked for, 1 where none is."""
    asked = [goal.limit for goal in program.goals if goal.metric == ACCURACY]
    return min((chance_at(seen, len(snapshot.rows(JUDGE)), at_least) for at_least in asked), default=1.0)
