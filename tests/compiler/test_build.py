"""The whole path: a table in, a judged program out; and what stays as it was when something goes wrong."""

import errno
import json
import os
import shutil
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.compiler import artifact, fitting, halving, onward
from datacc.compiler.build import Order, build
from datacc.compiler.halving import GOAL_PATIENCE
from datacc.compiler.report import read_report
from datacc.errors import BudgetError, CertifyError, SpecError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.ir.file import load as load_graph
from datacc.ir.interpret import interpret
from datacc.repo.create import create
from datacc.repo.find import find
from datacc.runtime.load import load
from datacc.sources.table import infer_program
from datacc.spec.lock import read_lock, write_lock
from datacc.spec.program import Budget, Check, Goal, Program, Target
from datacc.spec.read import read_program
from tests.compiler.tables import blobs

TOLD = ("report.json", "report.html", "card.md")


def program_in(folder: Path, **changes: object) -> Program:
    """The program inferred from a fresh table in `folder`."""
    blobs(folder / "flowers.csv")
    inferred = infer_program(folder / "flowers.csv", "species")
    return replace(
        inferred, source=replace(inferred.source, options={"path": "flowers.csv", "label": "species"}), **changes
    )  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the inferred program was built, made once; nobody may change it."""
    folder = tmp_path_factory.mktemp("once")
    build(program_in(folder), folder)
    return folder


@pytest.fixture
def built(once: Path, tmp_path: Path) -> Path:
    """A copy of such a folder, cache included."""
    return Path(shutil.copytree(once, tmp_path / "built"))


def files_of(folder: Path) -> dict[str, bytes]:
    """The contents of every file below `folder`, by relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.tiny
def test_a_table_becomes_a_judged_program_that_answers_like_its_graph(tmp_path: Path) -> None:
    program = program_in(tmp_path)
    before = (tmp_path / "flowers.csv").read_bytes()
    report = build(program, tmp_path)
    folder = tmp_path / "build" / "flowers"

    assert report.verdict.holds
    assert {line.kind for line in report.verdict.lines} >= {"parity", "goal"}
    assert (tmp_path / "flowers.csv").read_bytes() == before
    for name in ("flowers.c", "flowers.h", "interface.json", "graph.dcc", "report.json", "report.html", "card.md"):
        assert (folder / name).stat().st_size > 0, name

    answer = load(folder)
    random = np.random.default_rng(5)
    numbers, places = random.uniform(-3, 3, (50, 3)), random.integers(-1, 2, (50, 1))  # of no place that is known, too
    rows = np.concatenate([numbers, places], axis=1).astype(np.float32)
    wanted = interpret(load_graph((folder / "graph.dcc").read_bytes()), {"record": rows})
    got = answer.batch(rows)
    np.testing.assert_array_equal(got["species"].reshape(-1), wanted["species"].reshape(-1))
    np.testing.assert_allclose(got["species_scores"], wanted["species_scores"], atol=1e-5)

    # The files it left are the program: building from them obeys the lock and gives the same bytes.
    again = read_program(tmp_path / "datacc.toml")
    assert again.goals == (Goal(metric="accuracy", limit=report.verdict.lines[1].limit or 0),)
    lock = (tmp_path / "datacc.lock").read_bytes()
    assert tomllib.loads(lock.decode())["skeleton"] == "mlp.v1"
    second = build(again, tmp_path)
    assert second.digests == report.digests
    assert (tmp_path / "datacc.lock").read_bytes() == lock


def test_two_folders_give_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two and a longer name"):
        folder = tmp_path / name
        folder.mkdir()
        program = program_in(folder)
        build(replace(program, target=replace(program.target, make=("c", "library", "wheel"))), folder)
        made.append(files_of(folder / "build" / "flowers"))
    reports = {"report.json", "report.html", "card.md"}  # these hold measured times
    assert set(made[0]) == set(made[1])
    assert any(name.endswith(".whl") for name in made[0])
    assert any(name.endswith(".so") for name in made[0])
    assert not {name for name in set(made[0]) - reports if made[0][name] != made[1][name]}


def test_two_clones_of_a_repository_give_the_same_bytes(tmp_path: Path) -> None:
    create(tmp_path / "first", "flowers")
    repository = find(tmp_path / "first")
    import_examples(repository, blobs(tmp_path / "flowers.csv"), ImportOptions(label="species"))
    subprocess.run(["git", "clone", "-q", str(repository.root), str(tmp_path / "elsewhere, a clone")], check=True)
    made = []
    for root in (repository.root, tmp_path / "elsewhere, a clone"):
        program = read_program(root / "datacc.toml")
        everything = replace(program.target, make=("c", "library", "wheel", "onnx"))
        report = build(replace(program, target=everything), root)
        made.append({path.name: path.read_bytes() for path in (root / "build" / "flowers").iterdir()})
        assert report.provenance.commit == repository.git.commit_of("HEAD")
    assert set(made[0]) == set(made[1])
    assert {Path(name).suffix for name in made[0]} >= {".c", ".h", ".so", ".whl", ".onnx", ".dcc"}
    measured = {"report.json", "report.html", "card.md"}
    assert not {name for name in set(made[0]) - measured if made[0][name] != made[1][name]}


