"""Putting values side by side: one copy for each part."""

from datacc.emit.copy import copying
from datacc.emit.piece import Piece
from datacc.ir.plan import Place, Plan, Step


def concat(step: Step, plan: Plan, name: str) -> Piece:
    """The step that copies every part behind the one before."""
    node = plan.graph.by_name[step.nodes[0]]
    out = plan.places[step.out]
    axis = node["axis"] - len(node.type.shape)  # −1 channels, −2 columns, −3 and before: rows
    body: list[str] = []
    offset = 0
    for i, part in enumerate(step.reads):
        source = plan.places[part]
        table, call = copying(parameter(step, part, i), source, out, offset)
        body += ["{", *(f"    {line}" for line in (*table, call)), "}"]
        offset += _extent(source, out, axis)
    return Piece(body=tuple(body))


def parameter(step: Step, value: str, i: int) -> str:
    """The name of the i-th value that a step reads in its function."""
    return "in" if len(step.reads) == 1 else f"in{i + 1}"


def _extent(part: Place, out: Place, axis: int) -> int:
    """How far a part reaches along the axis, in elements of `out`."""
    if axis == -1:
        return part.channels
    return part.width * out.pixel if axis == -2 else part.height * out.row
