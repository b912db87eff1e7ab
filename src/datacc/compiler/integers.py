"""A fitted Graph of floats as one of integers: ranges from learn, the limits that do best on tune."""

from dataclasses import replace
from typing import Final

import numpy as np

from datacc.compiler.ask import ask_reference
from datacc.compiler.calibrate import calibrate
from datacc.compiler.quantise import quantise
from datacc.compiler.simplify import simplify
from datacc.fit import Examples, Fitted
from datacc.ir.graph import Graph

SHARES: Final = (1.0, 0.9999, 0.999)  # of the values seen that lie within a grid
TUNE_ROWS: Final = 2000  # that the choice between them is made on


def as_integers(fitted: Fitted, learn: Examples, tune: Examples, output: str) -> Fitted:
    """The integer Graph that answers `output` right on most tune rows; `floats` is what it was made of.

    Limits that cover everything come first, narrower ones only win by being better.
    """
    rows = tune.rows(np.arange(min(len(tune), TUNE_ROWS)))
    best = max((_candidate(fitted.graph, learn, rows, output, share) for share in SHARES), key=lambda pair: pair[0])
    score = best[0] if len(rows) == len(tune) else right(best[1], tune, output)
    return replace(fitted, graph=best[1], tune=score, floats=fitted.graph)


def _candidate(graph: Graph, learn: Examples, tune: Examples, output: str, share: float) -> tuple[float, Graph]:
    simple = simplify(graph)
    whole = quantise(simple, calibrate(simple, learn.inputs, share))
    return right(whole, tune, output), whole


def right(graph: Graph, tune: Examples, output: str) -> float:
    """The share of tune rows that the Graph answers right; 0 of none."""
    if not len(tune):
        return 0.0
    answers = ask_reference(graph, tune.inputs)[output].reshape(-1)
    return float((answers == tune.targets).mean())
