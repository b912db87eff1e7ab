"""The position of the first largest element, by masks: no branch and no address depends on a value."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.piece import BY_TYPE

_ARGMAX: Final = """\
/* The position of the first largest element. */
INLINE void kernel_argmax{of}(const {type} *in, int count, int32_t *out)
{{
    {type} largest = in[0];
    int32_t first = 0;
    for (int32_t i = 1; i < count; i++) {{
        const volatile int32_t is_larger = -(int32_t)(in[i] > largest); /* all bits, or none; volatile: no branch */
        first = (i & is_larger) | (first & ~is_larger);
        largest = in[i] > largest ? in[i] : largest;
    }}
    out[0] = first;
}}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "kernel_argmax" + of: _ARGMAX.format(of=of, type=kind) for of, kind in BY_TYPE.items()
}
