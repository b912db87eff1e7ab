"""Checks in Python: what the function gets and may return, and everything it may do instead of returning."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.compiler.assemble import interface
from datacc.compiler.checks import Place, Trial, kind_of, what_runs
from datacc.compiler.produce import build_library, write
from datacc.compiler.verdict import Line
from datacc.errors import SpecError, TrustError
from datacc.repo.create import create
from datacc.repo.find import Repository
from datacc.repo.identity import address
from datacc.repo.snapshot import JUDGE
from datacc.repo.trust import trust
from datacc.repo.wishes import wishes
from datacc.spec.program import Check
from datacc.store import Store
from tests.compiler.checks.trials import Fake, trial_of
from tests.compiler.made import CLASSES, PROGRAM, graph_for

Asked = Callable[..., Line]
HOLDS = "def f(program, examples):\n    return True\n"


def check_of(name: str = "f", file: str = "one.py", **options: object) -> Check:
    return Check(kind="python", options={"python": f"checks/{file}:{name}", **options}, line=9)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """A linked program in the folder of an artifact, in a repository."""
    root = tmp_path_factory.mktemp("repositories") / "points"
    create(root, "points")
    artifact = root / "build" / "points"
    artifact.mkdir(parents=True)
    made = trial_of(root, Fake(lambda point: 0))
    graph = graph_for()
    port = interface(PROGRAM, made.snapshot, graph)
    build_library(write(graph, port), PROGRAM.target.cpu, artifact)
    (artifact / "interface.json").write_text(port.to_json(), encoding="utf-8")
    place = Place(root=root, artifact=artifact, before=None, store=Store(root / "cache"))
    return replace(made, place=place)


def written(trial: Trial, text: str, file: str = "one.py") -> Repository:
    assert trial.place is not None
    folder = trial.place.root / "checks"
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(text, encoding="utf-8")
    return Repository(root=trial.place.root, name="points")


@pytest.fixture
def asked(trial: Trial) -> Asked:
    """The line of a function in a file with this text, which is trusted."""

    def ask(text: str, **options: object) -> Line:
        repository = written(trial, text)
        trust(repository, wishes(repository))
        return kind_of(check_of()).line(check_of(**options), trial)

    return ask


@pytest.mark.parametrize(
    ("returned", "holds", "reached"),
    [
        ("True", True, "it holds"),
        ("False", False, "it does not hold"),
        ("True, 'all well'", True, "all well"),
        ("(False, '3 of 7 differ')", False, "3 of 7 differ"),
        ("__import__('numpy').bool_(True)", True, "it holds"),
        ("None", False, "it returned None: a check returns True, False"),
        ("1", False, "it returned 1:"),
        ("True, 3", False, "it returned (True, 3):"),
        ("'x' * 100", False, "it returned 'xxx"),
    ],
)
def test_what_a_function_returns(asked: Asked, returned: str, holds: bool, reached: str) -> None:
    line = asked(f"def f(program, examples):\n    return {returned}\n")
    assert (line.holds, line.reached[: len(reached)]) == (holds, reached)
    assert line.kind == "check"


@pytest.mark.parametrize(
    ("body", "reached", "detail"),
    [
        ("    raise ValueError('far\\x1b[31m off')", "ValueError: far", 'File "checks/one.py", line 2, in f'),
        ("    assert examples.labels == (), 'labels'", "AssertionError: labels", "assert examples.labels == ()"),
        ("    raise SystemExit(0)", "SystemExit: 0", "line 2, in f"),
        ("    import os; os._exit(3)", "it ended with exit code 3", ""),
        ("    import os; os.abort()", "it ended with exit code -6", ""),
        ("    while True: pass", "no answer within 1 second", "in f"),
        ("    import time; time.sleep(100)", "no answer within 1 second", "in f"),
        ("    print('so far'); return False", "it does not hold", "printed:\nso far"),
        ("    print('y' * 10**7, 'end'); return False", "it does not hold", "yyy end"),
        ("    import sys; print('e', file=sys.stderr); return False", "it does not hold", "printed:\ne"),
        ("    return program([0.0])", "datacc.errors.DataError:", "expected"),
        ("  return True\n return", "IndentationError:", "checks/one.py"),
        ("    import two", "ModuleNotFoundError: No module named 'two'", "line 2"),
    ],
    ids=["raises", "asserts", "exits", "_exits", "aborts", "hangs", "sleeps", "prints", "floods", "stderr", "misasks",
         "no Python", "neighbour"],
)  # fmt: skip
def test_whatever_else_it_does_is_a_check_that_fails(
    asked: Asked, trial: Trial, capfd: pytest.CaptureFixture[str], body: str, reached: str, detail: str
) -> None:
    written(trial, HOLDS, "two.py")
    line = asked(f"def f(program, examples):\n{body}\n", seconds=1)
    assert not line.holds
    assert line.reached.startswith(reached), line
    assert detail in line.detail
    assert len(line.detail) < 5_000
    assert line.closes == "see checks/one.py"
    assert capfd.readouterr() == ("", "")


def test_a_function_that_is_not_there(asked: Asked) -> None:
    line = asked("f = 3\n")
    assert (line.holds, line.reached) == (False, "checks/one.py has no function f")


def test_it_gets_the_program_and_the_learn_and_tune_examples_alone(asked: Asked, trial: Trial, tmp_path: Path) -> None:
    text = f"""
