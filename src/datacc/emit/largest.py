"""The largest element of the last axis, by selects: no branch depends on a value."""

from collections.abc import Mapping
from typing import Final

_LARGEST: Final = """\
/* The largest of `count` floats. */
INLINE float kernel_largest(const float *in, int count)
{
    float largest = in[0];
    for (int i = 1; i < count; i++) largest = in[i] > largest ? in[i] : largest;
    return largest;
}"""

_MAXIMUM: Final = """\
INLINE void kernel_maximum(const float *in, int count, float *out)
{
    out[0] = kernel_largest(in, count);
}"""

FRAGMENTS: Final[Mapping[str, str]] = {"kernel_largest": _LARGEST, "kernel_maximum": _MAXIMUM}
