"""Small fits through the driver, by the back end that needs nothing and by torch."""

from typing import Any

import pytest

from datacc.fit import BackEnd, Examples, Fitted, Recipe
from datacc.fit.driver import fit
from datacc.fit.torch import ENTRY as TORCH
from tests.fit.fakes import Fake
from tests.fit.sets import row_graph

RECIPE = Recipe(epochs=12, batch=16, rate=0.3, threads=1, smoothing=0.0)
BOTH = pytest.mark.parametrize("back_end", [Fake(), TORCH], ids=["fake", "torch"])


def fitted(learn: Examples, tune: Examples, back_end: BackEnd | None = None, **more: Any) -> Fitted:
    graph = row_graph(learn, depth=more.pop("depth", 0))
    return fit(back_end or Fake(), graph, learn, tune, more.pop("recipe", RECIPE), more.pop("seed", 0), **more)
