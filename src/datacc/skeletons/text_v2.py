"""The skeleton `text.v2`: vectors and weights learnt for hashed n-grams and words; their weighted sum, one layer."""

from collections.abc import Mapping, Sequence
from typing import Any

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.ir.join import join
from datacc.skeletons import Sizes, Skeleton, checked, taken
from datacc.skeletons._grams import MULTIPLIERS, WORD, added, is_text, looked_up, seen, sums_of
from datacc.skeletons._passes import of_texts


class Text(Skeleton):
    """Sizes: 2^`bits` rows of the table for n-grams of each length; `grams`, the longest; `width` of the vectors.

    `word`: how many bytes tell a word, 0 for no words; they have 2^`bits` rows too. Single bytes have 256. Capitals are
    read as small letters. The sum is divided by the root of the sum of squared weights, as in TF-IDF.
    """

    by_name = True  # text.v3, in which a class may have scores of its own, took its place

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
        inputs = taken(self, fronts, "text.v2 takes one text")
        b, goal = Builder(inputs), answer.inputs[0]
        text = seen(b, inputs.outputs[0][1], grams, word)
        parts = [min(bits, 8 * (g + 1)) for g in range(grams)] + [bits] * bool(word)
        rows, loud = looked_up(b, sums_of(b, text, grams), parts, width, "grams")
        weight = b.weight("top.weight", (*goal.type.shape, 1, width), dims=("", "", "grams"))
        top = b.op(
            "dense", "top.dense", added(b, rows, loud, text.begun), weight, b.weight("top.bias", goal.type.shape)
        )
        return join(b.graph({goal.name: top}), answer)


ENTRY = Text()
