"""What skeletons of texts share: numbers of rows for hashed n-grams, exact in float32, and means over many rows."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.ir.build import Builder
from datacc.ir.graph import Type

# Of the bytes of an n-gram: odd, and so small that the sum of five, doubled, is below 2^24: exact in float32.
MULTIPLIERS: Final = (6473, 4327, 5519, 2957, 3881)


def is_text(features: Sequence[Type]) -> bool:
    """Whether this is one text, as bytes."""
    return len(features) == 1 and features[0].dtype == "uint8" and len(features[0].shape) == 1


def gram_sums(b: Builder, column: str, grams: int) -> str:
    """(N, grams) of bytes (N, 1): Σ multiplier · byte of the n-gram of each length that begins here."""
    taps = np.zeros((grams, grams, 1))
    for g in range(grams):
        taps[g, : g + 1, 0] = MULTIPLIERS[: g + 1]
    return conv(b, "hash.sums", column, taps, grams - 1)


def row_numbers(b: Builder, sums: str, bits: Sequence[int]) -> str:
    """(N · G,) of sums (N, G), whole and below 2^23: sum g modulo 2^`bits[g]`, counted on from part to part."""
    parts = np.cumsum([0, *(1 << one for one in bits[:-1])])
    sizes = [1 << one for one in (bits if len(set(bits)) > 1 else bits[:1])]  # one for all, where they are equal
    share = [1 / size for size in sizes]
    down = [one / 2 - 0.5 for one in share]
    wraps = b.op("affine", "hash.part", sums, fixed(b, "hash.share", share), fixed(b, "hash.down", down))
    wraps = b.op("cast", "hash.wraps", b.op("cast", "hash.whole", wraps, to="int32"))
    rows = fixed(b, "hash.rows", [-float(size) for size in sizes])
    rest = b.op("add", "hash.rest", sums, b.op("affine", "hash.less", wraps, rows, fixed(b, "hash.parts", parts)))
    return b.op("cast", "hash.row", b.op("reshape", "hash.line", rest, shape=(b.type(rest).count,)), to="int32")


def pooled(b: Builder, name: str, x: str) -> str:
    """The mean (1, F) of rows (M, F): by small windows, since the gradient of a window costs the square of its size."""
    level = 1
    while (m := b.type(x).shape[0]) > 1:
        size = next((size for size in (4, 3, 5, 7) if m % size == 0), 2 if m % 2 == 0 else m)
        x = b.op("meanpool", f"{name}{level}", x, size=(size,), stride=(size,))
        level += 1
    return x


def conv(b: Builder, name: str, x: str, taps: NDArray[Any], after: int, before: int = 0) -> str:
    """The convolution of a sequence by fixed taps (O, K, I), so many zeros before and after it."""
    weight, bias = fixed(b, f"{name}.taps", taps), fixed(b, f"{name}.bias", np.zeros(len(taps)))
    return b.op("conv", name, x, weight, bias, stride=(1,), pad=((before, after),), dilation=(1,))


def fixed(b: Builder, name: str, value: object, axis: str = "") -> str:
    """A weight that nothing fits."""
    array = np.array(value, np.float32)
    return b.weight(name, array.shape, role="fixed", value=array, dims=(axis, *("",) * (array.ndim - 1)))
