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


SLICES = st.dictionaries(TEXTS, TEXTS, max_size=2)
CHECKS = st.builds(
    Check,
    metric=st.just("recall"),
    at_least=SHARES,
    of_class=TEXTS,
    where=st.dictionaries(TEXTS, TEXTS | st.integers(-(2**53), 2**53) | st.booleans(), max_size=3),
) | st.builds(Check, metric=st.just("accuracy"), at_least=SHARES, where=st.dictionaries(TEXTS, TEXTS, max_size=3))


def behaviour(field: Field, inputs: tuple[Field, ...]) -> st.SearchStrategy[Check]:
    """Checks of the other kinds that a program with these inputs may have of one of them."""
    if field.type == "image":
        which = {} if [one.type for one in inputs].count("image") == 1 else {"input": field.name}
        options = st.sampled_from([
            {"invariant": "rotate", **which, "by": {"degrees": 7.5}, "draws": 3},
            {"invariant": "brightness", "input": field.name},
        ])  # fmt: skip
        varied = st.builds(Check, kind=st.just("invariant"), at_least=SHARES, where=SLICES, options=options)
    else:
        column = st.sampled_from(field.options["columns"])
        options = st.builds(
            lambda column, strict: {"direction": "down", "column": column, "input": field.name} | strict,
            column,
            st.sampled_from([{}, {"strict": True}, {"by": 2.5}, {"by": 3}]),
        )
        varied = st.builds(
            Check, kind=st.just("direction"), at_least=SHARES, of_class=TEXTS, where=SLICES, options=options
        )
    ids = st.lists(TEXTS, min_size=1, max_size=3).map(lambda ids: {"pinned": ids})
    return (
        varied
        | st.builds(Check, kind=st.just("pinned"), of_class=st.none(), options=ids)
        | st.builds(
            Check, kind=st.just("broken"), where=SLICES, options=st.sampled_from([{"broken": 0}, {"broken": 0.25}])
        )
        | st.just(Check(kind="python", options={"python": "checks/near.py:steady", "seconds": 7}))
    )


def known_goals() -> st.SearchStrategy[tuple[Goal, ...]]:
    error = st.floats(1e-6, 1, exclude_max=True).map(lambda share: Goal(metric="error", limit=share))
    coverage = SHARES.map(lambda share: Goal(metric="coverage", limit=share))
    return st.tuples(error) | st.tuples(coverage) | st.tuples(error, coverage)


@st.composite
def programs(draw: Any) -> Program:
    fields = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    inputs = tuple(draw(images(name) | records(name)) for name in fields[1:])
    plain = st.sampled_from([(), (Goal(metric="accuracy", limit=draw(SHARES)),)])
    abstains, goals = draw(st.tuples(st.just({}), plain) | st.tuples(st.just({"abstain": True}), known_goals()))
    return Program(
        name=draw(NAMES),
        inputs=inputs,
        outputs=(Field(name=fields[0], type="label", options=abstains),),
        skeleton=draw(st.sampled_from([None, "mlp.v1", "conv.v1"])),
        goals=goals,
        checks=tuple(draw(st.lists(CHECKS | behaviour(inputs[0], inputs), max_size=3))),
        budget=Budget(
            latency=draw(st.none() | st.floats(1e-9, 1e3)), size=draw(COUNTS), memory=draw(COUNTS), work=draw(COUNTS)
        ),
        target=draw(
            st.sampled_from([Target(), Target(make=("wheel",)), Target(make=()), Target(arithmetics=("float", "int8"))])
        ),
        backend=draw(st.sampled_from([None, "torch"])),
        keep_answers=draw(st.booleans()),
        seed=draw(st.integers(0, 2**31 - 1)),
        widths=draw(st.sampled_from([(), (0.5, 1.0), (0.25, 0.3333, 1.0)])),
    )
