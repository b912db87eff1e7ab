"""The arithmetic of integer programs: eight or sixteen 32-bit sums at a time, as vectors or, portably, as loops.

Inputs are bytes. Signed ones are read with their sign bit turned, that is, as x + 128: `turn` is 128 then, else 0, and
the bias takes the 128 back. Weights are -63 … 63, so that the saturating product of x86 never saturates: two unsigned
bytes times two weights are at most 2 · 255 · 63 = 32,130. Every form computes the same integers.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from datacc.emit.lanes import WIDE
from datacc.ir.plan import LANES

# Four unsigned inputs of each sum times its four weights, by what a processor has for it.
_DOT: Final = """\
#ifdef __AVX512VNNI__
#ifdef __clang__
#define sums_dot(sum, x, w) __builtin_ia32_vpdpbusd256(sum, x, w)
#else
#define sums_dot(sum, x, w) __builtin_ia32_vpdpbusd_v8si(sum, x, w)
#endif
#elif defined(__AVX2__)
INLINE sums sums_dot(sums sum, sums x, sums w)
{
    typedef char bytes __attribute__((vector_size(32)));
    typedef int16_t pairs __attribute__((vector_size(32)));
    const pairs sums_of_two = __builtin_ia32_pmaddubsw256((bytes)x, (bytes)w);
    return sum + __builtin_ia32_pmaddwd256(sums_of_two, (pairs)sums_all(0x00010001));
}
#elif defined(__SSSE3__)
INLINE sums sums_dot(sums sum, sums x, sums w)
{
    typedef char bytes __attribute__((vector_size(16)));
    typedef int16_t pairs __attribute__((vector_size(16)));
    typedef int32_t half __attribute__((vector_size(16)));
    union { sums whole; half part[2]; } all = {sum}, all_x = {x}, all_w = {w};
    const half ones = {0x00010001, 0x00010001, 0x00010001, 0x00010001};
    for (int i = 0; i < 2; i++) {
        const pairs sums_of_two = __builtin_ia32_pmaddubsw128((bytes)all_x.part[i], (bytes)all_w.part[i]);
        all.part[i] += __builtin_ia32_pmaddwd128(sums_of_two, (pairs)ones);
    }
    return all.whole;
}
#else
INLINE sums sums_dot(sums sum, sums x, sums w)
{
    for (int shift = 0; shift < 32; shift += 8) sum += (x >> shift & 255) * (w << (24 - shift) >> 24);
    return sum;
}
#endif"""

_WIDE_DOT: Final = """\
#if defined(__AVX512VNNI__) && defined(__clang__)
#define wide_sums_dot(sum, x, w) __builtin_ia32_vpdpbusd512(sum, x, w)
#elif defined(__AVX512VNNI__)
#define wide_sums_dot(sum, x, w) __builtin_ia32_vpdpbusd_v16si(sum, x, w)
#elif defined(__AVX512BW__)
INLINE wide_sums wide_sums_dot(wide_sums sum, wide_sums x, wide_sums w)
{
    typedef char bytes __attribute__((vector_size(64)));
    typedef int16_t pairs __attribute__((vector_size(64)));
    const pairs ones = (pairs)wide_sums_all(0x00010001);
#ifdef __clang__
    return sum + __builtin_ia32_pmaddwd512(__builtin_ia32_pmaddubsw512((bytes)x, (bytes)w), ones);
#else
    const pairs sums_of_two = __builtin_ia32_pmaddubsw512_mask((bytes)x, (bytes)w, ones, -1u);
    return sum + __builtin_ia32_pmaddwd512_mask(sums_of_two, ones, sum, (uint16_t)-1);
#endif
}
#else
INLINE wide_sums wide_sums_dot(wide_sums sum, wide_sums x, wide_sums w)
{
    for (int shift = 0; shift < 32; shift += 8) sum += (x >> shift & 255) * (w << (24 - shift) >> 24);
    return sum;
}
#endif"""


