"""The arithmetic that kernels are written in: eight floats at a time, as vectors or, in the portable form, as loops."""

from collections.abc import Mapping
from typing import Final

_FORMS: Final = """\
/* Kernels work on eight floats at a time: GNU vectors, or plain C99 under -DDATACC_PORTABLE. */
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

_TYPE: Final = """\
#ifndef DATACC_PORTABLE
typedef float lanes __attribute__((vector_size(32)));
typedef float lanes_anywhere __attribute__((vector_size(32), aligned(4)));
#else
typedef struct { float at[8]; } lanes;
#endif"""

_VECTOR: Final = "#ifndef DATACC_PORTABLE\n{vector}\n#else\n{portable}\n#endif"


def _both(vector: str, portable: str) -> str:
    return _VECTOR.format(vector=vector, portable=portable)


_LOAD: Final = _both(
    "INLINE lanes lanes_load(const float *from) { return *(const lanes_anywhere *)from; }",
    """\
INLINE lanes lanes_load(const float *from)
{
    lanes x;
    for (int i = 0; i < 8; i++) x.at[i] = from[i];
    return x;
}""",
)

_STORE: Final = _both(
    "INLINE void lanes_store(float *to, lanes x) { *(lanes_anywhere *)to = x; }",
    """\
INLINE void lanes_store(float *to, lanes x)
{
    for (int i = 0; i < 8; i++) to[i] = x.at[i];
}""",
)

_ALL: Final = _both(
    "INLINE lanes lanes_all(float x) { return (lanes){x, x, x, x, x, x, x, x}; }",
    """\
INLINE lanes lanes_all(float x)
{
    lanes all;
    for (int i = 0; i < 8; i++) all.at[i] = x;
    return all;
}""",
)


def _each(name: str, arguments: str, vector: str, portable: str) -> str:
    first = arguments.split(", ")[0].split()[-1]
    head = f"INLINE lanes {name}({arguments})"
    return _both(
        f"{head} {{ {vector} }}",
        f"{head}\n{{\n    for (int i = 0; i < 8; i++) {portable}\n    return {first};\n}}",
    )


_LARGER_VECTOR: Final = """\
INLINE lanes lanes_larger(lanes a, lanes b)
{
    typedef int32_t bits __attribute__((vector_size(32)));
    const bits is_larger = a > b;
    return (lanes)((is_larger & (bits)a) | (~is_larger & (bits)b)); /* no branch: one max instruction */
}"""

_LARGER_PORTABLE: Final = """\
INLINE lanes lanes_larger(lanes a, lanes b)
{
    for (int i = 0; i < 8; i++) a.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i];
    return a;
}"""

# Fused where the processor can, never through a library; no other operation of the program is ever fused.
_FUSED_VECTOR: Final = """\
#if defined(__clang__) && (defined(__FMA__) || defined(__aarch64__))
#define lanes_multiply_add(sum, a, b) __builtin_elementwise_fma(a, b, sum)
#elif defined(__FMA__)
#define lanes_multiply_add(sum, a, b) __builtin_ia32_vfmaddps256(a, b, sum)
#else
#define lanes_multiply_add(sum, a, b) ((sum) + (a) * (b))
#endif"""

_FUSED_PORTABLE: Final = """\
INLINE lanes lanes_multiply_add(lanes sum, lanes a, lanes b)
{
    for (int i = 0; i < 8; i++) sum.at[i] += a.at[i] * b.at[i];
    return sum;
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "INLINE": _FORMS,
    "lanes": _TYPE,
    "lanes_load": _LOAD,
    "lanes_store": _STORE,
    "lanes_all": _ALL,
    "lanes_add": _each("lanes_add", "lanes a, lanes b", "return a + b;", "a.at[i] += b.at[i];"),
    "lanes_subtract": _each("lanes_subtract", "lanes a, lanes b", "return a - b;", "a.at[i] -= b.at[i];"),
    "lanes_multiply": _each("lanes_multiply", "lanes a, lanes b", "return a * b;", "a.at[i] *= b.at[i];"),
    "lanes_multiply_add": _both(_FUSED_VECTOR, _FUSED_PORTABLE),
    "lanes_larger": _both(_LARGER_VECTOR, _LARGER_PORTABLE),
}
