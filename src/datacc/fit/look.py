"""What a fitted Graph says of rows, by the back end that fitted it: many times as fast as the reference interpreter."""

import numpy as np
from numpy.typing import NDArray

from datacc.fit import BackEnd, Examples, Recipe
from datacc.fit._statistics import features_of
from datacc.fit.initial import opened
from datacc.fit.objective import OBJECTIVES
from datacc.ir.graph import Graph


def features(
    back_end: BackEnd, graph: Graph, fitted: Graph, recipe: Recipe, examples: Examples, learnt: int
) -> NDArray[np.float32]:
    """The features (N, K) of N examples by `fitted`, which is `graph` after a fit by `recipe` to so many `learnt` rows.

    They are what the loss reads, as rounded as the back end rounds. Raises `GraphError` as the fit would.
    """
    batch = min(recipe.batch, learnt)
    form = opened(graph, None, batch)
    values = {hole.name: fitted.by_name[hole.name].value for hole in form.holes}
    known = {name: value for name, value in values.items() if value is not None}
    (count,) = form.by_name[form.loss].type.shape
    loss = OBJECTIVES[examples.form].loss(count, recipe.smoothing)
    return features_of(back_end.open(form, loss, recipe, known, batch), form, known, examples)