def _vector(word: str, n: int, dot: str) -> Mapping[str, str]:
    """Operations on GNU vectors of `n` sums."""
    return {
        word: f"""\
typedef int32_t {word} __attribute__((vector_size({4 * n})));
typedef int32_t {word}_anywhere __attribute__((vector_size({4 * n}), aligned(1), may_alias));
typedef uint8_t {word}_octets __attribute__((vector_size({n}), aligned(1), may_alias));
typedef int8_t {word}_weights __attribute__((vector_size({n}), aligned(1), may_alias));""",
        f"{word}_load": f"INLINE {word} {word}_load(const int32_t *from) {{ return *(const {word}_anywhere *)from; }}",
        f"{word}_store": f"INLINE void {word}_store(int32_t *to, {word} x) {{ *({word}_anywhere *)to = x; }}",
        f"{word}_all": f"INLINE {word} {word}_all(int32_t x) {{ return ({word}){{{', '.join('x' * n)}}}; }}",
        f"{word}_add": f"INLINE {word} {word}_add({word} a, {word} b) {{ return a + b; }}",
        **_vector_changes(word),
        f"{word}_dot": dot,
        **_vector_products(word),
    }


def _vector_changes(word: str) -> Mapping[str, str]:
    """Limits, rescaling, and the way from bytes and back."""
    return {
        f"{word}_between": f"""\
INLINE {word} {word}_between({word} x, int32_t low, int32_t high)
{{
    const {word} floor = {word}_all(low), ceiling = {word}_all(high);
    const {word} above = x > floor;
    x = (above & x) | (~above & floor);
    const {word} below = x < ceiling;
    return (below & x) | (~below & ceiling);
}}""",
        f"{word}_rescaled": f"""\
/* x / 2^shift, limited to 16 bits, times multiplier / 2^15; both times the nearest integer, halves upwards. */
INLINE {word} {word}_rescaled({word} x, int shift, {word} multiplier)
{{
    x = shift > 0 ? (x + (1 << shift >> 1)) >> shift : x * (1 << -shift);
    return ({word}_between(x, -32768, 32767) * multiplier + 16384) >> 15;
}}""",
        f"{word}_bytes": f"""\
INLINE {word} {word}_bytes(const uint8_t *from, int turn)
{{
    return (__builtin_convertvector(*(const {word}_octets *)from, {word}) ^ turn) - turn;
}}""",
        f"{word}_store_bytes": f"""\
INLINE void {word}_store_bytes(uint8_t *to, {word} x)
{{
    *({word}_octets *)to = __builtin_convertvector(x, {word}_octets);
}}""",
    }


def _vector_products(word: str) -> Mapping[str, str]:
    """Products of bytes, added to sums."""
    return {
        # Four inputs, the same for every sum.
        f"{word}_quads": f"""\
INLINE {word} {word}_quads({word} sum, const uint8_t *in, int turn, const int8_t *weight)
{{
    typedef int32_t four __attribute__((aligned(1), may_alias));
    const int32_t x = *(const four *)in ^ (int32_t)((uint32_t)turn * 0x01010101u);
    return {word}_dot(sum, {word}_all(x), *(const {word}_anywhere *)weight);
}}""",
        # One input, the same for every sum.
        f"{word}_single": f"""\
INLINE {word} {word}_single({word} sum, const uint8_t *in, int turn, const int8_t *weight)
{{
    return sum + __builtin_convertvector(*(const {word}_weights *)weight, {word}) * (*in ^ turn);
}}""",
        # An input of its own for every sum.
        f"{word}_each": f"""\
INLINE {word} {word}_each({word} sum, const uint8_t *in, int turn, const int8_t *weight)
{{
    const {word} x = __builtin_convertvector(*(const {word}_octets *)in, {word}) ^ turn;
    return sum + __builtin_convertvector(*(const {word}_weights *)weight, {word}) * x;
}}""",
    }


def _loop(word: str, n: int, name: str, arguments: str, change: str) -> str:
    """A function that makes its first argument, or else x, sum by sum."""
    first = arguments.split(",")[0]
    result = first.split()[-1] if first.startswith(word) else "x"
    lines = [f"    {word} x;"] if result == "x" and not first.startswith(word) else []
    lines += [f"    for (int i = 0; i < {n}; i++) {change}", f"    return {result};"]
    return "\n".join([f"INLINE {word} {word}_{name}({arguments})", "{", *lines, "}"])


def _portable(word: str, n: int) -> Mapping[str, str]:
    """The same operations as loops over an array."""
    product = f"{word} sum, const uint8_t *in, int turn, const int8_t *weight"
    changes = {
        "load": ("const int32_t *from", "x.at[i] = from[i];"),
        "all": ("int32_t value", "x.at[i] = value;"),
        "add": (f"{word} x, {word} b", "x.at[i] += b.at[i];"),
        "between": (
            f"{word} x, int32_t low, int32_t high",
            "x.at[i] = x.at[i] < low ? low : x.at[i] > high ? high : x.at[i];",
        ),
        "bytes": ("const uint8_t *from, int turn", "x.at[i] = (from[i] ^ turn) - turn;"),
        "single": (product, "sum.at[i] += (*in ^ turn) * weight[i];"),
        "each": (product, "sum.at[i] += (in[i] ^ turn) * weight[i];"),
    }
    return {
        word: f"typedef struct {{ int32_t at[{n}]; }} {word};",
        **{f"{word}_{name}": _loop(word, n, name, *change) for name, change in changes.items()},
        **_portable_longer(word, n, product),
    }


