"""Steps over the last axis, one kernel call for every pixel: maximum, arg-max."""

from datacc.emit.piece import Piece, at
from datacc.emit.walk import loop
from datacc.ir.plan import Place, Plan, Step


def pixelwise(step: Step, plan: Plan, name: str) -> Piece:
    """The step of an op whose kernel takes (in, count, out) of one pixel."""
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    of = "" if source.dtype == "float32" else f"_{source.dtype}"
    call = f"kernel_{step.op}{of}({_pixel('in', source)}, {source.channels}, {_pixel('out', out)});"
    return Piece(body=tuple(loop("y", 0, out.height, 1, loop("x", 0, out.width, 1, [call]))))


def _pixel(name: str, place: Place) -> str:
    """The pixel at y, x; an axis of one has no loop."""
    y = f"y * {place.row}" if place.height > 1 else ""
    x = f"x * {place.pixel}" if place.width > 1 else ""
    return at(name, place.first, y, x)
