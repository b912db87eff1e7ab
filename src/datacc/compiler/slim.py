"""Takes channels out of a built program until it costs no more than is asked, and fits briefly what is left."""

from pathlib import Path

from datacc.compiler.build import Order, build
from datacc.compiler.family import Family, family_of
from datacc.compiler.price import over_budget
from datacc.compiler.report import Report
from datacc.compiler.search import Announce
from datacc.compiler.shown import show_sizes
from datacc.compiler.sisters import widest_within
from datacc.compiler.verdict import Costs
from datacc.errors import BudgetError, UsageError
from datacc.skeletons import Sizes
from datacc.spec.program import Budget, Program
from datacc.store import Store


def slim(folder: Path, program: Program, root: Path, store: Store, limits: Budget, announce: Announce) -> Report:
    """Build `program` with the artifact in `folder` as parent, as wide as `limits` allow.

    Raises `UsageError` when it costs no more already, `BudgetError` when no width is narrow enough, and what
    `family_of` and `build` raise.
    """
    family = family_of(folder, program, root, store)
    if not over_budget(limits, family.report.costs):
        what = f"it needs no more than that already: {_needs(family.report.costs, limits)}"
        raise UsageError(what, where=str(folder), tries=["ask for less", "datacc grow"])
    lock = family.lock(narrower(family, limits))
    return build(program, root, Order(lock=lock, parents=folder), announce)


def narrower(family: Family, limits: Budget) -> Sizes:
    """The sizes of the widest sister within `limits`. Raises `BudgetError` when none is."""
    within = widest_within(family.widest, lambda width: not over_budget(limits, family.costs(family.scaled(width))))
    if within:
        return family.scaled(within)
    smallest = family.scaled(1)
    overs = over_budget(limits, family.costs(smallest))
    needs = " and ".join(over.needs for over in overs)
    what = f"even the narrowest, {family.skeleton} with {show_sizes(smallest)}, needs {needs}"
    tries = " ".join(f'--{over.name} "{over.shown}"' for over in overs)
    raise BudgetError(what, where=str(family.folder), tries=[f"datacc slim {tries}", "datacc build --search"])


def _needs(costs: Costs, limits: Budget) -> str:
    pairs = (
        (limits.work, f"{costs.work:,} multiply-adds"),
        (limits.size, f"{costs.size:,} bytes"),
        (limits.memory, f"{costs.memory:,} bytes of memory"),
    )
    return ", ".join(text for limit, text in pairs if limit is not None)
