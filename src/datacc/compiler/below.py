"""Where nothing on a ladder meets the budget: the nearest candidate, narrower, or the error that names it."""

from collections.abc import Sequence
from dataclasses import replace

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.attempts import Attempts, Rung
from datacc.compiler.price import Over, over_budget
from datacc.compiler.sisters import scaled, widest_within, widths_of
from datacc.errors import BudgetError
from datacc.ir.cost import work
from datacc.repo.snapshot import Snapshot
from datacc.spec.lines import place
from datacc.spec.program import Program


def below(program: Program, snapshot: Snapshot, ladder: Sequence[Rung], attempts: Attempts) -> list[Rung]:
    """Narrower sisters of the rung that is nearest to the budget; one of them, the widest that can, is within it.

    Raises `BudgetError` when the narrowest is beyond it, too, or no rung has channels to take out.
    """
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
