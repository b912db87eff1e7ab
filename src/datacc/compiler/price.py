"""What a candidate will cost, exactly, before it is fitted: linked with stand-in weights, since form alone decides."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from datacc.compiler.assemble import interface
from datacc.compiler.produce import build_library, stand_in, write
from datacc.compiler.verdict import Costs
from datacc.compiler.widths import narrower_forms
from datacc.frozen import frozen
from datacc.ir.graph import Graph
from datacc.repo.snapshot import Snapshot
from datacc.runtime.link import toolchain
from datacc.spec.program import Budget, Program
from datacc.spec.units import show_bytes, show_work
from datacc.store import Store, canonical, digest


@frozen
class Over:
    """One limit that a candidate breaks: its name, the cost in words and as one writes it, and the limit."""

    name: str
    cost: int
    limit: int
    unit: str
    shown: str

    @property
    def ratio(self) -> float:
        """How far beyond the limit: above 1."""
        return self.cost / self.limit

    @property
    def needs(self) -> str:
        """The cost in words."""
        return f"{self.cost:,} {self.unit}"

    @property
    def text(self) -> str:
        """Cost and limit in words."""
        return f"{self.needs} (budget.{self.name} allows {self.limit:,})"

    @property
    def fix(self) -> str:
        """What would allow it."""
        return f'{self.name} = "{self.shown}" under [budget]'


def price(program: Program, snapshot: Snapshot, graph: Graph, store: Store) -> Costs:
    """The costs of `graph` once it is fitted; remembered by all that its C follows from, and the toolchain."""
    port, arithmetic = interface(program, snapshot, graph), program.target.arithmetic
    key = digest("price 3", graph.digest, port.to_json(), arithmetic, program.target.cpu, canonical(toolchain()))
    known = store.get(key)
    if known is not None:
        return Costs(**json.loads(known))
    whole, *narrower = (stand_in(form, arithmetic) for form in (graph, *narrower_forms(graph, program.widths)))
    draft = write(whole, port, narrower)
    with tempfile.TemporaryDirectory(prefix="datacc-") as folder:
        costs = build_library(draft, program.target.cpu, Path(folder), store).costs
    store.put(key, canonical(asdict(costs)).encode())
    return costs


def over_budget(budget: Budget, costs: Costs) -> tuple[Over, ...]:
    """The limits of size, memory and work that `costs` break; latency is measured by the judge alone."""
    pairs = (
        ("size", budget.size, costs.size, "bytes", show_bytes),
        ("memory", budget.memory, costs.memory, "bytes", show_bytes),
        ("work", budget.work, costs.work, "multiply-adds", show_work),
    )
    return tuple(
        Over(name=name, cost=cost, limit=limit, unit=unit, shown=show(cost))
        for name, limit, cost, unit, show in pairs
        if limit is not None and cost > limit
    )
