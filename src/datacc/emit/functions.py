"""Quotients, roots, exponentials, logarithms and sines of eight floats: no library, no branch, the same bits anywhere.

Each is written once, in + − × ÷ and whole numbers alone, and printed twice: on vectors, and portably on single floats.
The polynomials and the splitting of constants follow Moshier's Cephes library (1989).
"""

import re
from collections.abc import Mapping
from typing import Final

# Operations that differ between the two forms. A `which` has all bits set in chosen lanes, and none in the others.
_VECTOR: Final[Mapping[str, str]] = {
    "lanes_whole": "typedef uint32_t lanes_whole __attribute__((vector_size(32)));",
    "lanes_divide": "INLINE lanes lanes_divide(lanes a, lanes b) { return a / b; }",
    "lanes_less": "INLINE lanes_whole lanes_less(lanes a, lanes b) { return (lanes_whole)(a < b); }",
    "lanes_bits": "INLINE lanes_whole lanes_bits(lanes x) { return (lanes_whole)x; }",
    "lanes_of_bits": "INLINE lanes lanes_of_bits(lanes_whole n) { return (lanes)n; }",
    "lanes_is_zero": "INLINE lanes_whole lanes_is_zero(lanes_whole n) { return (lanes_whole)(n == 0); }",
    "lanes_choose": """\
INLINE lanes lanes_choose(lanes_whole which, lanes a, lanes b)
{
    return (lanes)((which & (lanes_whole)a) | (~which & (lanes_whole)b));
}""",
    "lanes_load_some": """\
INLINE lanes lanes_load_some(const float *from, int count)
{
    lanes x = lanes_all(0);
    UNROLL for (int i = 0; i < count; i++) x[i] = from[i];
    return x;
}""",
    "lanes_store_some": """\
INLINE void lanes_store_some(float *to, lanes x, int count)
{
    UNROLL for (int i = 0; i < count; i++) to[i] = x[i];
}""",
    "lanes_first": """\
/* The first `count` lanes; zeros in the others. */
INLINE lanes lanes_first(lanes x, int count)
{
    UNROLL for (int i = count; i < 8; i++) x[i] = 0;
    return x;
}""",
}

_PORTABLE: Final[Mapping[str, str]] = {
    "lane_whole": "typedef uint32_t lane_whole;",
    "lanes_divide": """\
INLINE lanes lanes_divide(lanes a, lanes b)
{
    for (int i = 0; i < 8; i++) a.at[i] /= b.at[i];
    return a;
}""",
    "lane_less": "INLINE lane_whole lane_less(float a, float b) { return -(lane_whole)(a < b); }",
    "lane_bits": """\
INLINE lane_whole lane_bits(float x)
{
    union { float x; lane_whole bits; } both;
    both.x = x;
    return both.bits;
}""",
    "lane_of_bits": """\
INLINE float lane_of_bits(lane_whole n)
{
    union { float x; lane_whole bits; } both;
    both.bits = n;
    return both.x;
}""",
    "lane_is_zero": "INLINE lane_whole lane_is_zero(lane_whole n) { return -(lane_whole)(n == 0); }",
    "lane_choose": """\
INLINE float lane_choose(lane_whole which, float a, float b)
{
    return lane_of_bits((which & lane_bits(a)) | (~which & lane_bits(b)));
}""",
    "lanes_load_some": """\
INLINE lanes lanes_load_some(const float *from, int count)
{
    lanes x = lanes_all(0);
    for (int i = 0; i < count; i++) x.at[i] = from[i];
    return x;
}""",
    "lanes_store_some": """\
INLINE void lanes_store_some(float *to, lanes x, int count)
{
    for (int i = 0; i < count; i++) to[i] = x.at[i];
}""",
    "lanes_first": """\
/* The first `count` lanes; zeros in the others. */
INLINE lanes lanes_first(lanes x, int count)
{
    for (int i = count; i < 8; i++) x.at[i] = 0;
    return x;
}""",
}

_CLIP: Final = """\
/* The nearest number between two; what is no number stays that. */
INLINE lanes lanes_clip(lanes x, lanes low, lanes high)
{
    const lanes above = lanes_choose(lanes_less(x, low), low, x);
    return lanes_choose(lanes_less(high, above), high, above);
}"""