def _portable_longer(word: str, n: int, product: str) -> Mapping[str, str]:
    """Those that are more than one loop with one statement."""
    return {
        f"{word}_store": f"""\
INLINE void {word}_store(int32_t *to, {word} x)
{{
    for (int i = 0; i < {n}; i++) to[i] = x.at[i];
}}""",
        f"{word}_rescaled": f"""\
/* x / 2^shift, limited to 16 bits, times multiplier / 2^15; both times the nearest integer, halves upwards. */
INLINE {word} {word}_rescaled({word} x, int shift, {word} multiplier)
{{
    for (int i = 0; i < {n}; i++)
        x.at[i] = shift > 0 ? (x.at[i] + (1 << shift >> 1)) >> shift : x.at[i] * (1 << -shift);
    x = {word}_between(x, -32768, 32767);
    for (int i = 0; i < {n}; i++) x.at[i] = (x.at[i] * multiplier.at[i] + 16384) >> 15;
    return x;
}}""",
        f"{word}_store_bytes": f"""\
INLINE void {word}_store_bytes(uint8_t *to, {word} x)
{{
    for (int i = 0; i < {n}; i++) to[i] = (uint8_t)x.at[i];
}}""",
        f"{word}_quads": f"""\
INLINE {word} {word}_quads({product})
{{
    for (int i = 0; i < {n}; i++)
        for (int k = 0; k < 4; k++) sum.at[i] += (in[k] ^ turn) * weight[4 * i + k];
    return sum;
}}""",
    }


_FLOATS: Final = "INLINE lanes sums_floats(sums x) { return __builtin_convertvector(x, lanes); }"
_PORTABLE_FLOATS: Final = """\
INLINE lanes sums_floats(sums x)
{
    lanes y;
    for (int i = 0; i < 8; i++) y.at[i] = (float)x.at[i];
    return y;
}"""
_VECTORS: Final = {
    **_vector("sums", LANES, _DOT),
    "sums_floats": _FLOATS,
    **_vector("wide_sums", WIDE, _WIDE_DOT),
    "wide_sums_floats": _FLOATS.replace("lanes", "wide").replace("sums", "wide_sums"),
}
_LOOPS: Final = {
    **_portable("sums", LANES),
    "sums_floats": _PORTABLE_FLOATS,
    **_portable("wide_sums", WIDE),
    "wide_sums_floats": _PORTABLE_FLOATS.replace("lanes", "wide").replace("sums", "wide_sums").replace("8", "16"),
}

NAMES: Final = frozenset(_VECTORS)


def arithmetic(used: Collection[str]) -> str:
    """Both forms of the operations that are used, and of those that these use; nothing when none is."""
    needed = {name for name in NAMES & set(used) if "sums_" in name}  # comments too speak of sums
    for name in reversed(list(_VECTORS)):
        if name in needed:
            needed |= NAMES & set(re.findall(r"\w+", _VECTORS[name] + _LOOPS.get(name, "")))
    if not needed:
        return ""
    both = ["\n".join(text for name, text in form.items() if name in needed) for form in (_VECTORS, _LOOPS)]
    return f"#ifndef DATACC_PORTABLE\n{both[0]}\n#else\n{both[1]}\n#endif"


def both_widths(fragments: Mapping[str, str]) -> Mapping[str, str]:
    """Kernels on vectors of eight sums, and the same on vectors of sixteen, whose names end in `_wide`."""
    wide = {f"{name}_wide": _widened(text, fragments) for name, text in fragments.items()}
    return {**fragments, **wide}


def _widened(text: str, names: Collection[str]) -> str:
    text = re.sub(rf"\b({'|'.join(names)})\b", r"\1_wide", text)
    text = re.sub(r"\bsums(?=\b|_)", "wide_sums", re.sub(r"\blanes(?=\b|_)", "wide", text))
    return re.sub(r"\b32\b", "64", re.sub(r"\b8\b", "16", text))
