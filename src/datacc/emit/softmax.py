"""Soft-max with an exponential of our own, so that no library is needed and every machine computes the same."""

from collections.abc import Mapping
from typing import Final

_EXP: Final = """\
/* e to the x for -87 <= x <= 0: 2^n times the series of e^r up to r^7, |r| <= ln 2 / 2; relative error below 2e-7. */
INLINE float kernel_exp(float x)
{
    union { int32_t bits; float value; } power; /* 2^n */
    const int32_t n = (int32_t)(x * 1.44269504f - 0.5f);
    const float r = (x - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f;
    power.bits = (n + 127) << 23;
    return power.value * (1 + r * (1 + r * (1.0f / 2 + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 +
                          r * (1.0f / 720 + r * (1.0f / 5040))))))));
}"""

_SOFTMAX: Final = """\
/* Exponentials that sum to one; those below e^-87 of the largest count as that. */
INLINE void kernel_softmax(const float *restrict in, int count, float *restrict out)
{
    const float largest = kernel_largest(in, count);
    float sum = 0;
    for (int i = 0; i < count; i++) out[i] = in[i] - largest > -87.0f ? in[i] - largest : -87.0f;
    for (int i = 0; i < count; i++) out[i] = kernel_exp(out[i]);
    for (int i = 0; i < count; i++) sum += out[i];
    for (int i = 0; i < count; i++) out[i] /= sum;
}"""

FRAGMENTS: Final[Mapping[str, str]] = {"kernel_exp": _EXP, "kernel_softmax": _SOFTMAX}
