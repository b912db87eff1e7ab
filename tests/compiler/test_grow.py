"""A built program is widened, goes on with the examples of now, and says where it came from."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler import fitting
from datacc.compiler.build import Order, build
from datacc.compiler.cache import cache
from datacc.compiler.family import family_of
from datacc.compiler.grow import grow
from datacc.compiler.report import Report, read_report
from datacc.compiler.sides import diff_builds
from datacc.compiler.verify import verify
from datacc.errors import BudgetError, DataError, GraphError, SpecError, UsageError
from datacc.ir.file import load as load_graph
from datacc.ir.interpret import interpret
from datacc.runtime.load import load
from datacc.spec.lock import read_lock, write_lock
from datacc.spec.program import Budget, Program, Target
from tests.compiler.tables import blobs
from tests.compiler.test_sides import asked, cheap

SIZES = {"width": 4, "depth": 1}


def program_in(folder: Path) -> Program:
    """A program of three flowers with a lock of a small net."""
    blobs(folder / "flowers.csv", rows=360, spread=0.8)
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


def grown(root: Path, by: float = 2, program: Program | None = None) -> Report:
    folder = root / "build" / "flowers"
    return grow(folder, program or asked(root), root, cache(root), by, lambda rung: None)


def more_rows(root: Path, rows: int) -> None:
    """As many rows again, of the same flowers."""
    table = root / "flowers.csv"
    head, *lines = table.read_text().splitlines()
    _, *fresh = blobs(root / "other.csv", rows=rows + 360, spread=0.8).read_text().splitlines()
    table.write_text("\n".join([head, *lines, *fresh[360:]]) + "\n")


def test_a_grown_program_is_wider_and_names_its_parent(root: Path) -> None:
    folder = root / "build" / "flowers"
    parent = load_graph((folder / "graph.dcc").read_bytes())
    before = read_report(folder / "report.json")
    report = grown(root)
    lock = read_lock(root / "datacc.lock")
    assert lock is not None
    assert (lock.sizes, lock.parent) == ({"width": 8, "depth": 1}, parent.digest)
    assert report.provenance.parent == report.makers["fitted from"] == parent.digest
    assert load_graph((folder / "parent.dcc").read_bytes()).digest == parent.digest
    assert load_graph((folder / "graph.dcc").read_bytes()).by_name["hidden1.weight"].type.shape == (8, 3)
    assert any(f"began from the program {parent.digest}" in note for note in report.data.notes)
    assert report.costs.work > before.costs.work
    assert report.verdict.lines[0].kind == "parity"
    assert parent.digest in (folder / "card.md").read_text() + (folder / "report.html").read_text()


def test_the_library_that_comes_out_is_the_wider_graph(root: Path) -> None:
    grown(root)
    folder = root / "build" / "flowers"
    rows = np.random.default_rng(5).uniform(-3, 3, (50, 3)).astype(np.float32)
    wanted = interpret(load_graph((folder / "graph.dcc").read_bytes()), {"record": rows})
    got = load(folder).batch(rows)
    np.testing.assert_array_equal(got["species"].reshape(-1), wanted["species"].reshape(-1))
    np.testing.assert_allclose(got["species_scores"], wanted["species_scores"], atol=1e-5)


def test_it_goes_on_with_the_examples_of_now(root: Path) -> None:
    before = read_report(root / "build" / "flowers" / "report.json")
    more_rows(root, 300)
    report = grown(root)
    assert report.data.rows["learn"] > before.data.rows["learn"] + 100
    assert report.data.digest != before.data.digest
    assert report.verdict.holds


def test_what_was_standardised_stays_so(root: Path) -> None:
    """Otherwise every answer would change at the moment of growing."""
    folder = root / "build" / "flowers"
    before = load_graph((folder / "graph.dcc").read_bytes())
    more_rows(root, 300)
    grown(root)
    after = load_graph((folder / "graph.dcc").read_bytes())
    for name in ("record.scale", "record.offset"):
        np.testing.assert_array_equal(after.by_name[name].value, before.by_name[name].value)


def test_the_next_build_says_the_same_and_so_does_one_elsewhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = grown(root)
    assert {"graph.dcc", "parent.dcc", "flowers.c"} <= {*verify(asked(root), root, None)}
    monkeypatch.setattr(fitting.Engine, "fit", lambda *_, **more: pytest.fail("fitted again"))
    assert build(asked(root), root) == report


def test_growing_again_and_a_change_of_labels_go_on_from_the_one_before(root: Path) -> None:
    folder = root / "build" / "flowers"
    grown(root)
    second = load_graph((folder / "graph.dcc").read_bytes()).digest
    assert grown(root).provenance.parent == second
    more_rows(root, 60)
    report = build(asked(root), root)
    assert report.provenance.parent == second, "the lock's parent, whatever stands in build/ by now"
    diff_builds(folder, root, cache(root))  # fold models of both


def test_without_the_parent_a_build_begins_from_nothing(root: Path) -> None:
    grown(root)
    lock = read_lock(root / "datacc.lock")
    assert lock is not None
    shutil.rmtree(root / "build")
    assert build(asked(root), root).provenance.parent == lock.parent, "the cache has it, too"
    shutil.rmtree(root / "build")
    shutil.rmtree(root / ".datacc")
    report = build(asked(root), root)
    assert report.provenance.parent is None
    assert any(note.startswith("fitted from nothing") for note in report.data.notes)
    renewed = read_lock(root / "datacc.lock")
    assert renewed is not None
    assert (renewed.parent, renewed.sizes, renewed.recipe) == (None, lock.sizes, lock.recipe)
    grown(root, by=1.5)
    build(asked(root), root, Order(exact=True))
    exact = read_lock(root / "datacc.lock")
    assert exact is not None
    assert exact.parent is None


def test_a_new_class_makes_a_build_begin_from_nothing(root: Path) -> None:
    grown(root)
    with (root / "flowers.csv").open("a") as table:
        table.writelines(f"{7 + n / 100},7,7,shore,kind d\n" for n in range(60))
    report = build(asked(root), root)
    assert report.provenance.parent is None
    assert any(note.startswith("fitted from nothing") for note in report.data.notes)
    assert report.data.classes["species"] == ("kind a", "kind b", "kind c", "kind d")


def test_a_program_of_integers_grows_from_its_floats(tmp_path: Path) -> None:
    program = replace(program_in(tmp_path), target=Target(arithmetics=("int8",)))
    write_lock(tmp_path / "datacc.lock", replace(cheap(program), sizes=SIZES))
    build(program, tmp_path)
    folder = tmp_path / "build" / "flowers"
    floats = load_graph((folder / "fitted.dcc").read_bytes())
    report = grown(tmp_path, program=program)
    assert report.provenance.parent == floats.digest
    assert report.provenance.arithmetic == "int8"
    assert load_graph((folder / "fitted.dcc").read_bytes()).by_name["hidden1.weight"].type.shape == (8, 3)
    assert report.verdict.holds


@pytest.mark.parametrize("by", [1, 0.5, -2, 65, float("nan"), float("inf")])
def test_a_factor_that_does_not_widen_is_refused(root: Path, by: float) -> None:
    with pytest.raises(UsageError, match="no factor above 1"):
        grown(root, by=by)


def test_a_budget_that_the_wider_program_breaks_is_told_before_a_fit(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting.Engine, "fit", lambda *_, **more: pytest.fail("fitted"))
    before = (root / "build" / "flowers" / "report.json").read_bytes()
    with pytest.raises(BudgetError, match=r"budget\.work allows 60"):
        grown(root, program=replace(asked(root), budget=Budget(work=60)))
    assert (root / "build" / "flowers" / "report.json").read_bytes() == before


def test_what_cannot_grow_is_told(root: Path, tmp_path: Path) -> None:
    folder, program = root / "build" / "flowers", asked(root)
    with pytest.raises(UsageError, match="no built program"):
        family_of(tmp_path / "nowhere", program, root, cache(root))
    (field,) = program.inputs
    fewer = replace(program, inputs=(replace(field, options={"columns": ["length", "width"]}),))
    with pytest.raises(SpecError, match="other inputs or outputs"):
        family_of(folder, fewer, root, cache(root))
    with pytest.raises(SpecError, match="asks for conv"):
        grown(root, program=replace(program, skeleton="conv.v1"))
    table = root / "flowers.csv"
    text = table.read_text()
    table.write_text(text + "1,1,1,shore,kind d\n" * 40)
    with pytest.raises(DataError, match=r"'kind d' now; the program answers 'kind a', 'kind b', 'kind c'"):
        grown(root)
    table.write_text(text)
    (folder / "graph.dcc").write_bytes(b"DATACCG\n damaged")
    with pytest.raises(GraphError, match="not a Graph"):
        grown(root)
    (folder / "graph.dcc").unlink()
    with pytest.raises(UsageError, match=r"graph\.dcc"):
        grown(root)
    (folder / "compiled.json").write_text("{}")
    with pytest.raises(UsageError, match="compiled from an ONNX model"):
        grown(root)


def test_a_linear_program_has_nothing_to_widen(tmp_path: Path) -> None:
    program = program_in(tmp_path)
    write_lock(tmp_path / "datacc.lock", cheap(program))
    build(program, tmp_path)
    with pytest.raises(UsageError, match="no channels"):
        grown(tmp_path)
