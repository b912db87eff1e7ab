"""Hypothesis strategies of programs: whatever `datacc.toml` can say."""

from typing import Any

from hypothesis import strategies as st

from datacc.spec.names import identifier
from datacc.spec.program import Budget, Check, Field, Goal, Program, Target

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SHARES = st.floats(1e-6, 1, exclude_min=True)
COUNTS = st.none() | st.integers(1, 10**12)
NAMES = TEXTS.map(lambda text: identifier(text, module=True))


def images(name: str) -> st.SearchStrategy[Field]:
    sides = st.integers(1, 4096)
    options = st.fixed_dictionaries({"height": sides, "width": sides}, optional={"channels": st.sampled_from([1, 3])})
    return options.map(lambda found: Field(name=name, type="image", options=found))


def records(name: str) -> st.SearchStrategy[Field]:
    columns = st.lists(TEXTS, min_size=1, max_size=4, unique=True)
    return columns.map(lambda found: Field(name=name, type="record", options={"columns": found}))


CHECKS = st.builds(
    Check,
    metric=st.just("recall"),
    at_least=SHARES,
    of_class=TEXTS,
    where=st.dictionaries(TEXTS, TEXTS | st.integers(-(2**53), 2**53) | st.booleans(), max_size=3),
) | st.builds(Check, metric=st.just("accuracy"), at_least=SHARES, where=st.dictionaries(TEXTS, TEXTS, max_size=3))


@st.composite
def programs(draw: Any) -> Program:
    fields = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    return Program(
        name=draw(NAMES),
        inputs=tuple(draw(images(name) | records(name)) for name in fields[1:]),
        outputs=(Field(name=fields[0], type="label"),),
        skeleton=draw(st.sampled_from([None, "mlp.v1", "conv.v1"])),
        goals=draw(st.sampled_from([(), (Goal(metric="accuracy", at_least=draw(SHARES)),)])),
        checks=tuple(draw(st.lists(CHECKS, max_size=3))),
        budget=Budget(
            latency=draw(st.none() | st.floats(1e-9, 1e3)), size=draw(COUNTS), memory=draw(COUNTS), work=draw(COUNTS)
        ),
        target=draw(st.sampled_from([Target(), Target(make=("wheel",)), Target(make=())])),
        backend=draw(st.sampled_from([None, "torch"])),
        seed=draw(st.integers(0, 2**31 - 1)),
    )