def test_the_goal_is_more_than_the_commonest_class(once: Path) -> None:
    report = read_report(once / "build" / "flowers" / "report.json")
    goal = next(line for line in report.verdict.lines if line.kind == "goal")
    rows = [line.split(",")[-1] for line in (once / "flowers.csv").read_text().splitlines()[1:]]
    assert goal.limit is not None
    assert goal.limit > 0.3
    assert goal.limit <= max(map(rows.count, rows)) / len(rows) + 0.08  # learn and tune differ a little from all


def noise(root: Path, seed: int = 0) -> Program:
    """A program whose goal nothing can reach: its labels are drawn by chance."""
    points, kinds = np.random.default_rng(0), np.random.default_rng(seed)
    drawn = zip(*points.normal(size=(2, 300)), kinds.integers(0, 2, 300), strict=True)
    (root / "noise.csv").write_text("\n".join(["a,b,kind", *(f"{x:.3f},{y:.3f},{'xy'[k]}" for x, y, k in drawn)]))
    return replace(infer_program(root / "noise.csv", "kind"), goals=(Goal(metric="accuracy", limit=0.9),))


def test_a_missed_goal_is_told_and_its_search_is_kept(tmp_path: Path) -> None:
    report = build(noise(tmp_path), tmp_path)
    assert not report.verdict.holds
    (missed,) = report.verdict.missed
    assert missed.kind == "goal"
    assert "more right" in missed.closes
    chosen = read_lock(tmp_path / "datacc.lock")
    assert chosen is not None
    (wanted,) = (one for one in report.tried if one.chosen)
    assert (chosen.skeleton, chosen.sizes) == (wanted.skeleton, wanted.sizes)
    assert sum(one.tune is not None for one in report.tried) > GOAL_PATIENCE
    to_the_end = [one.tune for one in report.tried if one.tune is not None and not one.note.startswith("0.25")]
    assert max(to_the_end) == report.tried[[one.chosen for one in report.tried].index(True)].tune


def test_after_a_miss_a_build_goes_on_and_a_search_that_misses_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onward, "CHEAP", 0)
    build(noise(tmp_path), tmp_path)
    first = read_lock(tmp_path / "datacc.lock")
    assert first is not None
    assert first.parent is not None
    again = build(noise(tmp_path, seed=1), tmp_path)  # most labels are others: a new parent
    second = read_lock(tmp_path / "datacc.lock")
    assert (len(again.tried), again.verdict.holds) == (1, False)
    assert second == replace(first, parent=second.parent if second else None)
    assert second != first
    mine = replace(first, recipe={**first.recipe, "epochs": 1})
    write_lock(tmp_path / "datacc.lock", mine)
    assert not build(noise(tmp_path), tmp_path, Order(search=True)).verdict.holds
    assert read_lock(tmp_path / "datacc.lock") == mine


