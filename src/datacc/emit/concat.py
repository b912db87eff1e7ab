"""Putting values side by side: one copy for each part."""

from datacc.emit.copy import copying
from datacc.emit.piece import Piece
from datacc.ir.plan import Place, Plan, Step


def concat(step: Step, plan: Plan, name: str) -> Piece:
    """The step that copies every part behind the one before."""
    node = plan.graph.by_name[step.nodes[0]]
    out = plan.places[step.out]
    axis = node["axis"] - len(node.type.shape)  # −1 channels, −2 columns, −3 and before: rows
    names = iter(["in"] if len(step.reads) == 1 else [f"in{i}" for i in range(1, len(step.reads) + 1)])
    reads = iter(step.reads)
    body: list[str] = []
    offset = 0
    for part in node.inputs:
        place = plan.places[part]
        if not (place.inside and place.buffer == out.buffer):  # else it is there already
            place = plan.places[next(reads)]
            table, call = copying(next(names), place, out, offset)
            body += ["{", *(f"    {line}" for line in (*table, call)), "}"]
        offset += _extent(place, out, axis)
    return Piece(body=tuple(body))


def _extent(part: Place, out: Place, axis: int) -> int:
    """How far a part reaches along the axis, in elements of `out`."""
    if axis == -1:
        return part.channels
    return part.width * out.pixel if axis == -2 else part.height * out.row
