"""The search beside an exhaustive sweep: what its program costs over the cheapest that will do, and what it fitted.

The sweep fits every candidate to the end; the cheapest that is likely to pass, seen from tune, is what the search
should find: as likely as a bound holds, though a sweep, which chooses among all, should ask for more.
"""

import time
from collections.abc import Iterator

from datacc.compiler.attempts import Attempt
from datacc.compiler.chances import chance, trial_of
from datacc.compiler.fitting import fit_once
from datacc.compiler.recipe import default_recipe
from datacc.compiler.search import rungs, search
from datacc.repo.snapshot import LEARN
from datacc.spec.bounds import CONFIDENCE

from .build_sets import MOST, BuildSet
from .rows import Row


def rows(data: BuildSet) -> Iterator[Row]:
    """Cost over the cheapest, and share of the sweep's fitting: of its time, and of its multiply-adds."""
    learnt, able, swept, counted = len(data.snapshot.rows(LEARN)), [], 0.0, 0
    store = data.store("sweep", fresh=True)
    for rung in (one for one in rungs(data.program, data.snapshot) if one.work <= MOST):
        recipe = default_recipe(learnt, rung.work)
        started = time.perf_counter()
        fitted = fit_once(data.program, data.snapshot, rung.graph, recipe, store)
        swept += time.perf_counter() - started
        counted += rung.work * learnt * recipe.epochs
        if chance(trial_of(data.program, data.snapshot, fitted.graph)) >= CONFIDENCE:
            able.append(rung)
    tried: list[Attempt] = []
    began: list[float] = []
    ended: list[float] = []

    def tell(attempt: Attempt) -> None:
        ended.append(time.perf_counter())
        tried.append(attempt)

    found = search(
        data.program, data.snapshot, data.store("search", fresh=True),
        chosen_goal=False, announce=lambda rung: began.append(time.perf_counter()), tell=tell,  # type: ignore[func-returns-value]
    )  # fmt: skip
    taken = sum(ended) - sum(began)
    share = sum(one.work for one in tried) / counted
    yield data.row(
        "search/fitting", taken / swept, unit="share", note=f"of a sweep's {swept:.1f} s; libraries linked before"
    )
    yield data.row("search/fitting_work", share, unit="share", note=f"of a sweep's {counted:.3g} multiply-adds")
    if not able:
        yield data.row("search/cost", 1.0, unit="×", note="nothing meets the goal in the sweep either")
        return
    ratio = found.rung.work / able[0].work
    note = f"{found.rung.title}; the cheapest of {len(able)} that will do: {able[0].title}"
    yield data.row("search/cost", ratio, unit="share", note=note)
