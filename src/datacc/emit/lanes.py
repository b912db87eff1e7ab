"""The arithmetic that kernels are written in: eight or sixteen floats at a time, as vectors or, portably, as loops."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from datacc.emit import convert, crossed, functions
from datacc.ir.plan import LANES
from datacc.spec.sections import ALIGNS

WORDS: Final = f"""\
#ifndef DATACC_PORTABLE
#define INLINE static inline __attribute__((always_inline))
#define STEP static __attribute__((noinline))
#define EXPORT __attribute__((visibility("default")))
#ifdef __x86_64__
#define ENTRY EXPORT {ALIGNS} /* of the stack, for vectors of all that it calls */
#else
#define ENTRY EXPORT
#endif
#define WEIGHTS static const __attribute__((aligned(64))) /* a vector that lies in two cache lines is read twice */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)") /* else inputs are kept for the next round, on the stack */
#else
#define UNROLL _Pragma("GCC unroll 32")
#define ROLLED _Pragma("GCC unroll 1")
#pragma GCC diagnostic ignored "-Wpsabi" /* no vector crosses a call: all that take one are inlined */
#endif
#else
#define INLINE static inline
#define STEP static
#define EXPORT
#define ENTRY
#define WEIGHTS static const
#define UNROLL
#define ROLLED
#endif"""

WIDE: Final = 16  # floats of the wider vector, which some processors hold in one register


def _vector(word: str, n: int, fused: str) -> Mapping[str, str]:
    """Operations on GNU vectors of `n` floats; `fused` is gcc's word for a fused multiply-add and when it has it."""
    condition, function = fused.split(":")
    return {
        word: f"""\
typedef float {word} __attribute__((vector_size({4 * n})));
typedef float {word}_anywhere __attribute__((vector_size({4 * n}), aligned(4)));""",
        f"{word}_load": f"INLINE {word} {word}_load(const float *from) {{ return *(const {word}_anywhere *)from; }}",
        f"{word}_store": f"INLINE void {word}_store(float *to, {word} x) {{ *({word}_anywhere *)to = x; }}",
        f"{word}_all": f"INLINE {word} {word}_all(float x) {{ return ({word}){{{', '.join('x' * n)}}}; }}",
        **crossed.vector(word, n),
        f"{word}_add": f"INLINE {word} {word}_add({word} a, {word} b) {{ return a + b; }}",
        f"{word}_subtract": f"INLINE {word} {word}_subtract({word} a, {word} b) {{ return a - b; }}",
        f"{word}_multiply": f"INLINE {word} {word}_multiply({word} a, {word} b) {{ return a * b; }}",
        # Fused where the processor can, never through a library; nothing else in a program is fused.
        f"{word}_multiply_add": f"""\
#if defined(__clang__) && (defined(__FMA__) || defined(__aarch64__))
#define {word}_multiply_add(sum, a, b) __builtin_elementwise_fma(a, b, sum)
#elif defined({condition})
#define {word}_multiply_add(sum, a, b) {function}
#else
#define {word}_multiply_add(sum, a, b) ((sum) + (a) * (b))
#endif""",
        # Compilers make one max instruction of it, never a branch. When b is not a number, the result is none.
        f"{word}_larger": f"""\
INLINE {word} {word}_larger({word} a, {word} b)
{{
    typedef int32_t bits __attribute__((vector_size({4 * n})));
    const bits is_larger = a > b; /* all bits of a lane, or none */
    return ({word})((is_larger & (bits)a) | (~is_larger & (bits)b));
}}""",
        f"{word}_smaller": f"""\
INLINE {word} {word}_smaller({word} a, {word} b)
{{
    typedef int32_t bits __attribute__((vector_size({4 * n})));
    const bits is_smaller = a < b;
    return ({word})((is_smaller & (bits)a) | (~is_smaller & (bits)b));
}}""",
    }


