"""What is kept of every example between phases: values take over the memory of those that are no longer read."""

from itertools import combinations
from typing import Any

import pytest

from datacc.fit.compiled.draft import Draft
from datacc.fit.compiled.memory import Place, read, written
from tests.fit.compiled.problems import problem
from tests.fit.compiled.test_whole_fits import KINDS, recipe


def draft(kind: str, width: int = 6) -> Draft:
    fitting: Any = problem(kind, steps=1, width=width).open("native", recipe())
    step: Draft = fitting.program.step
    return step


def kept(step: Draft) -> dict[str, Place]:
    return {name: place for scene in step.scenes for name, place in scene.places.items() if place.home == "kept"}


@pytest.mark.parametrize("width", [6, 16])
@pytest.mark.parametrize("kind", KINDS)
def test_no_value_lies_where_another_is_still_read(kind: str, width: int) -> None:
    step = draft(kind, width)
    places = kept(step)
    order = [one for phase in step.steps for one in phase]
    uses = {
        name: [i for i, one in enumerate(order) if name in (*written(one), *read(one, step.graph))] for name in places
    }
    for a, b in combinations(places, 2):
        first, second = places[a], places[b]
        apart = first.offset + first.layout.size <= second.offset or second.offset + second.layout.size <= first.offset
        in_turn = max(uses[a]) < min(uses[b]) or max(uses[b]) < min(uses[a])
        zeros = first.layout.has_zeros or second.layout.has_zeros  # which nothing would write again
        assert apart or (in_turn and not zeros), (a, b)
    assert all(place.offset + place.layout.size <= step.kept_size for place in places.values())


def test_memory_of_values_is_shared() -> None:
    step = draft("pictures", 16)  # whole vectors: no zeros that must stay
    assert step.kept_size < sum(place.layout.size for place in kept(step).values())
