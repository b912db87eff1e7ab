"""The whole path: a table in, a judged program out; the same bytes wherever it is built."""

import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler import fitting
from datacc.compiler.build import Order, build
from datacc.compiler.report import read_report
from datacc.errors import CertifyError, SpecError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.ir.file import load as load_graph
from datacc.ir.interpret import interpret
from datacc.repo.create import create
from datacc.repo.find import find
from datacc.runtime.load import load
from datacc.spec.program import Check, Goal, Target
from datacc.spec.read import read_program
from tests.compiler.tables import blobs, files_of, program_in

TOLD = ("report.json", "report.html", "card.md")


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
