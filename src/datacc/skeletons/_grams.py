"""What skeletons of texts share: numbers of rows for hashed n-grams and words, exact in float32; sums of rows."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.ir.build import Builder
from datacc.ir.graph import Type

# Of the bytes of an n-gram: odd, and so small that the sum of five, doubled, is below 2^24: exact in float32.
MULTIPLIERS: Final = (6473, 4327, 5519, 2957, 3881)
# Of the bytes of a word: odd, and the sum of twelve, times 255, is below 2^23.
WORD: Final = (2749, 4073, 1999, 3253, 2287, 3613, 1777, 2963, 2467, 2099, 1543, 3947)
BLANK: Final = 32
LOUD: Final = 4.0  # what a weight is told in: e to this, for a step of 1 in its table
LOUDEST: Final = 5.0  # e to this is the largest weight, and 1 by it the smallest


def is_text(features: Sequence[Type]) -> bool:
    """Whether this is one text, as bytes."""
    return len(features) == 1 and features[0].dtype == "uint8" and len(features[0].shape) == 1


@frozen
class Seen:
    """What tells n-grams and words: `shown` (N, 1), the bytes of a text in small letters, 0 for blanks.

    `words` (N, W) are, for each byte, those of its word from there on, "" where there are no words. `begun` (N, G) is 1
    where an n-gram of each length begins, and a word, else 0.
    """

    shown: str
    words: str
    begun: str


def gram_sums(b: Builder, column: str, grams: int, shortest: int = 1, turn: int = 0) -> str:
    """(N, G) of bytes (N, 1): Σ multiplier · byte of the n-grams that begin here, `shortest` to `grams` long.

    The multipliers change places by `turn`: what shares a row by one turn mostly does not by another.
    """
    multipliers = _turned(MULTIPLIERS, turn)
    lengths = range(shortest, grams + 1)
    taps = np.zeros((len(lengths), grams, 1))
    for tap, length in zip(taps, lengths, strict=True):
        tap[:length, 0] = multipliers[:length]
    return conv(b, "hash.sums", column, taps, grams - 1)


def row_numbers(b: Builder, sums: str, bits: Sequence[int], name: str = "hash") -> str:
    """(N · G,) of sums (N, G), whole and below 2^23: sum g modulo 2^`bits[g]`, counted on from part to part."""
    parts = np.cumsum([0, *(1 << one for one in bits[:-1])])
    sizes = [1 << one for one in (bits if len(set(bits)) > 1 else bits[:1])]  # one for all, where they are equal
    share = [1 / size for size in sizes]
    down = [one / 2 - 0.5 for one in share]
    wraps = b.op("affine", f"{name}.part", sums, fixed(b, f"{name}.share", share), fixed(b, f"{name}.down", down))
    wraps = b.op("cast", f"{name}.wraps", b.op("cast", f"{name}.whole", wraps, to="int32"))
    rows = fixed(b, f"{name}.rows", [-float(size) for size in sizes])
    less = b.op("affine", f"{name}.less", wraps, rows, fixed(b, f"{name}.parts", parts))
    rest = b.op("add", f"{name}.rest", sums, less)
    return b.op("cast", f"{name}.row", b.op("reshape", f"{name}.line", rest, shape=(b.type(rest).count,)), to="int32")


def looked_up(
    b: Builder, sums: str, bits: Sequence[int], columns: int, axis: str, finer: Sequence[int] = ()
) -> tuple[str, str]:
    """Of sums (N, G) the rows (N · G, `columns`) of a learnt table, and what tells the weight of each, (N · G, 1).

    The table has 2^`bits[g]` rows for part g, that of weights as many or 2^`finer[g]`: a weight is one byte, so that
    what says nothing can be told from what shares its row. `axis` is what the columns are called.
    """
    numbers = row_numbers(b, sums, bits)
    rows = b.op("gather", "grams.rows", numbers, b.weight("grams.table", (_count(bits), columns), dims=("", axis)))
    if finer:
        numbers, bits = row_numbers(b, sums, finer, "finer"), finer
    return rows, b.op("gather", "loud.rows", numbers, b.weight("loud.table", (_count(bits), 1)))


def _count(bits: Sequence[int]) -> int:
    return sum(1 << one for one in bits)


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


def seen(b: Builder, source: str, grams: int, word: int, shortest: int = 1) -> Seen:
    """What tells the n-grams and words, of `word` bytes at most, of a text; all is blank around it."""
    column = _begun_blank(b, source)
    small = b.op("add", "text.small", column, _scaled(b, "text.case", _between(b, "text.capital", column, "AZ"), BLANK))
    is_byte = b.op("clip", "text.byte", small, low=0.0, high=1.0)
    shown = b.op("multiply", "text.shown", _plus(b, "text.blank", small, -BLANK), is_byte)
    pairs = conv(b, "begun.pairs", is_byte, np.ones((1, 2, 1)), 1)  # the blank before the text begins n-grams too
    some = b.op("clip", "begun.some", pairs, low=0.0, high=1.0)
    begun = conv(b, "begun.each", some, np.ones((grams + 1 - shortest, 1, 1)), 0)
    if not word:
        return Seen(shown=shown, words="", begun=begun)
    words, first = _words(b, small, shown, word)
    return Seen(shown=shown, words=words, begun=b.op("concat", "begun.all", begun, first, axis=1))


def sums_of(b: Builder, text: Seen, grams: int, shortest: int = 1, turn: int = 0) -> str:
    """(N, G) of what was seen: Σ multiplier · byte of each n-gram, and of the word as far as it goes."""
    sums = gram_sums(b, text.shown, grams, shortest, turn)
    if not text.words:
        return sums
    taps = np.array(_turned(WORD[: b.type(text.words).shape[1]], turn)).reshape(1, 1, -1)
    return b.op("concat", "hash.all", sums, conv(b, "word.sums", text.words, taps, 0), axis=1)


def _turned(multipliers: tuple[int, ...], turn: int) -> tuple[int, ...]:
    turn %= len(multipliers)
    return multipliers[turn:] + multipliers[:turn]


def _begun_blank(b: Builder, source: str) -> str:
    """The bytes (N,) as floats (M, 1) with a zero before them, and some behind: so many that M has small factors."""
    (n,) = b.type(source).shape
    column = b.op("reshape", "text.column", b.op("cast", "text.float", source), shape=(n, 1))
    more = max(1, n // 8)
    return conv(b, "text.begun", column, np.eye(more + 1)[more - 1].reshape(1, -1, 1), more, before=more)


def _words(b: Builder, small: str, shown: str, size: int) -> tuple[str, str]:
    """For each byte (N, 1) those of its word from there on, 0 behind it (N, `size`), and 1 where a word begins, else 0.

    A word is of letters, digits and bytes beyond ASCII.
    """
    letters = [_between(b, f"word.{name}", small, ends) for name, ends in (("letter", "az"), ("digit", "09"))]
    other = b.op("clip", "word.other", _plus(b, "word.beyond", small, -127), low=0.0, high=1.0)
    within = b.op("add", "word.within", b.op("add", "word.ascii", *letters), other)
    reach = conv(b, "word.reach", within, np.tril(np.ones((size, size)))[:, :, None], size - 1)
    lacks = fixed(b, "word.lacks", -np.arange(size))
    whole = b.op("affine", "word.whole", reach, fixed(b, "word.one", np.ones(size)), lacks)
    belongs = b.op("clip", "word.belongs", whole, low=0.0, high=1.0)
    bytes_ = conv(b, "word.bytes", shown, np.eye(size)[:, :, None], size - 1)
    step = conv(b, "word.step", within, np.array([-1.0, 1.0]).reshape(1, 2, 1), 0, before=1)
    return b.op("multiply", "word.taken", bytes_, belongs), b.op("relu", "word.begins", step)


def added(b: Builder, rows: str, loud: str, begun: str, scale: float = 1.0) -> str:
    """The weighted sum (1, width) of the rows (M, width) that have begun, by the root of the sum of squared weights.

    It is told in steps of 1 / `scale`.
    """
    m = b.type(rows).shape[0]
    loud = b.op("clip", "loud.within", _scaled(b, "loud", loud, LOUD), low=-LOUDEST, high=LOUDEST)
    begun = b.op("reshape", "begun", begun, shape=(m, 1))
    weight = b.op("multiply", "weight", b.op("exp", "loud.exp", loud), begun)
    taken = pooled(b, "taken", b.op("multiply", "taken.each", rows, weight))
    square = pooled(b, "square", b.op("multiply", "square.each", weight, weight))
    some = b.op("clip", "square.some", square, low=math.exp(-2 * LOUDEST) / m, high=math.exp(2 * LOUDEST))
    return b.op("divide", "added", _scaled(b, "added.taken", taken, scale * m**0.5), b.op("sqrt", "added.root", some))


def _between(b: Builder, name: str, x: str, ends: str) -> str:
    """1 where a byte is one of these, else 0."""
    low, high = map(ord, ends)
    above = b.op("clip", f"{name}.above", _plus(b, f"{name}.low", x, 1 - low), low=0.0, high=1.0)
    scale, offset = fixed(b, f"{name}.turned", [-1]), fixed(b, f"{name}.end", [high + 1])
    below = b.op("clip", f"{name}.below", b.op("affine", f"{name}.high", x, scale, offset), low=0.0, high=1.0)
    return b.op("multiply", name, above, below)


def _plus(b: Builder, name: str, x: str, offset: float) -> str:
    return b.op("affine", name, x, fixed(b, f"{name}.one", [1]), fixed(b, f"{name}.offset", [offset]))


def _scaled(b: Builder, name: str, x: str, scale: float) -> str:
    return b.op("affine", name, x, fixed(b, f"{name}.scale", [scale]), fixed(b, f"{name}.zero", [0]))


def fixed(b: Builder, name: str, value: object, axis: str = "") -> str:
    """A weight that nothing fits."""
    array = np.array(value, np.float32)
    return b.weight(name, array.shape, role="fixed", value=array, dims=(axis, *("",) * (array.ndim - 1)))
