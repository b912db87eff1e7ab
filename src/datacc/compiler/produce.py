"""From a complete Graph to a linked library and what it costs: simplify, arrange, emit, link in one straight line."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datacc.arrange import arrange
from datacc.compiler.grid import supposed
from datacc.compiler.quantise import quantise
from datacc.compiler.simplify import simplify
from datacc.compiler.tables import compact
from datacc.compiler.verdict import Costs
from datacc.emit import Source, emit
from datacc.frozen import frozen
from datacc.ir.cost import weight_bytes, work
from datacc.ir.graph import Graph
from datacc.ir.plan import Plan
from datacc.runtime.link import Library, link
from datacc.spec.interface import Interface
from datacc.store import Store


@frozen(eq=False)
class Draft:
    """A program up to its C: the simplified Graph, the plan and the source text; `narrower` widths likewise."""

    graph: Graph
    plan: Plan
    source: Source
    narrower: tuple[Plan, ...] = ()

    @property
    def arena(self) -> int:
        """Bytes of scratch, whichever width is called."""
        return max(plan.arena for plan in (self.plan, *self.narrower))


@frozen(eq=False)
class Product:
    """A linked program and its costs."""

    draft: Draft
    library: Library
    costs: Costs


def write(graph: Graph, interface: Interface, narrower: Sequence[Graph] = ()) -> Draft:
    """The C of a complete Graph, and of one more for each of the interface's widths below 1."""
    plan, *others = (arrange(simplify(one), interface.cpu) for one in (graph, *narrower))
    return Draft(graph=plan.graph, plan=plan, source=emit(plan, interface, others), narrower=tuple(others))


def build_library(draft: Draft, cpu: str, folder: Path, store: Store | None = None) -> Product:
    """Link the draft into `folder`; code that `store` has is not compiled again.

    Raises `ToolchainError` when the C compiler fails.
    """
    library = link(draft.source, cpu, folder, store)
    costs = Costs(
        work=work(draft.graph),
        size=library.size,
        arena=draft.arena,
        stack=library.stack,
        weights=sum(weight_bytes(plan.graph) for plan in (draft.plan, *draft.narrower)),
    )
    return Product(draft=draft, library=library, costs=costs)


def stand_in(graph: Graph, arithmetic: str) -> Graph:
    """The Graph with arbitrary weights in its holes: it costs what the fitted one will cost in this arithmetic."""
    random = np.random.default_rng(0)
    values = {node.name: random.uniform(0.5, 1.5, node.type.shape).astype(np.float32) for node in graph.holes}
    filled = graph.fill(values)
    return compact(filled if arithmetic == "float" else quantise(simplify(filled), supposed(simplify(filled))))