def _each(word: str, n: int, name: str, arguments: str, change: str) -> str:
    """A function that changes its first argument lane by lane."""
    parameters = ", ".join(f"{word} {argument}" for argument in arguments.split())
    loop = f"for (int i = 0; i < {n}; i++) {change}"
    return f"INLINE {word} {word}_{name}({parameters})\n{{\n    {loop}\n    return {arguments.split()[0]};\n}}"


def _portable(word: str, n: int) -> Mapping[str, str]:
    """The same operations as loops over an array."""
    changes = {
        "add": ("a b", "a.at[i] += b.at[i];"),
        "subtract": ("a b", "a.at[i] -= b.at[i];"),
        "multiply": ("a b", "a.at[i] *= b.at[i];"),
        "multiply_add": ("sum a b", "sum.at[i] += a.at[i] * b.at[i];"),
        "larger": ("a b", "a.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i];"),
        "smaller": ("a b", "a.at[i] = a.at[i] < b.at[i] ? a.at[i] : b.at[i];"),
    }
    return {
        word: f"typedef struct {{ float at[{n}]; }} {word};",
        f"{word}_load": f"""\
INLINE {word} {word}_load(const float *from)
{{
    {word} x;
    for (int i = 0; i < {n}; i++) x.at[i] = from[i];
    return x;
}}""",
        f"{word}_store": f"""\
INLINE void {word}_store(float *to, {word} x)
{{
    for (int i = 0; i < {n}; i++) to[i] = x.at[i];
}}""",
        f"{word}_all": f"""\
INLINE {word} {word}_all(float x)
{{
    {word} all;
    for (int i = 0; i < {n}; i++) all.at[i] = x;
    return all;
}}""",
        **crossed.portable(word, n),
        **{f"{word}_{name}": _each(word, n, name, *change) for name, change in changes.items()},
    }


_VECTOR: Final[Mapping[str, str]] = {
    **_vector("lanes", LANES, "__FMA__:__builtin_ia32_vfmaddps256(a, b, sum)"),
    **_vector("wide", WIDE, "__AVX512F__:__builtin_ia32_vfmaddps512_mask(a, b, sum, -1, 4)"),
    **functions.VECTOR,
    **functions.widened(functions.VECTOR),
    **convert.VECTOR,
}
_PORTABLE: Final[Mapping[str, str]] = {
    **_portable("lanes", LANES),
    **_portable("wide", WIDE),
    **functions.PORTABLE,
    **functions.widened(functions.PORTABLE),
    **convert.PORTABLE,
}
NAMES: Final = frozenset(_VECTOR)


def arithmetic(used: Collection[str]) -> str:
    """Both forms of the operations that are used, and of those that they use; nothing when none is."""
    if not NAMES & set(used):
        return ""
    both = ["\n".join(_with_used(form, used)) for form in (_VECTOR, _PORTABLE)]
    return f"#ifndef DATACC_PORTABLE\n{both[0]}\n#else\n{both[1]}\n#endif"


def _with_used(form: Mapping[str, str], used: Collection[str]) -> list[str]:
    """The texts of the operations that are used, in order, after those that they use."""
    words, kept = set(used), []
    for name, text in reversed(list(form.items())):
        if name in words:
            kept.append(text)
            words |= set(re.findall(r"\w+", text))
    return kept[::-1]


def both_widths(fragments: Mapping[str, str], *more: str) -> Mapping[str, str]:
    """Kernels on vectors of eight floats, and the same on vectors of sixteen, whose names end in `_wide`.

    They may call one another, and `more` that exist in both widths.
    """
    words = "|".join((*fragments, *more))
    return {**fragments, **{f"{name}_wide": _widened(text, words) for name, text in fragments.items()}}


def _widened(text: str, words: str) -> str:
    text = re.sub(rf"\b({words})\b", r"\1_wide", text)
    return re.sub(rf"\b{LANES}\b", str(WIDE), re.sub(r"\blanes(?=\b|_)", "wide", text))
