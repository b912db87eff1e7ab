"""Where nothing on a ladder meets the budget: the nearest candidate, narrower, or the error that names it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.attempts import Attempts, Rung
from datacc.compiler.price import Over, over_budget
from datacc.compiler.sisters import scaled, widest_within, widths_of
from datacc.errors import BudgetError
from datacc.ir.cost import work
from datacc.repo.snapshot import Snapshot
from datacc.spec.lines import place
from datacc.spec.program import Program

NARROWED: Final = "every candidate breaks the budget; the nearest was made narrower, as far as that needed"


def reaching(
    program: Program, snapshot: Snapshot, ladder: list[Rung], attempts: Attempts
) -> tuple[list[Rung], tuple[str, ...]]:
    """The ladder, cheapest first, of which something meets the budget, and what is to be said of it.

    Raises `BudgetError` where nothing can: the narrowest form of the nearest rung is beyond it, too, or no rung has
    channels to take out.
    """
    if any(attempts.fits(rung) for rung in ladder):
        return ladder, ()
    return sorted((*_sisters(program, snapshot, ladder, attempts), *ladder), key=lambda rung: rung.work), (NARROWED,)


def _sisters(program: Program, snapshot: Snapshot, ladder: Sequence[Rung], attempts: Attempts) -> list[Rung]:
    """Narrower sisters of the rung that is nearest to the budget; one of them, the widest that can, is within it."""
    nearest = sorted(ladder, key=lambda rung: max(over.ratio for over in _overs(program, rung, attempts)))
    for rung in nearest:
        widths = widths_of(program, snapshot, rung.skeleton, rung.sizes)
        if widths:
            break
    else:
        raise _nothing_fits(program, "the nearest", nearest[0], attempts)
    sisters: dict[int, Rung] = {}

    def fits(width: int) -> bool:
        sizes = scaled(rung.sizes, widths, width)
        graph = skeleton_graph(program, snapshot, rung.skeleton, sizes)
        sisters[width] = replace(rung, sizes=sizes, graph=graph, work=work(graph))
        return attempts.fits(sisters[width])

    if not fits(1):
        raise _nothing_fits(program, "even the narrowest", sisters[1], attempts)
    widest_within(max(rung.sizes[name] for name in widths), fits)
    return list(sisters.values())


def _overs(program: Program, rung: Rung, attempts: Attempts) -> tuple[Over, ...]:
    return over_budget(program.budget, attempts.costs(rung))


def _nothing_fits(program: Program, which: str, rung: Rung, attempts: Attempts) -> BudgetError:
    overs = _overs(program, rung, attempts)
    sizes = ", ".join(f"{name} = {size}" for name, size in rung.sizes.items())
    return BudgetError(
        f"no skeleton meets the budget; {which}, {rung.skeleton} with {sizes}, needs "
        + " and ".join(over.text for over in overs),
        where=place(program, "budget", overs[0].name),
        tries=[over.fix for over in overs],
    )
