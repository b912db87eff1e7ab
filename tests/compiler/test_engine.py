"""Which back end fits: the one asked for, the first that covers, and what is said when it is not there."""

from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest

from datacc.compiler import engine as module
from datacc.compiler.engine import engine
from datacc.errors import MissingExtra, SpecError
from datacc.fit import Rounding
from datacc.registry import load, names
from tests.fit.fakes import Fake
from tests.fit.sets import QUICK, row_graph, rows

GRAPH = row_graph(rows())
ROUNDING = Rounding(values={}, products=frozenset(), weights=63)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes these back ends known besides torch, which then is nowhere imported."""

    def make(**members: Fake) -> None:
        def found(kind: str, name: str) -> Any:
            assert name != "torch", "torch is not imported to be asked"
            return members[name]

        monkeypatch.setattr(module, "names", lambda kind: (*members, "torch"))
        monkeypatch.setattr(module, "load", found)

    return make


def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)


def test_the_first_that_covers_the_graph_fits(known: Callable[..., None]) -> None:
    known(native=Fake())
    assert engine(None, GRAPH).version == "fake 1"
    known(native=Fake(lacking="op 'sin' of node 'wave'"))
    assert engine(None, GRAPH).name == "torch"
    known()
    assert engine(None, GRAPH).name == "torch"


def test_the_one_asked_for_fits(known: Callable[..., None]) -> None:
    known(native=Fake(), other=Fake())
    assert engine("torch", GRAPH).name == "torch"
    assert engine("torch 2.13.0", GRAPH).name == "torch", "as an old lock says it"
    assert engine("other 7, torch 2.13.0", GRAPH).name == "other"


def test_one_that_does_not_cover_the_graph_cannot_be_asked_for(known: Callable[..., None]) -> None:
    known(native=Fake(lacking="op 'sin' of node 'wave'"))
    with pytest.raises(SpecError, match="native does not fit op 'sin' of node 'wave'") as caught:
        engine("native", GRAPH).fit(GRAPH, rows(), rows(), QUICK, 0)
    assert "torch" in caught.value.tries[0]


def test_a_rounding_is_left_to_the_one_that_knows_it(known: Callable[..., None]) -> None:
    known(native=Fake())
    assert engine("native", GRAPH, ROUNDING).name == "torch"
    assert engine(None, GRAPH, ROUNDING).name == "torch"


def test_what_needs_the_missing_extra_is_named(known: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    without_torch(monkeypatch)
    known(native=Fake(lacking="op 'sin' of node 'wave'"))
    with pytest.raises(MissingExtra) as caught:
        engine(None, GRAPH)
    said = "fitting needs torch, which is not installed (native does not fit op 'sin' of node 'wave')"
    assert caught.value.what == said
    assert caught.value.tries == ("pip install 'datacc[fit]'",)
    known(native=Fake())
    assert engine(None, GRAPH).name == "native"


def test_an_engine_fits_and_says_by_what(known: Callable[..., None]) -> None:
    known(native=Fake())
    found = engine(None, GRAPH).fit(GRAPH, rows(), rows(30, 1), QUICK, 0)
    assert found.by == "fake 1"


def test_every_back_end_here_says_who_it_is() -> None:
    assert "torch" in names("fit")
    for name in names("fit"):
        assert load("fit", name).version.split(" ")[0] == name
        assert name == "torch" or engine(name, GRAPH).version.split(" ")[0] == name
