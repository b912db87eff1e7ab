"""The arithmetic that kernels are written in: eight floats at a time, as vectors or, in the portable form, as loops."""

from collections.abc import Collection, Mapping
from typing import Final

WORDS: Final = """\
#ifndef DATACC_PORTABLE
#define INLINE static inline __attribute__((always_inline))
#define STEP static __attribute__((noinline))
#define EXPORT __attribute__((visibility("default")))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#pragma GCC diagnostic ignored "-Wpsabi" /* no vector crosses a call: all that take one are inlined */
#endif
#else
#define INLINE static inline
#define STEP static
#define EXPORT
#define UNROLL
#endif"""

_VECTOR: Final[Mapping[str, str]] = {
    "lanes": """\
typedef float lanes __attribute__((vector_size(32)));
typedef float lanes_anywhere __attribute__((vector_size(32), aligned(4)));""",
    "lanes_load": "INLINE lanes lanes_load(const float *from) { return *(const lanes_anywhere *)from; }",
    "lanes_store": "INLINE void lanes_store(float *to, lanes x) { *(lanes_anywhere *)to = x; }",
    "lanes_all": "INLINE lanes lanes_all(float x) { return (lanes){x, x, x, x, x, x, x, x}; }",
    "lanes_add": "INLINE lanes lanes_add(lanes a, lanes b) { return a + b; }",
    "lanes_subtract": "INLINE lanes lanes_subtract(lanes a, lanes b) { return a - b; }",
    "lanes_multiply": "INLINE lanes lanes_multiply(lanes a, lanes b) { return a * b; }",
    # Fused where the processor can, never through a library; nothing else in a program is fused.
    "lanes_multiply_add": """\
#if defined(__clang__) && (defined(__FMA__) || defined(__aarch64__))
#define lanes_multiply_add(sum, a, b) __builtin_elementwise_fma(a, b, sum)
#elif defined(__FMA__)
#define lanes_multiply_add(sum, a, b) __builtin_ia32_vfmaddps256(a, b, sum)
#else
#define lanes_multiply_add(sum, a, b) ((sum) + (a) * (b))
#endif""",
    # Compilers make one max instruction of it, never a branch. When b is not a number, the result is none.
    "lanes_larger": """\
INLINE lanes lanes_larger(lanes a, lanes b)
{
    typedef int32_t bits __attribute__((vector_size(32)));
    const bits is_larger = a > b; /* all bits of a lane, or none */
    return (lanes)((is_larger & (bits)a) | (~is_larger & (bits)b));
}""",
}


def _each(name: str, arguments: str, change: str) -> str:
    """A function that changes its first argument lane by lane."""
    first = arguments.split(",")[0].split()[-1]
    loop = f"for (int i = 0; i < 8; i++) {change}"
    return f"INLINE lanes {name}({arguments})\n{{\n    {loop}\n    return {first};\n}}"


_PORTABLE: Final[Mapping[str, str]] = {
    "lanes": "typedef struct { float at[8]; } lanes;",
    "lanes_load": """\
INLINE lanes lanes_load(const float *from)
{
    lanes x;
    for (int i = 0; i < 8; i++) x.at[i] = from[i];
    return x;
}""",
    "lanes_store": """\
INLINE void lanes_store(float *to, lanes x)
{
    for (int i = 0; i < 8; i++) to[i] = x.at[i];
}""",
    "lanes_all": """\
INLINE lanes lanes_all(float x)
{
    lanes all;
    for (int i = 0; i < 8; i++) all.at[i] = x;
    return all;
}""",
    "lanes_add": _each("lanes_add", "lanes a, lanes b", "a.at[i] += b.at[i];"),
    "lanes_subtract": _each("lanes_subtract", "lanes a, lanes b", "a.at[i] -= b.at[i];"),
    "lanes_multiply": _each("lanes_multiply", "lanes a, lanes b", "a.at[i] *= b.at[i];"),
    "lanes_multiply_add": _each("lanes_multiply_add", "lanes sum, lanes a, lanes b", "sum.at[i] += a.at[i] * b.at[i];"),
    "lanes_larger": _each("lanes_larger", "lanes a, lanes b", "a.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i];"),
}

NAMES: Final = frozenset(_VECTOR)


def arithmetic(used: Collection[str]) -> str:
    """Both forms of the operations that are used; nothing when none is."""
    if not NAMES & set(used):
        return ""
    both = ["\n".join(text for name, text in form.items() if name in used) for form in (_VECTOR, _PORTABLE)]
    return f"#ifndef DATACC_PORTABLE\n{both[0]}\n#else\n{both[1]}\n#endif"
