"""The arithmetic of integer programs: eight 32-bit sums at a time, as vectors or, in the portable form, as loops.

Inputs are bytes. Signed ones are read with their sign bit turned, that is, as x + 128: `turn` is 128 then, else 0, and
the bias takes the 128 back. Weights are -63 … 63, so that the saturating product of x86 never saturates: two unsigned
bytes times two weights are at most 2 · 255 · 63 = 32,130. Every form computes the same integers.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

_VECTOR: Final[Mapping[str, str]] = {
    "sums": """\
typedef int32_t sums __attribute__((vector_size(32)));
typedef int32_t sums_anywhere __attribute__((vector_size(32), aligned(1), may_alias));""",
    "octet": """\
typedef uint8_t octet __attribute__((vector_size(8)));
typedef uint8_t octet_anywhere __attribute__((vector_size(8), aligned(1), may_alias));""",
    "sums_load": "INLINE sums sums_load(const int32_t *from) { return *(const sums_anywhere *)from; }",
    "sums_store": "INLINE void sums_store(int32_t *to, sums x) { *(sums_anywhere *)to = x; }",
    "sums_all": "INLINE sums sums_all(int32_t x) { return (sums){x, x, x, x, x, x, x, x}; }",
    "sums_add": "INLINE sums sums_add(sums a, sums b) { return a + b; }",
    "sums_between": """\
INLINE sums sums_between(sums x, int32_t low, int32_t high)
{
    const sums floor = sums_all(low), ceiling = sums_all(high);
    const sums above = x > floor;
    x = (above & x) | (~above & floor);
    const sums below = x < ceiling;
    return (below & x) | (~below & ceiling);
}""",
    "sums_rescaled": """\
/* x / 2^shift, limited to 16 bits, times multiplier / 2^15; both times the nearest integer, halves upwards. */
INLINE sums sums_rescaled(sums x, int shift, sums multiplier)
{
    if (shift > 0) x = (x + (1 << shift >> 1)) >> shift;
    if (shift < 0) x <<= -shift;
    return (sums_between(x, -32768, 32767) * multiplier + 16384) >> 15;
}""",
    "sums_bytes": """\
INLINE sums sums_bytes(const uint8_t *from, int turn)
{
    return (__builtin_convertvector(*(const octet_anywhere *)from, sums) ^ turn) - turn;
}""",
    "sums_store_bytes": """\
INLINE void sums_store_bytes(uint8_t *to, sums x)
{
    *(octet_anywhere *)to = __builtin_convertvector(x, octet);
}""",
    "sums_floats": "INLINE lanes sums_floats(sums x) { return __builtin_convertvector(x, lanes); }",
    # Four inputs times the four weights of each sum.
    "sums_quads": """\
typedef int32_t word_anywhere __attribute__((aligned(1), may_alias));
#if defined(__AVX2__)
typedef char bytes __attribute__((vector_size(32)));
typedef char bytes_anywhere __attribute__((vector_size(32), aligned(1), may_alias));
typedef int16_t pairs __attribute__((vector_size(32)));
INLINE sums sums_quads(sums sum, const uint8_t *in, int turn, const int8_t *weight)
{
    const bytes x = (bytes)(sums_all(*(const word_anywhere *)in) ^ turn * 0x01010101);
    const pairs ones = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    return sum + __builtin_ia32_pmaddwd256(__builtin_ia32_pmaddubsw256(x, *(const bytes_anywhere *)weight), ones);
}
#elif defined(__SSSE3__)
typedef char bytes __attribute__((vector_size(16)));
typedef char bytes_anywhere __attribute__((vector_size(16), aligned(1), may_alias));
typedef int16_t pairs __attribute__((vector_size(16)));
INLINE sums sums_quads(sums sum, const uint8_t *in, int turn, const int8_t *weight)
{
    typedef int32_t half __attribute__((vector_size(16)));
    union { sums whole; half part[2]; } both = {sum};
    const int32_t four = *(const word_anywhere *)in ^ turn * 0x01010101;
    const bytes x = (bytes)(half){four, four, four, four};
    const pairs ones = {1, 1, 1, 1, 1, 1, 1, 1};
    for (int i = 0; i < 2; i++) {
        const bytes w = *(const bytes_anywhere *)(weight + 16 * i);
        both.part[i] += __builtin_ia32_pmaddwd128(__builtin_ia32_pmaddubsw128(x, w), ones);
    }
    return both.whole;
}
#else
INLINE sums sums_quads(sums sum, const uint8_t *in, int turn, const int8_t *weight)
{
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 4; k++) sum[i] += (in[k] ^ turn) * weight[4 * i + k];
    return sum;
}
#endif""",
    # One input times the weight of each sum.
    "sums_single": """\
INLINE sums sums_single(sums sum, const uint8_t *in, int turn, const int8_t *weight)
{
    typedef int8_t octet_signed __attribute__((vector_size(8), aligned(1), may_alias));
    return sum + __builtin_convertvector(*(const octet_signed *)weight, sums) * (*in ^ turn);
}""",
    # Eight inputs, each times the weight of its own sum.
    "sums_each": """\
INLINE sums sums_each(sums sum, const uint8_t *in, int turn, const int8_t *weight)
{
    typedef int8_t octet_signed __attribute__((vector_size(8), aligned(1), may_alias));
    const sums x = __builtin_convertvector(*(const octet_anywhere *)in, sums) ^ turn;
    return sum + __builtin_convertvector(*(const octet_signed *)weight, sums) * x;
}""",
}


