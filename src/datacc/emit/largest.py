"""The largest element of the last axis, by selects: no branch depends on a value."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.piece import BY_TYPE

_LARGEST: Final = """\
/* The largest of `count` numbers. */
INLINE {type} kernel_largest{of}(const {type} *in, int count)
{{
    {type} largest = in[0];
    for (int i = 1; i < count; i++) largest = in[i] > largest ? in[i] : largest;
    return largest;
}}"""

_MAXIMUM: Final = """\
INLINE void kernel_maximum{of}(const {type} *in, int count, {type} *out)
{{
    out[0] = kernel_largest{of}(in, count);
}}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    name + of: text.format(of=of, type=kind)
    for of, kind in BY_TYPE.items()
    for name, text in (("kernel_largest", _LARGEST), ("kernel_maximum", _MAXIMUM))
}