_EXP_REST: Final = """\
/* e to the x / 2^n, a polynomial of what n ln 2 leaves of x, at most ln 2 / 2; relative error below 1e-7. */
INLINE lanes lanes_exp_rest(lanes x, lanes n)
{
    const lanes r = x - n * 0.693359375f + n * 2.12194440e-4f;
    const lanes p = ((((1.9875691500e-4f * r + 1.3981999507e-3f) * r + 8.3334519073e-3f) * r + 4.1665795894e-2f) * r
                     + 1.6666665459e-1f) * r + 5.0000001201e-1f;
    return p * r * r + r + 1.0f;
}"""

_EXP: Final = """\
/* e to the x: 2^n times the rest. */
INLINE lanes lanes_exp(lanes x)
{
    const lanes within = lanes_clip(x, lanes_all(-104), lanes_all(89));
    const lanes shifted = within * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: nothing behind the point stays */
    const lanes_whole power = lanes_bits(shifted) - (0x4B400000u - 254); /* n + 254, in two steps: 2^n may overflow */
    const lanes_whole half = power >> 1, rest = power - half;
    return lanes_exp_rest(within, shifted - 12582912.0f) * lanes_of_bits(half << 23) * lanes_of_bits(rest << 23);
}"""

_EXP_NORMAL: Final = """\
/* The same bits for an x that surely lies between -87 and 88, where 2^n neither overflows nor vanishes. */
INLINE lanes lanes_exp_normal(lanes x)
{
    const lanes shifted = x * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: nothing behind the point stays */
    const lanes_whole power = lanes_bits(shifted) - (0x4B400000u - 127); /* n + 127 */
    return lanes_exp_rest(x, shifted - 12582912.0f) * lanes_of_bits(power << 23);
}"""

_LOG: Final = """\
/* The natural logarithm: x = 2^n m with m near 1, and a polynomial of m - 1; relative error below 1e-7. */
INLINE lanes lanes_log(lanes x)
{
    const lanes_whole is_tiny = lanes_less(x, lanes_all(1.17549435e-38f)); /* subnormal, or no logarithm */
    const lanes_whole bits = lanes_bits(lanes_choose(is_tiny, x * 8388608.0f, x));
    const lanes_whole power = (bits + 0x004AFB0Du) >> 23; /* n + 127 */
    const lanes n = lanes_of_bits(power + 0x4B000000u) - lanes_choose(is_tiny, lanes_all(8388758), lanes_all(8388735));
    const lanes r = lanes_of_bits(bits - (power << 23) + 0x3F800000u) - 1.0f;
    const lanes p = (((((((7.0376836292e-2f * r - 1.1514610310e-1f) * r + 1.1676998740e-1f) * r - 1.2420140846e-1f) * r
                        + 1.4249322787e-1f) * r - 1.6668057665e-1f) * r + 2.0000714765e-1f) * r - 2.4999993993e-1f) * r
                    + 3.3333331174e-1f;
    const lanes y = (p * r * (r * r) - n * 2.12194440e-4f) - r * r * 0.5f + r + n * 0.693359375f;
    const lanes kept = lanes_choose(lanes_less(lanes_all(3.40282347e38f), x), x, y + (x - x)); /* infinity stays */
    const lanes_whole is_zero = lanes_is_zero(lanes_bits(x) << 1);
    const lanes number = lanes_of_bits(lanes_bits(kept) | lanes_less(x, lanes_all(0))); /* all bits: no number */
    return lanes_choose(is_zero, lanes_of_bits(is_zero & 0xFF800000u), number);
}"""

_SIN: Final = """\
/* The sine: x less its nearest multiple n of pi, in four parts, and a polynomial; error below 2e-7 to |x| = 100,000,
 * beyond which n has too few digits: the result stays near -1 to 1, and means nothing. */
INLINE lanes lanes_sin(lanes x)
{
    const lanes shifted = x * 0.318309886f + 12582912.0f; /* 1.5 * 2^23: nothing behind the point stays */
    const lanes n = shifted - 12582912.0f;
    const lanes left = x - n * 3.140625f - n * 9.613037109375e-4f - n * 6.3478946685791e-6f - n * 1.98418716e-9f;
    const lanes r = lanes_clip(left, lanes_all(-1.6f), lanes_all(1.6f)), square = r * r;
    const lanes p = (((-2.3889859e-8f * square + 2.7525562e-6f) * square - 1.9840874e-4f) * square + 8.3333310e-3f)
                    * square - 1.6666667e-1f;
    const lanes y = r + r * (square * p);
    return lanes_of_bits(lanes_bits(y) ^ (lanes_bits(shifted) << 31)); /* odd n turn the sign */
}"""