def _each(name: str, arguments: str, change: str, result: str = "x") -> str:
    """A function that makes its result sum by sum."""
    made = "" if f"sums {result}" in arguments else f"    sums {result};\n"
    return (
        f"INLINE sums {name}({arguments})\n{{\n{made}    for (int i = 0; i < 8; i++) {change}\n    return {result};\n}}"
    )


_PRODUCT: Final = "sums sum, const uint8_t *in, int turn, const int8_t *weight"
_PORTABLE: Final[Mapping[str, str]] = {
    "sums": "typedef struct { int32_t at[8]; } sums;",
    "sums_load": _each("sums_load", "const int32_t *from", "x.at[i] = from[i];"),
    "sums_store": """\
INLINE void sums_store(int32_t *to, sums x)
{
    for (int i = 0; i < 8; i++) to[i] = x.at[i];
}""",
    "sums_all": _each("sums_all", "int32_t value", "x.at[i] = value;"),
    "sums_add": _each("sums_add", "sums x, sums b", "x.at[i] += b.at[i];"),
    "sums_between": _each(
        "sums_between",
        "sums x, int32_t low, int32_t high",
        "x.at[i] = x.at[i] < low ? low : x.at[i] > high ? high : x.at[i];",
    ),
    "sums_rescaled": """\
/* x / 2^shift, limited to 16 bits, times multiplier / 2^15; both times the nearest integer, halves upwards. */
INLINE sums sums_rescaled(sums x, int shift, sums multiplier)
{
    for (int i = 0; i < 8; i++)
        x.at[i] = shift > 0 ? (x.at[i] + (1 << shift >> 1)) >> shift : x.at[i] * (1 << -shift);
    x = sums_between(x, -32768, 32767);
    for (int i = 0; i < 8; i++) x.at[i] = (x.at[i] * multiplier.at[i] + 16384) >> 15;
    return x;
}""",
    "sums_bytes": _each("sums_bytes", "const uint8_t *from, int turn", "x.at[i] = (from[i] ^ turn) - turn;"),
    "sums_store_bytes": """\
INLINE void sums_store_bytes(uint8_t *to, sums x)
{
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)x.at[i];
}""",
    "sums_floats": """\
INLINE lanes sums_floats(sums x)
{
    lanes y;
    for (int i = 0; i < 8; i++) y.at[i] = (float)x.at[i];
    return y;
}""",
    "sums_quads": _each(
        "sums_quads",
        _PRODUCT,
        "\n        for (int k = 0; k < 4; k++) sum.at[i] += (in[k] ^ turn) * weight[4 * i + k];",
        "sum",
    ).replace("++) \n", "++)\n"),
    "sums_single": _each("sums_single", _PRODUCT, "sum.at[i] += (*in ^ turn) * weight[i];", "sum"),
    "sums_each": _each("sums_each", _PRODUCT, "sum.at[i] += (in[i] ^ turn) * weight[i];", "sum"),
}

NAMES: Final = frozenset(_VECTOR)


def arithmetic(used: Collection[str]) -> str:
    """Both forms of the operations that are used, and of those that these use; nothing when none is."""
    needed = {name for name in NAMES & set(used) if name.startswith("sums_")}  # comments too speak of sums
    for name in reversed(list(_VECTOR)):
        if name in needed:
            needed |= NAMES & set(re.findall(r"\w+", _VECTOR[name] + _PORTABLE.get(name, "")))
    if not needed:
        return ""
    needed.add("sums")
    both = ["\n".join(text for name, text in form.items() if name in needed) for form in (_VECTOR, _PORTABLE)]
    return f"#ifndef DATACC_PORTABLE\n{both[0]}\n#else\n{both[1]}\n#endif"
