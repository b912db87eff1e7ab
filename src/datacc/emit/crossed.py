"""Arithmetic in which lanes meet: a few floats repeated, sums of neighbours; as vectors and, portably, as loops."""

from collections.abc import Mapping
from typing import Final

_SOME: Final = {"four": 4, "two": 2}  # how many floats are repeated


def vector(word: str, n: int) -> Mapping[str, str]:
    """Operations on GNU vectors of `n` floats."""
    return {**_repeated(word, n), **_added(word, n)}


def portable(word: str, n: int) -> Mapping[str, str]:
    """The same operations as loops over an array."""
    return {**_repeated_portable(word, n), **_added_portable(word, n)}


def _repeated(word: str, n: int) -> Mapping[str, str]:
    return {
        **{
            f"{word}_{some}s": f"""\
/* {some.capitalize()} floats, again in every {some} lanes. */
INLINE {word} {word}_{some}s(const float *from)
{{
    typedef float {some} __attribute__((vector_size({4 * k}), aligned(4)));
    const {some} x = *(const {some} *)from;
    return ({word}){{{", ".join(f"x[{i % k}]" for i in range(n))}}};
}}"""
            for some, k in _SOME.items()
        },
        f"{word}_both": f"""\
/* One float in the lower half of the lanes, another one in the upper half. */
INLINE {word} {word}_both(float a, float b)
{{
    return ({word}){{{", ".join("ab"[2 * i // n] for i in range(n))}}};
}}""",
    }


def _added(word: str, n: int) -> Mapping[str, str]:
    return {
        f"{word}_joined": f"""\
/* The sums of neighbouring lanes, of a and then of b. */
INLINE {word} {word}_joined({word} a, {word} b)
{{
    {word} even = a, odd = b;
    UNROLL for (int i = 0; i < {n // 2}; i++) {{
        even[i] = a[2 * i], even[{n // 2} + i] = b[2 * i];
        odd[i] = a[2 * i + 1], odd[{n // 2} + i] = b[2 * i + 1];
    }}
    return even + odd;
}}""",
        f"{word}_halved": f"""\
/* Of every four lanes the sums of those two apart, of a and b in turn. */
INLINE {word} {word}_halved({word} a, {word} b)
{{
    {word} low = a, high = b;
    UNROLL for (int i = 0; i < {n}; i += 2) {{
        low[i] = a[i - i / 2 % 2], low[i + 1] = b[i - i / 2 % 2];
        high[i] = a[i - i / 2 % 2 + 2], high[i + 1] = b[i - i / 2 % 2 + 2];
    }}
    return low + high;
}}""",
    }


def _repeated_portable(word: str, n: int) -> Mapping[str, str]:
    return {
        **{
            f"{word}_{some}s": f"""\
INLINE {word} {word}_{some}s(const float *from)
{{
    {word} x;
    for (int i = 0; i < {n}; i++) x.at[i] = from[i % {k}];
    return x;
}}"""
            for some, k in _SOME.items()
        },
        f"{word}_both": f"""\
INLINE {word} {word}_both(float a, float b)
{{
    {word} both;
    for (int i = 0; i < {n}; i++) both.at[i] = 2 * i < {n} ? a : b;
    return both;
}}""",
    }


def _added_portable(word: str, n: int) -> Mapping[str, str]:
    return {
        f"{word}_joined": f"""\
INLINE {word} {word}_joined({word} a, {word} b)
{{
    {word} sum;
    for (int i = 0; i < {n // 2}; i++) {{
        sum.at[i] = a.at[2 * i] + a.at[2 * i + 1];
        sum.at[{n // 2} + i] = b.at[2 * i] + b.at[2 * i + 1];
    }}
    return sum;
}}""",
        f"{word}_halved": f"""\
INLINE {word} {word}_halved({word} a, {word} b)
{{
    {word} sum;
    for (int i = 0; i < {n}; i++) {{
        const int from = i - i % 4 + i % 4 / 2;
        sum.at[i] = i % 2 ? b.at[from] + b.at[from + 2] : a.at[from] + a.at[from + 2];
    }}
    return sum;
}}""",
    }
