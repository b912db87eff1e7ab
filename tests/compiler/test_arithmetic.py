"""Where a program allows floats and integers, the search chooses, the lock says which, and a build obeys it."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from datacc.compiler.attempts import Attempt
from datacc.compiler.build import Order, build
from datacc.compiler.verify import verify
from datacc.errors import SpecError
from datacc.ir.file import load as load_graph
from datacc.sources.table import infer_program
from datacc.spec.lock import Lock, read_lock, write_lock
from datacc.spec.program import Goal, Program, Target
from tests.compiler.tables import blobs

BOTH = ("float", "int8")


def either(folder: Path) -> Program:
    """A program that may be computed in both."""
    blobs(folder / "flowers.csv")
    inferred = infer_program(folder / "flowers.csv", "species")
    source = replace(inferred.source, options={"path": "flowers.csv", "label": "species"})
    goals = (Goal(metric="accuracy", limit=0.8),)
    return replace(inferred, source=source, skeleton="mlp.v1", goals=goals, target=Target(arithmetics=BOTH))


def lock_in(folder: Path) -> Lock:
    found = read_lock(folder / "datacc.lock")
    assert found is not None
    return found


def is_whole(folder: Path) -> bool:
    """Whether the built program computes in integers."""
    graph = load_graph((folder / "build" / "flowers" / "graph.dcc").read_bytes())
    return any(node.type.dtype == "int32" for node in graph.nodes if node.op == "dense")


def test_the_choice_stands_in_the_lock_and_is_obeyed(tmp_path: Path) -> None:
    program = either(tmp_path)
    report = build(program, tmp_path)
    assert report.verdict.holds
    assert {one.arithmetic for one in report.tried} == set(BOTH)
    [chosen] = [one.arithmetic for one in report.tried if one.chosen]
    assert chosen == lock_in(tmp_path).arithmetic == report.makers["arithmetic"]
    assert is_whole(tmp_path) == (chosen == "int8")
    assert tomllib.loads(report.program)["target"].get("arithmetic", "float") == chosen
    assert build(program, tmp_path).digests == report.digests
    assert "flowers.c" in verify(program, tmp_path, None)


@pytest.mark.parametrize("chosen", BOTH)
def test_a_lock_may_say_either(tmp_path: Path, chosen: str) -> None:
    program = either(tmp_path)
    build(program, tmp_path)
    write_lock(tmp_path / "datacc.lock", replace(lock_in(tmp_path), arithmetic=chosen))
    report = build(program, tmp_path)
    assert report.makers["arithmetic"] == chosen
    assert is_whole(tmp_path) == (chosen == "int8")
    assert lock_in(tmp_path).arithmetic == chosen


@pytest.mark.parametrize("chosen", [None, "int16"])
def test_a_lock_that_says_neither_is_refused(tmp_path: Path, chosen: str | None) -> None:
    program = either(tmp_path)
    build(program, tmp_path)
    write_lock(tmp_path / "datacc.lock", replace(lock_in(tmp_path), arithmetic=chosen))
    with pytest.raises(SpecError, match="allows float and int8") as caught:
        build(program, tmp_path)
    assert caught.value.where == "datacc.lock"


def test_integers_are_made_of_the_very_floats_that_were_fitted(tmp_path: Path) -> None:
    heard: list[Attempt] = []
    report = build(either(tmp_path), tmp_path, Order(wish="frontier"), tell=heard.append)
    floats = {one.rung.title: one.fitted.graph.digest for one in heard if one.rung.arithmetic == "float"}
    whole = [one for one in heard if one.rung.arithmetic == "int8"]
    assert whole
    for one in whole:
        assert one.fitted.floats is not None
        assert one.fitted.floats.digest == floats[one.rung.title.removesuffix(", int8")]
    assert all(one.size for one in report.tried if one.tune is not None)  # a frontier shows what each costs
