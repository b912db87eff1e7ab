"""One build at several widths: each is fitted, linked, and judged row by row; the report says what each costs."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import datacc
from datacc.compiler import fitting
from datacc.compiler.again import judge_again
from datacc.compiler.ask import ask_reference
from datacc.compiler.build import build
from datacc.compiler.cache import cache
from datacc.compiler.grow import grow
from datacc.compiler.report import Report, read_report
from datacc.compiler.verify import verify
from datacc.compiler.widths import NARROWEST, SHARE, effort, narrower_forms, part_of, shares, unfilled
from datacc.errors import DataError, ParityError
from datacc.fit import Progress, Recipe, Watch
from datacc.ir.build import Builder
from datacc.ir.cost import work
from datacc.ir.file import dump
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.spec.lock import read_lock, write_lock
from datacc.spec.program import Program, Target
from tests.compiler.tables import blobs
from tests.compiler.test_sides import asked, cheap
from tests.conformance.test_widths import form
from tests.laws import about

WIDTHS = (0.25, 0.5, 1.0)


def program_in(folder: Path, **changes: object) -> Program:
    """A program of three flowers at three widths, with a lock of a small net."""
    blobs(folder / "flowers.csv", rows=360, spread=0.6)
    program = replace(asked(folder), widths=WIDTHS, **changes)  # type: ignore[arg-type]
    write_lock(folder / "datacc.lock", replace(cheap(program), sizes={"width": 16, "depth": 1}))
    return program


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Program, Report]:
    """A folder in which it was built, made once; nobody may change it."""
    folder = tmp_path_factory.mktemp("widths")
    program = program_in(folder)
    return folder, program, build(program, folder)


def test_every_width_is_in_the_report_and_right(built: tuple[Path, Program, Report]) -> None:
    root, _, report = built
    folder = root / "build" / "flowers"
    assert [one.width for one in report.verdict.widths] == [*WIDTHS]
    works = [one.work for one in report.verdict.widths]
    assert works == sorted(set(works))
    assert works[-1] == report.costs.work
    goal = next(line for line in report.verdict.lines if line.kind == "goal")
    assert report.verdict.widths[-1].accuracy == goal.figure
    assert all(one.accuracy.value > 0.8 for one in report.verdict.widths)
    parities = [line for line in report.verdict.lines if line.kind == "parity"]
    assert [line.what.rpartition("reference")[2] for line in parities] == ["", " at width 0.25", " at width 0.5"]
    for text in ((folder / "card.md").read_text(), (folder / "report.html").read_text()):
        assert f"{works[0]:,} multiply-adds" in text
    assert read_report(folder / "report.json") == report


def test_the_artifact_answers_at_each_width_as_its_graph_there(built: tuple[Path, Program, Report]) -> None:
    root, *_ = built
    folder = root / "build" / "flowers"
    whole = datacc.load(folder)
    rows = np.random.default_rng(5).uniform(-3, 3, (200, 3)).astype(np.float32)
    for width, file in ((0.25, "width-0.25.dcc"), (0.5, "width-0.5.dcc"), (1.0, "graph.dcc")):
        graph = load_graph((folder / file).read_bytes())
        assert graph.by_name["hidden1.weight"].type.shape[0] == 16 * width
        wanted, got = ask_reference(graph, {"record": rows}), whole.at(width).batch(rows)
        np.testing.assert_array_equal(got["species"].reshape(-1), wanted["species"].reshape(-1))
        np.testing.assert_allclose(got["species_scores"], wanted["species_scores"], atol=1e-5)
    with pytest.raises(DataError, match=r"no width 0\.75"):
        whole.at(0.75)


def test_it_stands_and_comes_out_the_same_elsewhere(
    built: tuple[Path, Program, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, program, report = built
    assert {"width-0.25.dcc", "width-0.5.dcc", "flowers.c"} <= {*verify(program, root, None)}
    monkeypatch.setattr(fitting.Engine, "fit", lambda *_, **more: pytest.fail("fitted again"))
    assert build(program, root) == report
    again = judge_again(root / "build" / "flowers", root, cache(root))
    assert [one.accuracy for one in again.verdict.widths] == [one.accuracy for one in report.verdict.widths]


def test_a_width_that_differs_from_its_graph_is_found(built: tuple[Path, Program, Report], tmp_path: Path) -> None:
    """The judge holds each width against a Graph of its own: another one there does not pass."""
    root = tmp_path / "copy"
    shutil.copytree(built[0], root)
    folder = root / "build" / "flowers"
    graph = load_graph((folder / "width-0.5.dcc").read_bytes())
    weight = graph.by_name["top.weight"].value
    assert weight is not None
    (folder / "width-0.5.dcc").write_bytes(dump(graph.fill({"top.weight": -weight})))
    with pytest.raises(ParityError):
        judge_again(folder, root, cache(root))


def test_integers_have_widths_too(tmp_path: Path) -> None:
    program = program_in(tmp_path, target=Target(arithmetics=("int8",)))
    write_lock(tmp_path / "datacc.lock", replace(cheap(program), sizes={"width": 16, "depth": 1}))
    report = build(program, tmp_path)
    exact = [line for line in report.verdict.lines if line.kind == "parity"]
    assert [line.reached.endswith("difference 0") for line in exact] == [True] * 3
    assert all(one.accuracy.value > 0.8 for one in report.verdict.widths)


def test_a_search_weighs_all_widths_together_and_skips_what_has_only_one(tmp_path: Path) -> None:
    blobs(tmp_path / "flowers.csv", rows=240, spread=0.4)
    program = replace(asked(tmp_path), widths=WIDTHS)
    report = build(program, tmp_path)
    assert all(tried.sizes["width"] > 0 for tried in report.tried)
    chosen = next(tried for tried in report.tried if tried.chosen)
    assert (chosen.work, chosen.size) == (report.costs.work, report.costs.size)
    lock = read_lock(tmp_path / "datacc.lock")
    assert lock is not None
    wider = grow(tmp_path / "build" / "flowers", program, tmp_path, cache(tmp_path), 2, lambda rung: None)
    graph = load_graph((tmp_path / "build" / "flowers" / "width-0.5.dcc").read_bytes())
    assert graph.by_name["hidden1.weight"].type.shape[0] == lock.sizes["width"]
    assert work(graph) < wider.costs.work + 100


@settings(max_examples=about(40))
@given(
    name=st.sampled_from(["conv.v1", "mlp.v1"]),
    channels=st.integers(4, 40),
    widths=st.sets(st.sampled_from([n / 16 for n in range(1, 16)]), min_size=1, max_size=6).map(sorted),
    epochs=st.integers(10, 120),
)
def test_all_narrower_widths_together_cost_a_share_of_the_whole(
    name: str, channels: int, widths: list[float], epochs: int
) -> None:
    whole, recipe = form(name, channels), Recipe(epochs=epochs, batch=32, rate=0.02)
    forms = narrower_forms(whole, [*widths, 1.0])
    each = zip(widths, forms, shares(len(forms)), strict=True)
    parts = [part_of(recipe, width, one, whole, share) for width, one, share in each]
    assert all(1 <= part.epochs <= epochs for part in parts)
    assert [part.epochs for part in parts] == sorted((part.epochs for part in parts), reverse=True)
    assert [part.rate for part in parts] == sorted((part.rate for part in parts), reverse=True)
    assert all(0 < part.rate <= recipe.rate for part in parts)
    assert {(part.batch, part.decay, part.threads) for part in parts} == {(recipe.batch, recipe.decay, recipe.threads)}
    paid = sum(part.epochs * effort(one) for part, one in zip(parts, forms, strict=True))
    assert paid <= ((SHARE + NARROWEST) * epochs + len(parts)) * effort(whole), "but for the rounding to whole passes"


def test_the_narrowest_width_may_cost_more_than_any_other() -> None:
    whole, recipe = form("conv.v1", 8), Recipe(epochs=100, batch=32, rate=0.02)
    forms = narrower_forms(whole, (0.25, 0.5, 0.75, 1.0))
    each = zip((0.25, 0.5, 0.75), forms, shares(len(forms)), strict=True)
    costs = [part_of(recipe, width, one, whole, share).epochs * effort(one) for width, one, share in each]
    told = [cost / recipe.epochs / effort(whole) for cost in costs]
    assert told == pytest.approx([SHARE / 3 + NARROWEST, SHARE / 3, SHARE / 3], abs=0.01)
    assert shares(1) == (SHARE + NARROWEST,)
    assert not shares(0)  # of a program that has one width


@pytest.mark.parametrize(("channels", "counted"), [(1, 16), (3, 16), (16, 16), (17, 32), (40, 48)])
def test_the_effort_of_a_step_counts_whole_vectors(channels: int, counted: int) -> None:
    b = Builder()
    weights = b.weight("w", (channels, 10)), b.weight("b", (channels,))
    graph = b.graph({"y": b.op("dense", "d", b.input("x", "float32", (10,)), *weights)})
    assert (work(graph), effort(graph)) == (10 * channels, 10 * counted)


@pytest.mark.parametrize("name", ["conv.v1", "mlp.v1"])
@pytest.mark.parametrize(
    ("channels", "counts"),
    [(8, "0.25 (2), 0.5 (4), 0.75 (6)"), (12, "0.25 (3), 0.5 (6)"), (30, ""), (32, ""), (20, "0.25 (5)")],
)
def test_a_width_that_fills_no_vector_is_told_of(name: str, channels: int, counts: str) -> None:
    widths = (0.25, 0.5, 0.75, 1.0)
    told = unfilled(dict(zip(widths, narrower_forms(form(name, channels), widths), strict=False)))
    assert bool(told) == bool(counts)
    assert all(f"at width {counts}:" in note and "from 32 channels on" in note for note in told)


def test_a_build_says_where_latency_cannot_follow_work(built: tuple[Path, Program, Report]) -> None:
    _, program, report = built
    forms = narrower_forms(form("mlp.v1", 16), program.widths)
    (told,) = unfilled(dict(zip(program.widths, forms, strict=False)))
    assert told in report.data.notes


def test_what_is_announced_is_what_is_fitted(tmp_path: Path) -> None:
    """Steps are counted where they are taken: the narrower widths' beside the whole's."""
    program = program_in(tmp_path)
    steps: list[int] = []

    def announce(rung: object) -> Watch:
        steps.append(0)

        def watch(progress: Progress) -> None:
            steps[-1] = progress.steps

        return watch

    build(program, tmp_path, announce=announce)
    graphs: list[Graph] = [
        load_graph((tmp_path / "build" / "flowers" / file).read_bytes())
        for file in ("graph.dcc", "width-0.5.dcc", "width-0.25.dcc")
    ]
    whole, *others = (taken * effort(graph) for taken, graph in zip(steps, graphs, strict=True))
    assert 0 < sum(others) <= 0.6 * whole
