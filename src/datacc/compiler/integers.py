"""A fitted Graph of floats as one of integers: ranges from learn, limits chosen on tune, a fine-tune if needed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from datacc.compiler.ask import ask_reference
from datacc.compiler.calibrate import calibrate
from datacc.compiler.grid import Ranges
from datacc.compiler.quantise import quantise, rounding
from datacc.compiler.simplify import folded, simplify
from datacc.fit import Examples, Fitted, Recipe, Rounding
from datacc.fit.objective import objective_of
from datacc.frozen import frozen
from datacc.ir.graph import Graph

SHARES: Final = (1.0, 0.9999, 0.999)  # of the values seen that lie within a grid
TUNE_ROWS: Final = 2000  # that the choice between them is made on
LOST: Final = 0.003  # of right answers on tune, against floats: what is worth a fine-tune
EPOCHS: Final = 0.25  # of the fit's, for a fine-tune
RATE: Final = 0.05

Refit = Callable[[Graph, Recipe, Rounding], Fitted]  # fits the weights of a Graph on, rounded as it says


@frozen(eq=False)
class Candidate:
    """An integer Graph, the ranges it was made with, how right it is on tune, and what fine-tuned it."""

    graph: Graph
    ranges: Ranges
    right: float
    by: str = ""


def as_integers(fitted: Fitted, learn: Examples, tune: Examples, output: str, refit: Refit, recipe: Recipe) -> Fitted:
    """The integer Graph that answers `output` right on most tune rows; where there are none, on most of learn.

    `floats` is what it was made of. Limits that cover everything come first, narrower ones only win by being better.
    When even the best loses more than 0.3 points against floats, its weights are fitted on for a while, rounded as they
    will be (`recipe` is that of the fit).
    """
    seen = tune if len(tune) else learn
    rows = seen.rows(np.arange(min(len(seen), TUNE_ROWS)))
    plain = right(fitted.graph, rows, output)
    best = max((_calibrated(fitted.graph, learn, rows, output, share) for share in SHARES), key=lambda one: one.right)
    if plain - best.right > LOST:
        tuned = _tuned(fitted, best, rows, output, refit, _gentle(recipe))
        best = max(best, tuned, key=lambda one: one.right)
    score = best.right if len(rows) == len(tune) else right(best.graph, tune, output)
    by = fitted.by if best.by in ("", fitted.by) else f"{fitted.by}, {best.by}"
    return replace(fitted, graph=best.graph, tune=score, by=by, floats=fitted.graph)


def _calibrated(graph: Graph, learn: Examples, tune: Examples, output: str, share: float) -> Candidate:
    simple = simplify(graph)
    ranges = calibrate(simple, learn.inputs, share)
    whole = quantise(simple, ranges)
    return Candidate(graph=whole, ranges=ranges, right=right(whole, tune, output))


def _tuned(fitted: Fitted, best: Candidate, tune: Examples, output: str, refit: Refit, recipe: Recipe) -> Candidate:
    """The candidate after a fine-tune on its own grids."""
    rounded = rounding(simplify(fitted.graph), best.ranges)
    again = refit(folded(fitted.graph), recipe, rounded)
    whole = quantise(simplify(again.graph), best.ranges)
    return Candidate(graph=whole, ranges=best.ranges, right=right(whole, tune, output), by=again.by)


def _gentle(recipe: Recipe) -> Recipe:
    return replace(recipe, epochs=max(1, round(recipe.epochs * EPOCHS)), rate=recipe.rate * RATE, smoothing=0.0)


def right(graph: Graph, tune: Examples, output: str) -> float:
    """The share of tune rows that the Graph answers right, or what its form counts instead; 0 of none."""
    if not len(tune):
        return 0.0
    answers = ask_reference(graph, tune.inputs)[output].reshape(tune.targets.shape)
    return objective_of(tune).agreement(answers, tune.targets)