import json, numpy
def f(program, examples):
    facts = {{
        "ids": examples.ids, "splits": examples.splits, "labels": examples.labels, "classes": examples.classes,
        "columns": examples.columns, "points": examples.inputs["point"].tolist(),
        "together": program.batch(examples.inputs["point"])["side"].reshape(-1).tolist(),
        "alone": [program(row).label for row in examples.inputs["point"][:20]],
    }}
    open({str(tmp_path / "facts")!r}, "w").write(json.dumps(facts))
    return True, f"{{len(examples.ids)}} examples"
"""
    assert asked(text).reached == "200 examples"
    facts = json.loads((tmp_path / "facts").read_text())
    snapshot = trial.snapshot
    rows = np.flatnonzero(snapshot.splits != JUDGE)
    assert facts["ids"] == [snapshot.ids[row] for row in rows]
    assert not set(facts["ids"]) & {snapshot.ids[row] for row in snapshot.rows(JUDGE)}
    assert facts["labels"] == [CLASSES[snapshot.labels["side"][row]] for row in rows]
    assert facts["splits"] == [("learn", "tune")[snapshot.splits[row]] for row in rows]
    assert facts["columns"]["source"] == [snapshot.columns["source"][row] for row in rows]
    np.testing.assert_array_equal(np.array(facts["points"], np.float32), snapshot.inputs["point"][rows])
    assert facts["alone"] == [CLASSES[index] for index in facts["together"][:20]]


def test_nothing_is_run_before_these_very_bytes_are_trusted(trial: Trial, tmp_path: Path) -> None:
    sung = tmp_path / "sung"
    text = f"open({str(sung)!r}, 'a').write('x')\n" + HOLDS
    repository = written(trial, text, "song.py")
    check = check_of(file="song.py")
    program = replace(PROGRAM, checks=(check,))
    assert trial.place is not None
    for attempt in (lambda: what_runs(program, repository.root), lambda: kind_of(check).line(check, trial)):
        with pytest.raises(TrustError, match=r"run checks/song.py \(" + address(text.encode())) as caught:
            attempt()
        assert "datacc trust" in caught.value.tries[0]
    assert not sung.exists()
    trust(repository, wishes(repository))
    assert what_runs(program, repository.root) == {"checks/song.py": address(text.encode())}
    assert kind_of(check).line(check, trial).holds
    assert sung.read_text() == "x"
    written(trial, text + "\n", "song.py")
    with pytest.raises(TrustError):
        kind_of(check).line(check, trial)
    assert sung.read_text() == "x"


def test_a_file_that_is_missing_or_elsewhere(trial: Trial, tmp_path: Path) -> None:
    repository = written(trial, HOLDS)
    trust(repository, wishes(repository))
    (repository.root / "checks" / "linked.py").symlink_to(repository.root / "checks" / "one.py")
    (repository.root / "checks" / "folder.py").mkdir(exist_ok=True)
    for file in ("none.py", "linked.py", "folder.py"):
        with pytest.raises(SpecError, match=f"no file checks/{file}") as caught:
            what_runs(replace(PROGRAM, checks=(check_of(file=file),)), repository.root)
        assert caught.value.where == "datacc.toml:9"
    assert not any("linked" in wish or "folder" in wish for wish in wishes(repository))
    with pytest.raises(SpecError, match="needs a label repository"):
        what_runs(replace(PROGRAM, checks=(check_of(),)), tmp_path)


def test_the_example_on_the_page(asked: Asked) -> None:
    page = (Path(__file__).parents[3] / "docs/formats/datacc-toml.md").read_text(encoding="utf-8")
    text = page.split("```python\n")[1].split("```")[0]
    for old, new in (("def steady", "def f"), ('"row"', '"point"'), ('"kind"', '"side"')):
        assert old in text
        text = text.replace(old, new)
    assert asked(text).reached == "0 of 100 differ"
