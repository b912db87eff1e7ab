"""A built program loses channels until it costs what is asked, and is judged as any other."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from datacc.compiler import fitting
from datacc.compiler.begin import begin
from datacc.compiler.build import build
from datacc.compiler.cache import cache
from datacc.compiler.family import Family, family_of
from datacc.compiler.report import Report, read_report
from datacc.compiler.report.text import report_text
from datacc.compiler.resize import importance
from datacc.compiler.shown import WARNING
from datacc.compiler.slim import narrower, slim
from datacc.errors import BudgetError, UsageError
from datacc.ir.file import load as load_graph
from datacc.repo.snapshot import LEARN, TUNE
from datacc.spec.lock import read_lock, write_lock
from datacc.spec.program import Budget, Goal, Program, Target
from tests.compiler.tables import blobs
from tests.compiler.test_sides import asked, cheap

SIZES = {"width": 24, "depth": 2}


def program_in(folder: Path) -> Program:
    """A program of three flowers with a lock of a net that is wider than it need be."""
    blobs(folder / "flowers.csv", rows=360, spread=0.5)
    program = asked(folder)
    write_lock(folder / "datacc.lock", replace(cheap(program), sizes=SIZES))
    return program


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which it was built, made once; nobody may change it."""
    folder = tmp_path_factory.mktemp("once")
    build(program_in(folder), folder)
    return folder


@pytest.fixture
def root(once: Path, tmp_path: Path) -> Path:
    """A copy of such a folder, cache included."""
    return Path(shutil.copytree(once, tmp_path / "root"))


def slimmed(root: Path, program: Program | None = None, **limits: int) -> Report:
    folder = root / "build" / "flowers"
    return slim(folder, program or asked(root), root, cache(root), Budget(**limits), lambda rung: None)


def family(root: Path) -> Family:
    return family_of(root / "build" / "flowers", asked(root), root, cache(root))


@pytest.mark.parametrize("what", ["work", "size", "memory"])
def test_what_comes_out_costs_no_more_and_hardly_less(root: Path, what: str) -> None:
    before = read_report(root / "build" / "flowers" / "report.json")
    narrowest = family(root).costs({"width": 2, "depth": 2})
    limit = (getattr(before.costs, what) + getattr(narrowest, what)) // 2
    report = slimmed(root, **{what: limit})
    assert getattr(report.costs, what) <= limit
    lock = read_lock(root / "datacc.lock")
    assert lock is not None
    assert lock.sizes["depth"] == 2
    wider = family(root).costs({**lock.sizes, "width": lock.sizes["width"] + 1})
    assert getattr(wider, what) > limit, "one channel more would have been too many"


def test_a_fit_begins_with_the_channels_that_weigh_most(root: Path) -> None:
    kin = family(root)
    rows = {name: array[kin.snapshot.rows(LEARN)] for name, array in kin.snapshot.inputs.items()}
    worth = importance(kin.graph, rows)["hidden1"]
    begun = begin(kin.program, kin.snapshot, kin.graph, kin.form({**kin.sizes, "width": 9}), kin.store)
    before, after = (graph.by_name["hidden1.weight"].value for graph in (kin.graph, begun.graph))
    assert before is not None
    np.testing.assert_array_equal(after, before[sorted(np.argsort(-worth)[:9])])
    assert not begun.wider


def test_what_it_cost_is_told(root: Path) -> None:
    """How much was right on tune before and after, as both reports count it, and a warning where that is far less."""
    before = read_report(root / "build" / "flowers" / "report.json").tune[0]
    report = slimmed(root, work=250)
    [note] = [note for note in report.data.notes if "without the channels" in note]
    first, cut, after = (float(word) for word in re.findall(r"([\d.]+) %", note))
    counts = [100 * one.right / one.total for one in (before, report.tune[0])]
    assert [first, after] == pytest.approx(counts, abs=0.051)
    assert 0 <= cut <= 100
    assert any(note.startswith(WARNING) for note in report.data.notes) is (first - after > 10)


