"""The skeleton `text.v2`: vectors and weights learnt for hashed n-grams and words; their weighted sum, one layer."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from datacc.errors import SpecError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.ir.join import join, side_by_side
from datacc.skeletons import Sizes, Skeleton, checked
from datacc.skeletons._grams import MULTIPLIERS, conv, fixed, gram_sums, is_text, pooled, row_numbers
from datacc.skeletons._passes import of_texts

# Of the bytes of a word: odd, and the sum of twelve, times 255, is below 2^23.
WORD: Final = (2749, 4073, 1999, 3253, 2287, 3613, 1777, 2963, 2467, 2099, 1543, 3947)
BLANK: Final = 32
LOUD: Final = 4.0  # what a weight is told in: e to this, for a step of 1 in its table
LOUDEST: Final = 5.0  # e to this is the largest weight, and 1 by it the smallest


class Text(Skeleton):
    """Sizes: 2^`bits` rows of the table for n-grams of each length; `grams`, the longest; `width` of the vectors.

    `word`: how many bytes tell a word, 0 for no words; they have 2^`bits` rows too. Single bytes have 256. Capitals are
    read as small letters. The sum is divided by the root of the sum of squared weights, as in TF-IDF.
    """

    def fits(self, features: Sequence[Type]) -> bool:
        """One text, as bytes."""
        return is_text(features)

    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """From pairs of bytes to n-grams of five, and words; no table takes more than a megabyte."""
        rungs = ((8, 2, 0, 8), (10, 3, 0, 16), (11, 4, 4, 12), (11, 5, 12, 20))
        return tuple(dict(zip(("bits", "grams", "word", "width"), rung, strict=True)) for rung in rungs)

    def suits(self, rows: int) -> Mapping[str, Any]:
        """As tables of n-grams want it."""
        return of_texts(rows)

    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """Small letters, row numbers, rows and weights, their sum, dense."""
        bits, grams, word, width = checked(
            sizes, bits=(1, 20), grams=(1, len(MULTIPLIERS)), word=(0, len(WORD)), width=(1, 1024)
        )
        inputs = side_by_side(tuple(fronts))
        if not self.fits([inputs.by_name[name].type for _, name in inputs.outputs]):
            raise SpecError("text.v2 takes one text", tries=["leave skeleton out"])
        b, goal = Builder(inputs), answer.inputs[0]
        sums, begun = _found(b, inputs.outputs[0][1], grams, word)
        parts = [min(bits, 8 * (g + 1)) for g in range(grams)] + [bits] * bool(word)
        numbers, count = row_numbers(b, sums, parts), sum(1 << one for one in parts)
        rows = b.op("gather", "grams.rows", numbers, b.weight("grams.table", (count, width), dims=("", "grams")))
        loud = b.op("gather", "loud.rows", numbers, b.weight("loud.table", (count, 1)))
        weight = b.weight("top.weight", (*goal.type.shape, 1, width), dims=("", "", "grams"))
        top = b.op("dense", "top.dense", _added(b, rows, loud, begun), weight, b.weight("top.bias", goal.type.shape))
        return join(b.graph({goal.name: top}), answer)


def _found(b: Builder, source: str, grams: int, word: int) -> tuple[str, str]:
    """What tells each n-gram and word (M, G), and 1 where there is one, else 0; all is blank around the text."""
    column = _begun_blank(b, source)
    small = b.op("add", "text.small", column, _scaled(b, "text.case", _between(b, "text.capital", column, "AZ"), BLANK))
    is_byte = b.op("clip", "text.byte", small, low=0.0, high=1.0)
    shown = b.op("multiply", "text.shown", _plus(b, "text.blank", small, -BLANK), is_byte)
    pairs = conv(b, "begun.pairs", is_byte, np.ones((1, 2, 1)), 1)  # the blank before the text begins n-grams too
    begun = conv(b, "begun.each", b.op("clip", "begun.some", pairs, low=0.0, high=1.0), np.ones((grams, 1, 1)), 0)
    sums = gram_sums(b, shown, grams)
    if not word:
        return sums, begun
    words, first = _words(b, small, shown, word)
    return b.op("concat", "hash.all", sums, words, axis=1), b.op("concat", "begun.all", begun, first, axis=1)


def _begun_blank(b: Builder, source: str) -> str:
    """The bytes (N,) as floats (M, 1) with a zero before them, and some behind: so many that M has small factors."""
    (n,) = b.type(source).shape
    column = b.op("reshape", "text.column", b.op("cast", "text.float", source), shape=(n, 1))
    more = max(1, n // 8)
    return conv(b, "text.begun", column, np.eye(more + 1)[more - 1].reshape(1, -1, 1), more, before=more)


def _words(b: Builder, small: str, shown: str, size: int) -> tuple[str, str]:
    """For each byte (N, 1): Σ multiplier · byte of the word, as far as it goes, and 1 where a word begins, else 0.

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
    sums = conv(
        b, "word.sums", b.op("multiply", "word.taken", bytes_, belongs), np.array(WORD[:size]).reshape(1, 1, size), 0
    )
    step = conv(b, "word.step", within, np.array([-1.0, 1.0]).reshape(1, 2, 1), 0, before=1)
    return sums, b.op("relu", "word.begins", step)


def _added(b: Builder, rows: str, loud: str, begun: str) -> str:
    """The weighted sum (1, width) of the rows (M, width) that have begun, by the root of the sum of squared weights."""
    m = b.type(rows).shape[0]
    loud = b.op("clip", "loud.within", _scaled(b, "loud", loud, LOUD), low=-LOUDEST, high=LOUDEST)
    begun = b.op("reshape", "begun", begun, shape=(m, 1))
    weight = b.op("multiply", "weight", b.op("exp", "loud.exp", loud), begun)
    taken = pooled(b, "taken", b.op("multiply", "taken.each", rows, weight))
    square = pooled(b, "square", b.op("multiply", "square.each", weight, weight))
    some = b.op("clip", "square.some", square, low=math.exp(-2 * LOUDEST) / m, high=math.exp(2 * LOUDEST))
    return b.op("divide", "added", _scaled(b, "added.taken", taken, m**0.5), b.op("sqrt", "added.root", some))


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


ENTRY = Text()