def test_the_cheapest_rung_that_will_do_is_chosen(tmp_path: Path) -> None:
    program = program_in(tmp_path, goals=(Goal(metric="accuracy", limit=0.6),))
    report = build(program, tmp_path)
    works = [one.work for one in report.tried]
    assert works == sorted(works)
    chosen = [one.chosen for one in report.tried].index(True)
    assert all(one.tune is not None for one in report.tried[: chosen + 1])
    dearer = [n for n, one in enumerate(report.tried) if n > chosen and one.note != "not tried"]
    assert dearer in ([], [len(works) // 2])  # fits are brief here, and begin in the middle


def test_a_dear_fit_is_not_spent_on_a_goal_that_nobody_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = replace(noise(tmp_path), goals=())
    fitted = []
    for dear in (10**11, 0):
        monkeypatch.setattr(halving, "DEAR", dear)
        report = build(program, tmp_path, Order(search=True))
        fitted.append(sum(one.tune is not None for one in report.tried))
    assert fitted[0] > fitted[1] == 1


def test_what_breaks_the_budget_is_never_fitted(tmp_path: Path) -> None:
    program = program_in(tmp_path, budget=Budget(work=100))
    fitted = []
    report = build(program, tmp_path, announce=lambda rung: fitted.append(rung.work))  # type: ignore[func-returns-value]
    assert fitted
    assert all(work <= 100 for work in fitted)
    assert [one for one in report.tried if one.note.startswith("over budget")]


def test_a_budget_below_the_smallest_candidate_gets_a_narrower_one(tmp_path: Path) -> None:
    """As wide as the budget allows: one channel more would break it."""
    ample = build(program_in(tmp_path), tmp_path, Order(search=True))
    smallest = min(one.work for one in ample.tried)
    asked = program_in(tmp_path, budget=Budget(work=smallest - 1))
    report = build(asked, tmp_path, Order(search=True))
    assert report.costs.work < smallest
    assert any("made narrower" in note for note in report.data.notes)
    [line] = [line for line in report.verdict.lines if line.what == "work"]
    assert line.holds
    [chosen] = [one for one in report.tried if one.chosen]
    lock = read_lock(tmp_path / "datacc.lock")
    assert lock is not None
    assert lock.sizes == chosen.sizes
    assert build(asked, tmp_path).digests == report.digests
    wider = replace(lock, sizes={**lock.sizes, "width": lock.sizes["width"] + 1})
    with pytest.raises(BudgetError, match=r"budget\.work allows"):
        build(asked, tmp_path, Order(lock=wider))


def test_a_budget_that_nothing_meets_names_the_narrowest(tmp_path: Path) -> None:
    with pytest.raises(BudgetError) as caught:
        build(program_in(tmp_path, budget=Budget(work=5, memory=1)), tmp_path)
    assert "even the narrowest, mlp.v1 with width = 1" in caught.value.what
    assert "multiply-adds (budget.work allows 5)" in caught.value.what
    assert any(attempt.startswith("work =") for attempt in caught.value.tries)
    assert any(attempt.startswith("memory =") for attempt in caught.value.tries)
    assert not (tmp_path / "build" / "flowers").exists()


def test_a_goal_too_high_for_the_judge_split_is_refused_before_fitting(tmp_path: Path) -> None:
    program = program_in(tmp_path, goals=(Goal(metric="accuracy", limit=0.999),))
    with pytest.raises(CertifyError, match="cannot be certified"):
        build(program, tmp_path, announce=lambda rung: pytest.fail("fitted"))


def test_a_check_on_a_slice_and_a_class_is_judged(tmp_path: Path) -> None:
    checks = (
        Check(metric="accuracy", at_least=0.5, where={"place": "shore"}),
        Check(metric="recall", at_least=0.5, of_class="kind a"),
    )
    report = build(program_in(tmp_path, checks=checks), tmp_path)
    assert [line.holds for line in report.verdict.lines if line.kind == "check"] == [True, True]


def test_a_lock_of_another_program_is_refused(built: Path) -> None:
    program = read_program(built / "datacc.toml")
    (record,) = program.inputs
    fewer = replace(record, options={"columns": ("length", "width")})
    with pytest.raises(SpecError, match="chosen for other inputs"):
        build(replace(program, inputs=(fewer,)), built)
    build(replace(program, inputs=(fewer,), goals=(Goal(metric="accuracy", limit=0.5),)), built, Order(search=True))


def test_a_lock_is_fitted_again_by_the_back_end_that_it_names(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one from before a recipe had an optimiser."""
    path = built / "datacc.lock"
    later = ("optimiser", "momentum", "clip", "average")
    lines = [line for line in path.read_text().splitlines() if not line.startswith(later)]
    path.write_text("\n".join(line if not line.startswith("fit = ") else 'fit = "torch 2.9.1"' for line in lines))
    asked: list[str | None] = []
    real = fitting.engine
    monkeypatch.setattr(fitting, "engine", lambda by, *more: asked.append(by) or real(by, *more))
    before = files_of(built / "build")
    build(read_program(built / "datacc.toml"), built)
    assert asked == ["torch 2.9.1"]
    assert files_of(built / "build")["flowers/graph.dcc"] != before["flowers/graph.dcc"]  # torch adds in other orders
    path.write_text("\n".join(line if not line.startswith("fit = ") else 'fit = "native 1"' for line in lines))
    build(read_program(built / "datacc.toml"), built)
    assert asked[1:] == ["native 1"]
    after = {name: data for name, data in files_of(built / "build").items() if "/previous/" not in name}
    assert {name for name in after if after[name] != before.get(name)} <= {f"flowers/{told}" for told in TOLD}
    path.write_text(path.read_text().replace("native", "nobody"))
    with pytest.raises(SpecError, match="nobody"):
        build(read_program(built / "datacc.toml"), built)


def test_an_interrupted_build_leaves_the_last_good_artifact(built: Path) -> None:
    kept = files_of(built / "build")

    def interrupt(rung: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(replace(read_program(built / "datacc.toml"), seed=1), built, announce=interrupt)
    assert files_of(built / "build") == kept


@pytest.mark.parametrize("moment", range(5))  # the files that finish.py writes
def test_a_full_disk_leaves_the_last_good_artifact(built: Path, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    kept = files_of(built / "build" / "flowers")
    program = replace(read_program(built / "datacc.toml"), budget=Budget(size=10**9))  # else nothing would be built
    count = iter(range(1000))

    def failing(write: Any) -> Any:
        def fail(self: Path, *args: Any, **more: Any) -> Any:
            if next(count) == moment:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
            return write(self, *args, **more)

        return fail

    monkeypatch.setattr(Path, "write_bytes", failing(Path.write_bytes))
    monkeypatch.setattr(Path, "write_text", failing(Path.write_text))
    with pytest.raises(OSError, match="No space left"):
        build(program, built)
    assert files_of(built / "build" / "flowers") == kept
    assert sorted(path.name for path in (built / "build").iterdir()) == ["flowers"]


def test_an_exchange_cut_off_half_way_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "flowers"
    folder.mkdir(parents=True)
    (folder / "graph.dcc").write_bytes(b"good")
    folder.rename(folder.with_name(".flowers.old"))  # as if the process had died between the two renames
    artifact.recover(folder)
    assert (folder / "graph.dcc").read_bytes() == b"good"
    assert not folder.with_name(".flowers.old").exists()


def test_an_interruption_between_the_two_renames_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "build" / "flowers"
    folder.mkdir(parents=True)
    (folder / "graph.dcc").write_bytes(b"good")
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if path.name.startswith(".flowers.new"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), artifact.replacing(folder):
        pass
    assert (folder / "graph.dcc").read_bytes() == b"good"
    assert [path.name for path in folder.parent.iterdir()] == ["flowers"]


def test_two_builds_at_a_time_do_not_meet_and_a_killed_one_is_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "build" / "flowers"
    killed = folder.with_name(".flowers.new-1")
    killed.mkdir(parents=True)
    os.utime(killed, (0, 0))
    with artifact.replacing(folder) as first:
        (first / "graph.dcc").write_text("first")
        monkeypatch.setattr(os, "getpid", lambda: 2)
        with artifact.replacing(folder) as second:
            (second / "graph.dcc").write_text("second")
        assert (folder / "graph.dcc").read_text() == "second"
    assert (folder / "graph.dcc").read_text() == "first"
    assert [path.name for path in folder.parent.iterdir()] == ["flowers"]


def test_the_artifact_before_is_kept_until_the_program_changes_again(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "flowers"
    for text in ("one", "two", "two"):
        with artifact.replacing(folder) as fresh:
            (fresh / "graph.dcc").write_text(text)
            (fresh / "interface.json").write_text("{}")
    assert (folder / "previous" / "graph.dcc").read_text() == "one"
    assert not (folder / "previous" / "previous").exists()


def test_other_examples_are_another_build_even_of_the_same_graph(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "flowers"
    for digest in ("before", "relabelled", "relabelled"):
        with artifact.replacing(folder) as fresh:
            (fresh / "graph.dcc").write_text("same")
            (fresh / "report.json").write_text(json.dumps({"data": {"digest": digest}}))
    assert "before" in (folder / "previous" / "report.json").read_text()


def test_a_damaged_cache_costs_time_and_nothing_else(built: Path) -> None:
    first = read_report(built / "build" / "flowers" / "report.json")
    for entry in (built / ".datacc" / "cache").rglob("*"):
        if entry.is_file():
            data = bytearray(entry.read_bytes())
            data[len(data) // 2] ^= 1
            entry.write_bytes(data)
    assert build(read_program(built / "datacc.toml"), built).digests == first.digests


def test_a_lost_cache_gives_the_same_bytes(built: Path) -> None:
    first = read_report(built / "build" / "flowers" / "report.json")
    shutil.rmtree(built / ".datacc")
    assert build(read_program(built / "datacc.toml"), built).digests == first.digests


def test_a_program_of_integers(tmp_path: Path) -> None:
    """Judged to the last bit; its Graph is one of integers, beside the one of floats that it was made of."""
    program = program_in(tmp_path, target=Target(arithmetics=("int8",), make=("c", "library", "onnx")))
    report = build(program, tmp_path)
    folder = tmp_path / "build" / program.name
    assert report.verdict.holds
    assert "to the last bit" in report.verdict.lines[0].wanted
    assert report.makers["arithmetic"] == "int8"
    whole, floats = (load_graph((folder / name).read_bytes()) for name in ("graph.dcc", "fitted.dcc"))
    assert any(node.type.dtype == "int32" for node in whole.nodes if node.op == "dense")
    assert all(node.type.dtype == "float32" for node in floats.nodes if node.op == "dense")
    again = build(program, tmp_path)
    assert again.digests == report.digests
