"""The skeleton `text.v1`: learnt vectors of hashed byte n-grams, their mean over the text, two dense layers."""

from collections.abc import Sequence

import numpy as np

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.ir.join import join
from datacc.skeletons import Sizes, Skeleton, checked, normalised, taken
from datacc.skeletons._grams import MULTIPLIERS, conv, fixed, gram_sums, is_text, pooled, row_numbers


class Text(Skeleton):
    """Sizes: 2^`bits` rows of the table for n-grams of each length; `grams`, the longest; `width` of the vectors."""

    by_name = True  # text.v2, which also sees words, took its place, and text.v3 that of text.v2

    def fits(self, features: Sequence[Type]) -> bool:
        """One text, as bytes."""
        return is_text(features)

    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """From pairs of bytes to n-grams of four; no table takes more than a megabyte."""
        rungs = ((8, 2, 8), (9, 3, 16), (10, 3, 24), (11, 3, 32), (10, 4, 48))
        return tuple({"bits": bits, "grams": grams, "width": width} for bits, grams, width in rungs)

    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """Row numbers, rows, their mean, dense, normalised, dense."""
        bits, grams, width = checked(sizes, bits=(1, 20), grams=(1, len(MULTIPLIERS)), width=(1, 1024))
        inputs = taken(self, fronts, "text.v1 takes one text")
        b, goal = Builder(inputs), answer.inputs[0]
        mean = mean_vector(b, inputs.outputs[0][1], bits, grams, width)
        weight = b.weight("hidden.weight", (width, 1, width), dims=("hidden", "", "grams"))
        dense = b.op("dense", "hidden.dense", mean, weight, fixed(b, "hidden.bias", np.zeros(width), "hidden"))
        hidden = normalised(b, "hidden", dense)
        weight = b.weight("top.weight", (*goal.type.shape, width), dims=("", "hidden"))
        top = b.op("dense", "top.dense", hidden, weight, b.weight("top.bias", goal.type.shape))
        return join(b.graph({goal.name: top}), answer)


def mean_vector(b: Builder, source: str, bits: int, grams: int, width: int) -> str:
    """The mean (1, width) of the learnt vectors of a text's n-grams."""
    (n,) = b.type(source).shape
    column = b.op("reshape", "text.column", b.op("cast", "text.float", source), shape=(n, 1))
    numbers = row_numbers(b, gram_sums(b, column, grams), [bits] * grams)
    table = b.weight("grams.table", (grams << bits, width), dims=("", "grams"))
    return _mean(b, b.op("gather", "grams.rows", numbers, table), _begun(b, column, grams))


def _begun(b: Builder, column: str, grams: int) -> str:
    """(N · grams, 1): 1 for every n-gram that begins with a byte of the text, 0 for those behind its end."""
    is_byte = b.op("clip", "begun.byte", column, low=0.0, high=1.0)
    each = conv(b, "begun.each", is_byte, np.ones((grams, 1, 1)), 0)
    return b.op("reshape", "begun", each, shape=(b.type(each).count, 1))


def _mean(b: Builder, rows: str, begun: str) -> str:
    """The mean (1, width) of the rows (M, width) that have begun; zeros where none has."""
    m = b.type(rows).shape[0]
    taken = pooled(b, "mean.taken", b.op("multiply", "mean.begun", rows, begun))
    count = b.op("clip", "mean.some", pooled(b, "mean.count", begun), low=1 / m, high=1.0)
    return b.op("divide", "mean", taken, count)


ENTRY = Text()
