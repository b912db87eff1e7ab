"""The fold: laws over any order of operations, and what each operation means."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.repo.fold import State, fold
from datacc.repo.operation import WHOLE, Operation

FIELDS = ["digit", "digit@ann"]
IDS = [f"op{n}" for n in range(12)]


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """Operations as branches, reverts and lost segments leave them: predecessors may be absent."""
    made = []
    for id in draw(st.lists(st.sampled_from(IDS), unique=True, max_size=10)):
        op = draw(st.sampled_from(["add", "set", "unset", "resolve", "delete", "supersede", "verify", "flag"]))
        whole = op in ("add", "delete", "supersede")
        seen = tuple(draw(st.lists(st.sampled_from(IDS), unique=True, max_size=3)))
        seen = tuple(one for one in seen if one < id)  # ancestry has no cycles
        made.append(
            Operation(
                id=id,
                op=op,
                example=draw(st.sampled_from(["e1", "e2"])),
                field=WHOLE if whole else draw(st.sampled_from(FIELDS)),
                new=draw(st.sampled_from(["a", "b"])) if op in ("set", "resolve") else None,
                replaces=() if op in ("verify", "flag") else seen,
                about=seen if op in ("verify", "flag") else (),
                when=draw(st.sampled_from(["2026-01-01", "2026-01-02"])),
            )
        )
    return made


@given(histories(), st.randoms(use_true_random=False))
def test_order_makes_no_difference(operations: list[Operation], chance: random.Random) -> None:
    shuffled = chance.sample(operations, len(operations))
    assert fold(shuffled) == fold(operations)


@given(histories(), histories())
def test_repeats_make_no_difference(first: list[Operation], second: list[Operation]) -> None:
    assert fold([*first, *second, *first, *second]) == fold([*first, *second])


@given(st.lists(histories(), min_size=3, max_size=3))
def test_segments_may_arrive_in_any_grouping(segments: list[list[Operation]]) -> None:
    """Merging is the union of operations, so it is commutative and associative with the fold at the end."""
    a, b, c = ({(o.id, o.op, o.field, o.example): o for o in segment} for segment in segments)
    left = {**{**c, **b}, **a}
    right = {**c, **{**b, **a}}
    assert fold(left.values()) == fold(right.values())


@given(histories(), histories())
def test_taking_a_segment_away_gives_back_what_was_before(first: list[Operation], second: list[Operation]) -> None:
    news = [o for o in second if o.id not in {one.id for one in first}]
    both = [*first, *news]
    reverted = [o for o in both if o not in news]
    assert fold(reverted) == fold(first)


@given(histories())
def test_a_live_write_is_never_lost(operations: list[Operation]) -> None:
    for id, state in fold(operations).items():
        said = [o for o in operations if o.example == id]
        for write in said:
            if write.op in ("set", "unset", "resolve"):
                over = any(write.id in o.replaces and o.field in (write.field, WHOLE) for o in said)
                assert (write in state.fields[write.field].live if write.field in state.fields else False) != over


def add(id: str = "run:0") -> Operation:
    return Operation(id=id, op="add", example="e")


def write(id: str, new: Any = None, *replaces: str, op: str = "set", field: str = "digit", when: str = "") -> Operation:
    return Operation(id=id, op=op, example="e", field=field, new=new, replaces=replaces, when=when)


def drop(id: str, *replaces: str) -> Operation:
    return Operation(id=id, op="delete", example="e", replaces=replaces)


def one(*operations: Operation) -> State:
    return fold(operations)["e"]


def test_a_relabel_overwrites_what_it_names() -> None:
    state = one(add(), write("run:0", "a"), write("x", "b", "run:0"))
    assert state.fields["digit"].value == "b"
    assert state.alive
    assert not state.conflict


def test_two_relabels_without_ancestry_are_a_conflict_and_both_stay() -> None:
    state = one(add(), write("run:0", "a"), write("x", "b", "run:0"), write("y", "c", "run:0"))
    assert state.conflict
    assert state.fields["digit"].value is None
    assert set(state.fields["digit"].values) == {"b", "c"}


def test_the_same_value_twice_is_no_conflict() -> None:
    state = one(add(), write("x", "b"), write("y", "b"))
    assert not state.conflict
    assert state.fields["digit"].value == "b"


def test_a_resolve_names_all_it_settles() -> None:
    torn = [add(), write("x", "b"), write("y", "c")]
    assert one(*torn, write("z", "c", "x", "y", op="resolve")).fields["digit"].value == "c"
    assert one(*torn, write("z", "d", "x", op="resolve")).conflict


def test_a_dangling_predecessor_is_legal() -> None:
    state = one(add(), write("x", "b", "lost"))
    assert state.fields["digit"].value == "b"


def test_an_edit_of_an_example_that_is_not_there_adds_nothing() -> None:
    state = one(write("x", "b"))
    assert not state.exists
    assert not state.alive
    assert not state.conflict


def test_delete_and_delete_against_set() -> None:
    label = write("run:0", "a")
    gone = one(add(), label, drop("d", "run:0"))
    assert not gone.alive
    assert not gone.conflict
    torn = one(add(), label, drop("d", "run:0"), write("x", "b", "run:0"))
    assert torn.alive
    assert torn.conflict
    assert torn.fields["digit"].value == "b"


def test_an_unset_takes_the_value_away_and_stands_against_a_set() -> None:
    label = write("run:0", "a")
    assert one(add(), label, write("u", None, "run:0", op="unset")).fields["digit"].value is None
    assert one(add(), label, write("u", None, "run:0", op="unset"), write("x", "b", "run:0")).conflict


def test_votes_never_conflict_and_the_latest_counts() -> None:
    votes = [
        write("x", "a", field="digit@ann", when="2026-01-01"),
        write("w", "b", field="digit@ann", when="2026-01-02"),
        write("y", "c", field="digit@bob"),
    ]
    state = one(add(), *votes)
    assert not state.conflict
    assert state.fields["digit@ann"].value == "b"


@pytest.mark.parametrize("about", [("x", "y"), ("x",), ()])
def test_verified_means_that_every_live_value_was_looked_at(about: tuple[str, ...]) -> None:
    looked = Operation(id="v", op="verify", example="e", field="digit", about=about)
    state = one(add(), write("x", "b"), write("y", "b"), looked)
    assert state.fields["digit"].verified == (about == ("x", "y"))
    assert not one(add(), looked).fields["digit"].verified


def test_flags_stay_until_something_replaces_them() -> None:
    flag = Operation(id="f", op="flag", example="e", field="digit", about=("x",), reason="blurred")
    assert one(add(), write("x", "b"), flag).fields["digit"].flags == (flag,)
    assert one(add(), write("x", "b"), flag, write("y", "c", "x", "f")).fields["digit"].flags == ()
