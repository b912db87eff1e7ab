"""Ops over the last axis: soft-max, the largest element, and its position; selects, never branches."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.piece import Piece, at
from datacc.emit.walk import loop
from datacc.ir.plan import Place, Plan, Step

_EXP: Final = """\
/* e to the x for x <= 0: 2^n times the series of e^r to r^7, |r| <= ln 2 / 2; relative error below 2e-7. */
INLINE float kernel_exp(float x)
{
    union { int32_t bits; float value; } power;
    const float within = x > -87.0f ? x : -87.0f;
    const int32_t n = (int32_t)(within * 1.44269504f - 0.5f);
    const float r = (within - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f;
    power.bits = (n + 127) << 23;
    return power.value * (1 + r * (1 + r * (1.0f / 2 + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 +
                          r * (1.0f / 720 + r * (1.0f / 5040))))))));
}"""

_LARGEST: Final = """\
INLINE float kernel_largest(const float *in, int count)
{
    float largest = in[0];
    for (int i = 1; i < count; i++) largest = in[i] > largest ? in[i] : largest;
    return largest;
}"""

_SOFTMAX: Final = """\
/* Exponentials that sum to one. */
INLINE void kernel_softmax(const float *restrict in, int count, float *restrict out)
{
    const float largest = kernel_largest(in, count);
    float sum = 0;
    for (int i = 0; i < count; i++) out[i] = kernel_exp(in[i] - largest);
    for (int i = 0; i < count; i++) sum += out[i];
    for (int i = 0; i < count; i++) out[i] /= sum;
}"""

_MAXIMUM: Final = """\
INLINE void kernel_maximum(const float *in, int count, float *out)
{
    out[0] = kernel_largest(in, count);
}"""

_ARGMAX: Final = """\
/* The position of the first largest element. */
INLINE void kernel_argmax(const float *in, int count, int32_t *out)
{
    float largest = in[0];
    int32_t first = 0;
    for (int32_t i = 1; i < count; i++) {
        const int32_t is_larger = -(int32_t)(in[i] > largest); /* all bits, or none */
        first = (i & is_larger) | (first & ~is_larger);
        largest = in[i] > largest ? in[i] : largest;
    }
    out[0] = first;
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "kernel_exp": _EXP,
    "kernel_largest": _LARGEST,
    "kernel_softmax": _SOFTMAX,
    "kernel_maximum": _MAXIMUM,
    "kernel_argmax": _ARGMAX,
}


def rank(step: Step, plan: Plan, name: str) -> Piece:
    """The step of soft-max, maximum or arg-max: one call for every pixel."""
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    pointers = (_pixel("in", source), _pixel("out", out))
    call = f"kernel_{step.op}({pointers[0]}, {source.channels}, {pointers[1]});"
    lines = loop("y", 0, out.height, 1, loop("x", 0, out.width, 1, [call]))
    return Piece(body=tuple(lines))


def _pixel(name: str, place: Place) -> str:
    """The pixel at y, x; an axis of one has no loop."""
    y = f"y * {place.row}" if place.height > 1 else ""
    x = f"x * {place.pixel}" if place.width > 1 else ""
    return at(name, place.first, y, x)