_ROOT: Final = """\
/* The square root, bit by bit and rounded as IEEE asks; for processors without an instruction that this file names. */
INLINE float lane_sqrt(float x)
{
    union { float x; uint32_t bits; } in, out;
    const uint32_t is_tiny = -(uint32_t)(x < 1.17549435e-38f); /* all bits, or none: subnormal, or no root */
    in.x = x * (1.0f + (float)(is_tiny & 16777215)); /* times 2^24 */
    const uint32_t power = in.bits >> 23, is_odd = ~power & 1;
    uint32_t rest = ((in.bits & 0x007FFFFF) | 0x00800000) << (1 + is_odd), root = 0, sum = 0;
    for (uint32_t bit = 0x01000000; bit; bit >>= 1) {
        const uint32_t fits = -(uint32_t)(sum + bit <= rest);
        rest = (rest - ((sum + bit) & fits)) << 1;
        sum += (2 * bit) & fits;
        root += bit & fits;
    }
    root += (rest != 0) & root;
    out.bits = (root >> 1) + (((power + 125 - is_odd) >> 1) - (is_tiny & 12)) * 0x00800000u;
    in.x = x;
    const uint32_t is_plain = -(uint32_t)((x > 0) & (x <= 3.40282347e38f)), is_none = -(uint32_t)(x < 0);
    out.bits = (is_plain & out.bits) | (~is_plain & (in.bits | is_none)); /* all bits: no number */
    return out.x;
}"""

_SQRT: Final = f"""\
#if defined(__clang__) && (defined(__SSE2__) || defined(__aarch64__) || defined(__wasm__))
INLINE lanes lanes_sqrt(lanes x) {{ return __builtin_elementwise_sqrt(x); }}
#elif defined(__AVX__)
INLINE lanes lanes_sqrt(lanes x) {{ return __builtin_ia32_sqrtps256(x); }}
#else
{_ROOT}

INLINE lanes lanes_sqrt(lanes x)
{{
    for (int i = 0; i < 8; i++) x[i] = lane_sqrt(x[i]);
    return x;
}}
#endif"""

_SHARED: Final = {
    "lanes_clip": _CLIP,
    "lanes_exp_rest": _EXP_REST,
    "lanes_exp": _EXP,
    "lanes_exp_normal": _EXP_NORMAL,
    "lanes_log": _LOG,
    "lanes_sin": _SIN,
}


def of_one(text: str) -> str:
    """A function of eight floats as one of a single float."""
    text = re.sub(r"lanes_all\(([^()]*)\)", r"\1", text)
    return re.sub(r"\blanes\b", "float", re.sub(r"\blanes_", "lane_", text))


def each_lane(name: str, *arguments: str) -> str:
    """The function of eight floats that calls that of one."""
    values = ", ".join(f"{argument}.at[i]" for argument in arguments)
    loop = f"for (int i = 0; i < 8; i++) {arguments[0]}.at[i] = {name.replace('lanes_', 'lane_')}({values});"
    parameters = ", ".join(f"lanes {argument}" for argument in arguments)
    return f"INLINE lanes {name}({parameters})\n{{\n    {loop}\n    return {arguments[0]};\n}}"


VECTOR: Final[Mapping[str, str]] = {**_VECTOR, **_SHARED, "lanes_sqrt": _SQRT}
PORTABLE: Final[Mapping[str, str]] = {
    **_PORTABLE,
    **{name.replace("lanes_", "lane_"): of_one(text) for name, text in _SHARED.items()},
    "lane_sqrt": _ROOT,
    "lanes_clip": each_lane("lanes_clip", "x", "low", "high"),
    **{
        name: each_lane(name, "x") for name in ("lanes_exp", "lanes_exp_normal", "lanes_log", "lanes_sin", "lanes_sqrt")
    },
}


def widened(form: Mapping[str, str]) -> Mapping[str, str]:
    """The same functions of sixteen floats; what there is for single floats serves both."""
    wide = {name: text for name, text in form.items() if name.startswith("lanes")}
    for old, new in ((r"\blanes", "wide"), (r"vector_size\(32\)", "vector_size(64)"), ("i < 8;", "i < 16;"),
                     ("__AVX__", "__AVX512F__"), (r"sqrtps256\(x\)", "sqrtps512_mask(x, x, -1, 4)")):  # fmt: skip
        wide = {re.sub(old, new, name): re.sub(old, new, text) for name, text in wide.items()}
    return wide
