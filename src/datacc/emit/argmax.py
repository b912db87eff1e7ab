"""The position of the first largest element, by masks: no branch and no address depends on a value."""

from collections.abc import Mapping
from typing import Final

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

FRAGMENTS: Final[Mapping[str, str]] = {"kernel_argmax": _ARGMAX}
