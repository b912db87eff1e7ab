"""From a complete Graph to a Plan: group nodes into steps, give every value a place, lay out one arena."""

from dataclasses import replace

from datacc.arrange.fuse import fuse
from datacc.arrange.group import group
from datacc.arrange.live import lifetimes
from datacc.arrange.pack import pack, peak
from datacc.arrange.place import place
from datacc.ir.check import check
from datacc.ir.graph import Graph
from datacc.ir.plan import Plan
from datacc.spec.cpus import cpu_named


def arrange(graph: Graph, cpu: str, *, winograd: bool = True) -> Plan:
    """The Plan of a complete Graph for this processor; `winograd` allows sums of products in that form.

    Raises `GraphError` for a Graph with holes, or of a form that has no kernel.
    """
    check(graph, holes=())
    steps, places = place(graph, group(graph))
    plan = fuse(Plan(graph=graph, cpu=cpu_named(cpu).name, winograd=winograd, steps=steps, places=places))
    lives = lifetimes(plan.steps, plan.places)
    offsets, arena = pack(lives)
    return replace(plan, offsets=offsets, arena=arena, peak=peak(lives))
