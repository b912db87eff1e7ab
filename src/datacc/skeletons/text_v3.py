"""The skeleton `text.v3`: as text.v2, or instead of vectors the scores of all classes for each n-gram and word."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Type
from datacc.skeletons import Sizes, Skeleton, answered, checked, members, taken
from datacc.skeletons._grams import LOUD, MULTIPLIERS, WORD, added, fixed, is_text, looked_up, seen, sums_of
from datacc.skeletons._passes import of_texts

BITS: Final = (8, 11)  # that single bytes and pairs need: there are no more that say anything
# What locks mean that lack these sizes.
BEFORE: Final = {"shortest": 1, "finer": 0, "scores": 0, "members": 1, "threes": 0}
# All sizes, in the order in which they are told.
PLAIN: Final = {"bits": 0, "grams": 0, "word": 0, "width": 0, **BEFORE}
RUNGS: Final = (
    {"bits": 8, "grams": 2, "width": 8},
    {"bits": 10, "grams": 3, "width": 16},
    {"bits": 13, "grams": 4},
    {"bits": 14, "grams": 5, "threes": 13},
    {"bits": 13, "grams": 5, "word": 12, "width": 24, "shortest": 3, "finer": 2, "scores": 24},
    {"bits": 13, "grams": 5, "word": 12, "width": 24, "finer": 1, "members": 2},
)
FEW: Final = 5_000  # rows to learn from, below which a fit goes as `of_texts` says, but for the decay
DECAY: Final = 0.5  # tables remember whatever is said once; see bench/RESULTS.md
RARE: Final = 15.0  # by the root of the rows: the power of how rare an n-gram is that it weighs at first, 1 at most
SEEN: Final = 100_000  # rows that a fit of many sees, in five passes at least
STEPS: Final = 5.0  # of a score, to 1 of its class: their tables stay small


class Text(Skeleton):
    """Sizes: 2^`bits` rows of the table for n-grams of each length, less for short ones; `grams`, the longest.

    `word`: how many bytes tell a word, 0 for no words; they have half as many rows. `width` of the vectors, 0 for the
    scores of the classes themselves: a linear model of full rank, in which no class has to share with others.
    `shortest`: the shortest n-gram. `finer`: the weights are told by 2^this times as many rows. `scores`: up to so many
    classes have scores, whatever the width: vectors that are as wide as there are classes do no better, and cost more.
    `threes`: how many bits at most tell a row for n-grams of three, of which there are fewer; 0 for as many as `bits`.
    `members`: so many such models, which no gradient mixes, answer by their mean. Two n-grams that share a row of one
    mostly do not of another.
    """

    others = ({"decay": 0.9}, {"decay": 0.2})  # what is hard to tell wants much of it, and what is easy little

    def fits(self, features: Sequence[Type]) -> bool:
        """One text, as bytes."""
        return is_text(features)

    def ladder(self, features: Sequence[Type]) -> tuple[Sizes, ...]:
        """From pairs of bytes to n-grams of five, and words; most rows, 62,000, in two members."""
        return tuple({**PLAIN, **rung} for rung in RUNGS)

    def suits(self, rows: int) -> Mapping[str, Any]:
        """Small steps, and much decay."""
        many = {"rate": 0.005, "batch": 128, "epochs": max(5, -(-SEEN // rows))}
        few = {**of_texts(rows), "rare": min(1.0, RARE / math.sqrt(rows)) / LOUD}
        return {**(few if rows < FEW else many), "decay": DECAY}

    def graph(self, fronts: Sequence[Graph], answer: Graph, sizes: Sizes) -> Graph:
        """Small letters, row numbers, rows and weights, their sum; a dense layer, unless they are scores."""
        most = {"bits": (1, 20), "grams": (1, len(MULTIPLIERS)), "word": (0, len(WORD)), "width": (0, 1024)}
        finest = 20 - sizes.get("bits", 0)
        more = {"shortest": (1, sizes.get("grams", 1)), "finer": (0, finest), "scores": (0, 1024)}
        limits = {**most, **more, "members": (1, len(MULTIPLIERS)), "threes": (0, 20)}
        bits, grams, word, width, shortest, finer, scores, count, threes = checked({**BEFORE, **sizes}, **limits)
        inputs = taken(self, fronts, "text.v3 takes one text")
        b, goal = Builder(inputs), answer.inputs[0]
        text = seen(b, inputs.outputs[0][1], grams, word, shortest)
        width = 0 if goal.type.count <= scores else width
        parts = partial(_parts, grams=grams, shortest=shortest, word=word, threes=threes)
        rows = parts(bits), parts(bits + finer) if finer else ()
        tops = []
        for turn, one in enumerate(members(b, count)):
            sums = sums_of(one, text, grams, shortest, turn)
            tops.append(_top(one, sums, text.begun, rows, width, goal.type))
        return answered(b, tops, answer)


def _top(b: Builder, sums: str, begun: str, rows: tuple[Sequence[int], Sequence[int]], width: int, goal: Type) -> str:
    """(K,) of the sums of a text: by vectors so wide, or of no width by scores."""
    found, loud = looked_up(b, sums, rows[0], width or goal.count, "grams" if width else "", rows[1])
    if width:
        return _dense(b, added(b, found, loud, begun), goal)
    return _scores(b, added(b, found, loud, begun, STEPS), goal)


def _parts(bits: int, grams: int, shortest: int, word: int, threes: int) -> list[int]:
    """Of the rows for n-grams of each length, and for words: how many bits tell one."""
    lengths = [min(bits, most) for most in (*BITS, threes or bits, *(bits,) * grams)[shortest - 1 : grams]]
    return lengths + [max(1, bits - 1)] * bool(word)


def _dense(b: Builder, vector: str, goal: Type) -> str:
    """(K,) of a sum of vectors (1, width)."""
    weight = b.weight("top.weight", (*goal.shape, *b.type(vector).shape), dims=("", "", "grams"))
    return b.op("dense", "top.dense", vector, weight, b.weight("top.bias", goal.shape))


def _scores(b: Builder, scores: str, goal: Type) -> str:
    """(K,) of a sum of scores (1, K): with what every class begins with."""
    line = b.op("reshape", "top.line", scores, shape=goal.shape)
    return b.op("affine", "top", line, fixed(b, "top.one", [1]), b.weight("top.bias", goal.shape))


ENTRY = Text()
