"""The examples in docs/how-to-add work as they stand there."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.compiler.checks import CheckKind
from datacc.errors import DataError
from datacc.goals import Metric, Told
from datacc.intake import Format
from datacc.ir.check import check
from datacc.ir.graph import float32
from datacc.ir.interpret import interpret
from datacc.ir.narrow import narrow
from datacc.registry import load
from datacc.repo.snapshot import JUDGE
from datacc.skeletons import Skeleton
from datacc.sources import Source
from datacc.spec.program import Check, Field, Program, Teacher
from datacc.store import Store
from datacc.targets import Target
from datacc.teachers import Answer, Question, TeacherKind
from datacc.types import InputType
from datacc.variations import Variation
from tests.compiler.checks.trials import Fake, trial_of
from tests.conformance.samples import front
from tests.ir.graphs import inputs_for
from tests.targets.programs import RECORD, packed

PAGES = Path(__file__).parents[2] / "docs" / "how-to-add"
KINDS = {
    "goal": Metric,
    "type": InputType,
    "skeleton": Skeleton,
    "target": Target,
    "source": Source,
    "intake": Format,
    "check": CheckKind,
    "variation": Variation,
    "teacher": TeacherKind,
}


def entry(kind: str) -> Any:
    """`ENTRY` of the first Python block on the page."""
    [text] = re.findall(r"^```python\n(.*?)^```$", (PAGES / f"{kind}.md").read_text(encoding="utf-8"), re.DOTALL | re.M)
    names: dict[str, Any] = {"__name__": f"how_to_add_{kind}"}
    exec(compile(text, f"{kind}.md", "exec"), names)
    return names["ENTRY"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_is_of_its_kind(kind: str) -> None:
    assert isinstance(entry(kind), KINDS[kind])


def test_there_is_a_page_for_each_kind() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(KINDS)


def test_the_intake(tmp_path: Path) -> None:
    (tmp_path / "a.pairs").write_text("cat\t1.5\ndog\t2\n")
    format = entry("intake")
    assert format.matches(tmp_path / "a.pairs")
    assert not format.matches(tmp_path / "a.csv")
    found = format.read(tmp_path / "a.pairs")
    assert [(row.label, row.cells["x"], row.where) for row in found.rows] == [
        ("cat", "1.5", "a.pairs:1"),
        ("dog", "2", "a.pairs:2"),
    ]


def test_the_teacher(tmp_path: Path) -> None:
    kind, teacher = entry("teacher"), Teacher(kind="table", what="answers.tsv")
    (tmp_path / "answers.tsv").write_text("1\tcat\n2\tdog\n")
    before = kind.wish(teacher, tmp_path)
    questions = [Question(id=id, inputs={}) for id in "213"]
    assert list(kind.ask(teacher, tmp_path, [], ["cat", "dog"], questions)) == [
        Answer(id="2", label="dog"),
        Answer(id="1", label="cat"),
        Answer(id="3", why="not in the file"),
    ]
    (tmp_path / "answers.tsv").write_text("1\tdog\n")
    assert kind.wish(teacher, tmp_path) != before


def test_the_goal() -> None:
    metric = entry("goal")
    truth, answer = np.array([0, 1, 1, 2], np.int32), np.array([0, 0, 1, 2], np.int32)
    figure = metric.measure(truth, Told(value=answer), 0)
    assert (figure.right, figure.total) == (2, 3)
    assert metric.rows(truth, 0) == 3


def test_the_type() -> None:
    flags = entry("type")
    options = flags.options(**flags.infer(["0110"]))
    assert flags.encode(["0110", "1111"], options).tolist() == [[0, 1, 1, 0], [1, 1, 1, 1]]
    with pytest.raises(DataError, match="value 1"):
        flags.encode(["0110", "011"], options)
    graph = check(flags.front("x", options), holes=())
    assert interpret(graph, {"x": flags.encode(["0110"], options)})["x.features"].tolist() == [[0, 1, 1, 0]]


def test_the_skeleton() -> None:
    wide, answer = entry("skeleton"), load("types", "label").answer("y", ("a", "b"))
    for sizes in wide.ladder([float32(9, 8, 1)]):
        graph = check(wide.graph([front("image")], answer, sizes), holes=("learnt", "mean", "variance"))
        cut = narrow(graph, {"hidden": 5})
        full = check(cut.fill({node.name: np.ones(node.type.shape) for node in cut.holes}), holes=())
        assert interpret(full, inputs_for(full))["y_scores"].shape == (3, 2)


def test_the_target(tmp_path: Path) -> None:
    built = packed(tmp_path, RECORD).built
    (path,) = entry("target").make(built, tmp_path)
    assert [line.split()[1] for line in path.read_text().splitlines()] == ["zoo.c", "zoo.h", built.library.path.name]


def test_the_source(tmp_path: Path) -> None:
    field = Field(name="digits", type="record", options={"columns": ("a", "b", "c")})
    program = Program(name="parity", inputs=(field,), outputs=(Field(name="sum", type="label"),))
    snapshot = entry("source").snapshot(program, tmp_path, None, Store(tmp_path / "store"))
    assert len(snapshot.ids) == 216
    shown = snapshot.splits != JUDGE
    expected = snapshot.inputs["digits"].sum(axis=1) % 2
    np.testing.assert_array_equal(snapshot.labels["sum"][shown], expected[shown])
    assert (snapshot.labels["sum"][~shown] == -1).all()


def test_the_check(tmp_path: Path) -> None:
    sure = entry("check")
    half = Fake(lambda point: 0, scores=lambda point: [0.9, 0.1, 0] if point[0] > 0 else [0.6, 0.4, 0])
    trial = trial_of(tmp_path, half)
    check = Check(kind="sure", at_least=0.3, options={"sure": 0.8})
    assert sure.kept(check, trial).tolist() == (trial.inputs["point"][:, 0] > 0).tolist()
    assert sure.line(check, trial).holds
    assert not sure.line(replace(check, at_least=0.9), trial).holds
    assert sure.certify(check, trial.program, trial.snapshot) == ""


def test_the_variation() -> None:
    noise = entry("variation")
    batch = np.full((3, 4, 5, 1), 250, np.uint8)
    varied = noise.vary(batch, [np.random.default_rng(n) for n in range(3)], noise.options(), None, batch)
    assert (varied.shape, varied.dtype) == (batch.shape, batch.dtype)
    assert set(np.unique(varied)) == {*range(242, 256)}