def test_a_collapse_is_said_aloud(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program that gives everything one class has a third right."""
    kin = family(root)
    form = kin.form({**kin.sizes, "width": 2})
    begun = begin(kin.program, kin.snapshot, kin.graph, form, kin.store)
    nothing = form.fill({node.name: np.zeros(node.type.shape) for node in form.holes})
    told = begun.told(kin.program, kin.snapshot, nothing, kin.store)
    kinds = kin.snapshot.labels["species"][kin.snapshot.rows(TUNE)]
    share = float((kinds == 0).mean())
    assert f"{100 * share:.1f} % after the fit" in told[0]
    assert f"{100 * (begun.before - share):.1f} points" in told[1]
    assert "[budget]" in told[1]
    assert begun.told(kin.program, kin.snapshot, kin.graph, kin.store)[1:] == ()
    report = read_report(root / "build" / "flowers" / "report.json")
    loud = replace(report, data=replace(report.data, notes=told))
    Console(width=200).print(report_text(loud))
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("note: the fit began") for line in lines)
    assert any(line.startswith("warning: ") for line in lines)


def test_it_is_judged_and_names_its_parent(root: Path) -> None:
    parent = load_graph((root / "build" / "flowers" / "graph.dcc").read_bytes())
    report = slimmed(root, work=250)
    lock = read_lock(root / "datacc.lock")
    assert lock is not None
    assert lock.parent == report.provenance.parent == parent.digest
    assert [line.kind for line in report.verdict.lines[:2]] == ["parity", "goal"]
    assert report.verdict.holds
    assert build(asked(root), root) == report


def test_the_same_twice_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(root, tmp_path / "other"))
    first, second = slimmed(root, work=250), slimmed(other, work=250)
    assert first.files == second.files


def test_a_program_of_integers_is_slimmed_from_its_floats(tmp_path: Path) -> None:
    program = replace(program_in(tmp_path), target=Target(arithmetics=("int8",)))
    write_lock(tmp_path / "datacc.lock", replace(cheap(program), sizes=SIZES))
    before = build(program, tmp_path)
    report = slimmed(tmp_path, program, size=before.costs.size - 300)
    assert report.costs.size <= before.costs.size - 300
    assert report.provenance.arithmetic == "int8"
    assert report.verdict.holds


def test_what_it_needs_already_is_told(root: Path) -> None:
    with pytest.raises(UsageError, match=r"needs no more than that already: [\d,]+ multiply-adds"):
        slimmed(root, work=1_000_000)


def test_what_no_width_can_do_is_told_before_a_fit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting.Engine, "fit", lambda *_, **more: pytest.fail("fitted"))
    with pytest.raises(
        BudgetError, match=r"even the narrowest, mlp\.v1 with depth 2, width 1, needs \d+ multiply-adds"
    ) as caught:
        slimmed(root, work=10)
    limit = caught.value.tries[0].removeprefix('datacc slim --work "').removesuffix(' MAC"')
    assert narrower(family(root), Budget(work=int(limit))) == {"width": 1, "depth": 2}
    with pytest.raises(BudgetError, match="bytes"):
        slimmed(root, size=100, work=150)


def test_a_goal_that_is_missed_is_told_and_the_lock_stays(root: Path) -> None:
    before = (root / "datacc.lock").read_bytes()
    table = root / "flowers.csv"
    head, *lines = table.read_text().splitlines()
    random = np.random.default_rng(0)  # labels by chance: nothing can be learnt
    noise = [f"{line.rpartition(',')[0]},kind {'abc'[random.integers(3)]}" for line in lines]
    table.write_text("\n".join([head, *noise]) + "\n")
    report = slimmed(root, replace(asked(root), goals=(Goal(metric="accuracy", limit=0.6),)), work=250)
    assert [line.what for line in report.verdict.missed] == ["accuracy"]
    assert (root / "datacc.lock").read_bytes() == before
