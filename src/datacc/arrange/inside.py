"""Values that are written where they will stand side by side, so that putting them there copies nothing."""

from collections.abc import Callable
from dataclasses import replace

from datacc.ir.graph import Graph
from datacc.ir.plan import Place, Step


def insides(graph: Graph, steps: tuple[Step, ...], place_of: Callable[[Step], Place]) -> dict[str, Place]:
    """Places within those of later concatenations, by value; and the places of these concatenations.

    `place_of` tells where a step would write by itself. Sequences that follow each other in time and hold packed
    floats can be written in place; one that goes into two concatenations is written into the first.
    """
    writer = {step.out: step for step in steps}
    found: dict[str, Place] = {}
    for step in steps:
        whole = place_of(step)
        if not _takes_parts(graph, step, whole):
            continue
        at, parts = 0, dict[str, Place]()
        for part in step.reads:
            width = graph.by_name[part].type.shape[0] if part in graph.by_name else 0
            is_free = part in writer and part not in found and step.reads.count(part) == 1
            if is_free and _fits(writer[part], place_of(writer[part]), whole):
                halo = (0, at, 0, whole.width - at - width)
                parts[part] = replace(whole, width=width, halo=halo, inside=True)
            at += width
        if parts and all(part in graph.by_name for part in step.reads):
            found |= parts | {step.out: whole}
    return found


def without_copies(steps: tuple[Step, ...], places: dict[str, Place]) -> tuple[Step, ...]:
    """The steps, where concatenations read only what does not stand in its place already."""
    done = []
    for step in steps:
        if step.op == "concat" and step.out in places:
            reads = tuple(value for value in step.reads if not is_inside(places, value, step.out))
            step = replace(step, reads=reads)
        if step.reads:
            done.append(step)
    return tuple(done)


def is_inside(places: dict[str, Place], value: str, whole: str) -> bool:
    """Whether a value lies within that of a concatenation."""
    return value in places and places[value].inside and places[value].buffer == places[whole].buffer


def _takes_parts(graph: Graph, step: Step, whole: Place) -> bool:
    node = graph.by_name[step.nodes[0]]
    is_sequence = node.op == "concat" and node["axis"] == 0 and len(node.type.shape) == 2
    return is_sequence and whole.dtype == "float32" and whole.is_packed and not whole.has_halo and whole.home != "state"


def _fits(writer: Step, alone: Place, whole: Place) -> bool:
    """Whether what a step writes may lie within `whole`: packed, without zeros around it, wanted nowhere else."""
    is_plain = alone.home == "arena" and not alone.has_halo and alone.pixel == whole.pixel
    return is_plain and writer.op != "concat"
