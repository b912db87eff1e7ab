"""Integers as eight floats, and eight floats as the nearest integers."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.functions import each_lane, of_one

INTEGERS: Final = {"uint8": "0, 255", "int8": "-128, 127", "int16": "-32768, 32767", "int32": "-2147483648, 2147483520"}


def _from(kind: str) -> str:
    """Eight numbers of an integer type as floats."""
    size = int(kind.strip("uint")) // 8
    return f"""\
INLINE lanes lanes_from_{kind}(const {kind}_t *from)
{{
    typedef {kind}_t eight __attribute__((vector_size({8 * size}), aligned({size})));
    return __builtin_convertvector(*(const eight *)from, lanes);
}}"""


def _some(kind: str, count: str, lane: str) -> str:
    """The first numbers of an integer type as floats, in either form; all eight where `count` says so."""
    name, parameter = (f"lanes_from_{kind}", "") if count == "8" else (f"lanes_from_{kind}_some", ", int count")
    return f"""\
INLINE lanes {name}(const {kind}_t *from{parameter})
{{
    lanes x = lanes_all(0);
    for (int i = 0; i < {count}; i++) {lane} = (float)from[i];
    return x;
}}"""


def _to(kind: str, lane: str) -> str:
    """The first lanes as integers: rounded to the nearest, within the limits of the type."""
    low, high = INTEGERS[kind].split(", ")
    value = f"({kind}_t){lane}"
    if kind == "int32":  # of which the largest number, 127 more, is no float
        value += f" | (-({lane.replace('whole', 'x')} >= 2147483648.0f) & 127)"
    return f"""\
INLINE void lanes_to_{kind}({kind}_t *to, lanes x, int count)
{{
    const lanes whole = lanes_round(x, lanes_all({low}), lanes_all({high}));
    for (int i = 0; i < count; i++) to[i] = {value};
}}"""


_ROUND: Final = """\
/* The nearest whole number from low to high; ties to even, 0 for what is no number. */
INLINE lanes lanes_round(lanes x, lanes low, lanes high)
{
    const lanes_whole is_number = lanes_less(x, lanes_all(1)) | lanes_less(lanes_all(0), x);
    const lanes within = lanes_of_bits(lanes_bits(lanes_clip(x, low, high)) & is_number);
    const lanes shift = lanes_of_bits((lanes_bits(within) & 0x80000000u) | 0x4B000000u); /* 2^23 with the sign of x */
    const lanes_whole is_small = lanes_less(within * within, lanes_all(7.0368744e13f)); /* |x| below 2^23 */
    return lanes_choose(is_small, (within + shift) - shift, within);
}"""

VECTOR: Final[Mapping[str, str]] = {
    "lanes_round": _ROUND,
    **{f"lanes_from_{kind}": _from(kind) for kind in INTEGERS},
    **{f"lanes_from_{kind}_some": _some(kind, "count", "x[i]") for kind in INTEGERS},
    **{f"lanes_to_{kind}": _to(kind, "whole[i]") for kind in INTEGERS},
}
PORTABLE: Final[Mapping[str, str]] = {
    "lane_round": of_one(_ROUND),
    "lanes_round": each_lane("lanes_round", "x", "low", "high"),
    **{f"lanes_from_{kind}": _some(kind, "8", "x.at[i]") for kind in INTEGERS},
    **{f"lanes_from_{kind}_some": _some(kind, "count", "x.at[i]") for kind in INTEGERS},
    **{f"lanes_to_{kind}": _to(kind, "whole.at[i]") for kind in INTEGERS},
}
