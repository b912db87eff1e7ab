"""Widens a built program without changing an answer, and fits it on to the examples of now."""

import math
from pathlib import Path
from typing import Final

from datacc.compiler.begin import begin
from datacc.compiler.build import Order, build
from datacc.compiler.family import family_of
from datacc.compiler.report import Report
from datacc.compiler.search import Announce
from datacc.errors import GraphError, UsageError
from datacc.spec.program import Program
from datacc.store import Store

MOST: Final = 64
SAME: Final = 1e-6  # the most that an answer may change when the program is widened


def grow(folder: Path, program: Program, root: Path, store: Store, by: float, announce: Announce) -> Report:
    """Build `program` with the artifact in `folder` as parent, `by` times as wide.

    Raises `UsageError` for a factor that does not widen, `BudgetError` when the budget does not allow it, and what
    `family_of` and `build` raise.
    """
    if not 1 < by <= MOST:
        raise UsageError(f"{by:g} is no factor above 1, up to {MOST}", where="--by", tries=["--by 2"])
    family = family_of(folder, program, root, store)
    sizes = family.scaled(math.ceil(family.widest * by))
    begun = begin(program, family.snapshot, family.graph, family.form(sizes), store)
    if begun.scores > SAME:
        what = f"{family.skeleton} cannot be widened: its answers would change by {begun.scores:.1g}"
        raise GraphError(what, where=str(folder), tries=["datacc build --search"])
    lock = family.lock(sizes)
    return build(program, root, Order(lock=lock, parents=folder), announce)
