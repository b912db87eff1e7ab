"""The registry: every member of every open set is what it promises, and an unknown one names the nearest."""

import pytest

from datacc import registry
from datacc.compiler.checks import CheckKind
from datacc.errors import SpecError
from datacc.fit import BackEnd
from datacc.goals import Metric
from datacc.intake import Format
from datacc.registry import load, members, names, require
from datacc.skeletons import Skeleton
from datacc.sources import Source
from datacc.targets import Target
from datacc.types import InputType, OutputType
from datacc.variations import Variation

KINDS: dict[str, tuple[type, ...]] = {
    "types": (InputType, OutputType),
    "goals": (Metric,),
    "skeletons": (Skeleton,),
    "targets": (Target,),
    "sources": (Source,),
    "intake": (Format,),
    "fit": (BackEnd,),
    "checks": (CheckKind,),
    "variations": (Variation,),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_of_an_open_set_is_a_member(kind: str) -> None:
    assert names(kind)
    for name in names(kind):
        assert isinstance(load(kind, name), KINDS[kind]), name


@pytest.mark.parametrize("kind", KINDS)
def test_members_are_those_that_names_names(kind: str) -> None:
    assert set(map(id, members(kind))) == {id(load(kind, name)) for name in names(kind)}


def test_who_finds_a_built_in_member_does_not_look_into_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[str]()
    monkeypatch.setattr(registry, "_outside", lambda kind: looked.append(kind) or {"another": None})
    assert isinstance(next(members("intake")), Format)
    assert not looked
    assert "another" in names("intake")
    assert looked


def test_a_file_without_an_entry_is_no_member() -> None:
    assert "torch" in names("fit")
    assert "driver" not in names("fit")


def test_an_unknown_member_names_the_nearest() -> None:
    with pytest.raises(SpecError) as caught:
        require("goals", "averge_precision")
    assert caught.value.tries == ("'average_precision'",)
