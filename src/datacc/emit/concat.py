"""Putting values side by side: one copy for each part."""

from dataclasses import replace
from math import prod

from datacc.emit.copy import copying
from datacc.emit.piece import Piece
from datacc.emit.walk import loop
from datacc.ir.plan import Place, Plan, Step


def concat(step: Step, plan: Plan, name: str) -> Piece:
    """The step that copies every part behind the one before."""
    node = plan.graph.by_name[step.nodes[0]]
    out = plan.places[step.out]
    axis = node["axis"] - len(node.type.shape)  # −1 channels, −2 columns, −3 and before: rows
    blocks = prod(node.type.shape[: node["axis"]]) if axis < -2 else 1  # of rows, in each of which parts take turns
    names = iter(["in"] if len(step.reads) == 1 else [f"in{i}" for i in range(1, len(step.reads) + 1)])
    reads = iter(step.reads)
    body: list[str] = []
    offset = 0
    for part in node.inputs:
        place = plan.places[part]
        if not (place.inside and place.buffer == out.buffer):  # else it is there already
            place = plan.places[next(reads)]
            body += _copy(next(names), place, out, offset, blocks)
        offset += _extent(place, out, axis) // blocks
    return Piece(body=tuple(body))


def _copy(name: str, source: Place, out: Place, offset: int, blocks: int) -> list[str]:
    """The lines that copy one part, block by block of rows."""
    rows = replace(source, height=source.height // blocks)
    steps = rows.height * source.row, out.height // blocks * out.row
    along = (f"block * {steps[0]}", f"block * {steps[1]}") if blocks > 1 else ("", "")
    table, call = copying(name, rows, out, offset, along)
    return ["{", *(f"    {line}" for line in (*table, *loop("block", 0, blocks, 1, [call]))), "}"]


def _extent(part: Place, out: Place, axis: int) -> int:
    """How far a part reaches along the axis, in elements of `out`."""
    if axis == -1:
        return part.channels
    return part.width * out.pixel if axis == -2 else part.height * out.row
