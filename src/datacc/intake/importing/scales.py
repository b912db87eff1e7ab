"""Values with an order that everybody knows: low, medium, high; S, M, L; 1st, 2nd, 3rd. Anything else has none."""

import re
from collections.abc import Collection
from typing import Final

FEWEST: Final = 3  # values of a scale that a column must have; of two there is nothing in between to be learnt
_NUMBERED: Final = re.compile(r"(\d{1,9})(st|nd|rd|th)", re.ASCII)
# Each ascending; words between strokes stand for the same place.
_SCALES: Final = (
    "lowest, very low, low, medium/med/moderate, high, very high, highest",
    "low, medium/med/moderate, high, critical",
    "xxs, xs, s, m, l, xl, xxl/2xl, xxxl/3xl",
    "very small/extra small, small, medium, large, very large/extra large",
    "never, rarely/seldom, sometimes/occasionally, often/frequently, always",
    "strongly disagree, disagree, neutral/neither agree nor disagree, agree, strongly agree",
    "very dissatisfied, dissatisfied, neutral, satisfied, very satisfied",
    "very bad, bad, neutral, good, very good",
    "very poor, poor, fair/average, good, very good, excellent",
    "mild, moderate, severe",
    "primary, secondary, tertiary",
    "beginner, intermediate, advanced, expert",
    "high school, bachelor/bachelors/bachelor's, master/masters/master's, doctorate/phd",
)
_PLACES: Final = tuple(
    {word: place for place, words in enumerate(scale.split(", ")) for word in words.split("/")} for scale in _SCALES
)


def ascending(values: Collection[str]) -> tuple[str, ...] | None:
    """These different values in their order; None unless all are of one scale, each in a place of its own."""
    if len(values) < FEWEST:
        return None
    words = {value: " ".join(value.casefold().replace("-", " ").replace("_", " ").split()) for value in values}
    numbers = {
        value: match and int(match[1])
        for value, match in zip(words, map(_NUMBERED.fullmatch, words.values()), strict=True)
    }
    for places in (*({value: scale.get(word) for value, word in words.items()} for scale in _PLACES), numbers):
        known = {value: place for value, place in places.items() if place is not None}
        if len(set(known.values())) == len(values):
            return tuple(sorted(known, key=lambda value: known[value]))
    return None
