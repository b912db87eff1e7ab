"""Sums over the last axis, one element after the other: the same bits on every processor."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.piece import Piece, at
from datacc.emit.walk import loop
from datacc.ir.plan import Plan, Step

_KERNEL: Final = """\
/* The sum of `count` floats, in their order; zeros in the rest of the pixel. */
INLINE void kernel_total(const float *in, int count, float *out, int pixel)
{
    float sum = in[0];
    for (int i = 1; i < count; i++) sum += in[i];
    out[0] = sum + 0.0f; /* never -0 */
    for (int i = 1; i < pixel; i++) out[i] = 0;
}"""

FRAGMENTS: Final[Mapping[str, str]] = {"kernel_total": _KERNEL}


def total(step: Step, plan: Plan, name: str) -> Piece:
    """The step of a product that only adds up."""
    source, out = plan.places[step.reads[0]], plan.places[step.out]

    def pixel(which: str) -> str:
        place = source if which == "in" else out
        y, x = (f"y * {place.row}" if out.height > 1 else ""), (f"x * {place.pixel}" if out.width > 1 else "")
        return at(which, place.first, y, x)

    call = f"kernel_total({pixel('in')}, {source.channels}, {pixel('out')}, {out.pixel});"
    return Piece(body=tuple(loop("y", 0, out.height, 1, loop("x", 0, out.width, 1, [call]))))
