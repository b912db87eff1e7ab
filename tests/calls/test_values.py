"""Answers in their plain forms: what counts as the same, and the order in which several labels come."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.calls.values import NotPlain, alike, answered, order_of


@given(st.permutations("abcdefg"), st.lists(st.sets(st.sampled_from("abcdefg")), max_size=8), st.booleans())
def test_labels_that_always_come_in_one_order_keep_it(order: list[str], chosen: list[set[str]], torn: bool) -> None:
    answers: list[Any] = [[name for name in order if name in names] for names in chosen]
    two = next((one for one in answers if len(one) > 1), None)
    if torn and two:
        answers.append(two[::-1])
        assert order_of(answers) == ()
        return
    found = order_of(answers)
    assert set(found) == {name for one in answers for name in one}
    assert all(sorted(one, key=found.index) == one for one in answers)


@given(st.text(st.characters(exclude_categories=()), max_size=8), st.booleans())
def test_what_names_a_class_can_be_written_down(name: str, several: bool) -> None:
    answer = [name, "other, too long"] if several else name
    try:
        name.encode()
    except UnicodeEncodeError:
        with pytest.raises(NotPlain, match="half a character"):
            answered(answer)
    else:
        assert answered(answer) == answer


def test_a_list_keeps_its_order_and_a_set_has_none() -> None:
    assert answered(["b", "a", "b"]) == ["b", "a"]
    assert answered(("b", "a")) == ["b", "a"]
    assert answered({"b", "a"}) == ["a", "b"]
    assert alike(["b", "a"], ["a", "b"])
    assert not alike(["b", "a"], ["a"])
    assert not alike("b", ["b"])
    assert alike([1.0, 2.0], [1.0, 2.0])
    assert not alike([1.0, 2.0], [2.0, 1.0])
