"""Frozen values behave as the dataclasses of the standard library do, which are the oracle here."""

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any

import pytest

from datacc.frozen import frozen


@frozen
class Ours:
    """A value with everything that a field can have."""

    size: int
    name: str = "a"
    parts: list[int] = field(default_factory=list)
    hidden: int = field(default=1, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """The same, of the standard library."""

    size: int
    name: str = "a"
    parts: list[int] = field(default_factory=list)
    hidden: int = field(default=1, compare=False, repr=False)


@frozen
class Checked:
    """A value that is looked at when it is made, and hashes."""

    low: float
    high: float = 1.0

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("upside down")


@frozen
class Wider(Checked):
    """One that inherits."""

    more: tuple[int, ...] = ()


@frozen(eq=False)
class Alone:
    """One that is equal to itself alone."""

    size: int = 0


@frozen
class Empty:
    """One without a field."""


@frozen
class Owner:
    """One that says itself how it is shown and what it is equal to."""

    set: int
    absent: list[int] = field(default_factory=list)

    def __repr__(self) -> str:
        return "owner"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Owner)

    def __hash__(self) -> int:
        return 7


GIVEN: list[dict[str, Any]] = [
    {"size": 1},
    {"size": 1, "hidden": 5},
    {"size": 2, "name": "b", "parts": [3]},
    {"size": float("nan")},
]


@pytest.mark.parametrize("given", GIVEN)
def test_it_is_shown_read_and_replaced_as_any_other(given: dict[str, Any]) -> None:
    ours, theirs = Ours(**given), Theirs(**given)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert [one.name for one in fields(ours)] == [one.name for one in fields(theirs)]
    assert str(asdict(ours)) == str(asdict(theirs))
    assert asdict(replace(ours, size=9)) == asdict(replace(theirs, size=9))
    assert vars(pickle.loads(pickle.dumps(ours))).keys() == vars(ours).keys()


@pytest.mark.parametrize("one", GIVEN)
@pytest.mark.parametrize("other", GIVEN)
def test_it_is_equal_where_theirs_is(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (Ours(**one) == Ours(**other)) == (Theirs(**one) == Theirs(**other))
    assert Ours(**one) != Theirs(**one)


def test_equal_ones_hash_alike_and_others_are_told_apart() -> None:
    assert len({Checked(low=0), Checked(low=0.0), Checked(low=-1), Wider(low=0)}) == 3
    assert Checked(low=0) != Wider(low=0)
    assert {Empty(): 1}[Empty()] == 1
    with pytest.raises(TypeError):
        hash(Ours(size=1))  # a list is in it


def test_one_that_is_equal_to_itself_alone() -> None:
    one = Alone()
    assert one == one
    assert one != Alone()
    assert one != copy.copy(one)
    assert len({one, Alone(), one}) == 2


@pytest.mark.parametrize("value", [Ours(size=1), Checked(low=0), Wider(low=0), Alone(), Owner(set=1)])
def test_nothing_is_set_or_deleted(value: Any) -> None:
    name = fields(value)[0].name
    for change in (lambda: setattr(value, name, 3), lambda: setattr(value, "new", 3), lambda: delattr(value, name)):
        before = dict(vars(value))
        with pytest.raises(FrozenInstanceError):
            change()
        assert vars(value) == before


@pytest.mark.parametrize("wrong", [{}, {"size": 1, "other": 2}])
def test_what_is_missing_or_unknown_is_refused(wrong: dict[str, Any]) -> None:
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError):
            kind(**wrong)


def test_fields_come_by_keyword_alone() -> None:
    with pytest.raises(TypeError):
        Ours(1)  # type: ignore[misc]


def test_a_factory_makes_another_each_time() -> None:
    one, other = Ours(size=1), Ours(size=1)
    one.parts.append(1)
    assert other.parts == []
    assert Owner(set=1).absent == []
    assert Owner(set=1, absent=[2]).absent == [2]


def test_it_is_looked_at_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="upside down"):
        Checked(low=2)
    with pytest.raises(ValueError, match="upside down"):
        Wider(low=2)
    with pytest.raises(ValueError, match="upside down"):
        replace(Checked(low=0), high=-1)


def test_what_a_class_defines_itself_stays() -> None:
    assert repr(Owner(set=1)) == "owner"
    assert Owner(set=1) == Owner(set=2)
    assert hash(Owner(set=1)) == 7
