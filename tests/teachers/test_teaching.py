"""Teachers from outside: who is asked what, once, and only when allowed; what people labelled stays theirs."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.cli import app
from datacc.errors import DataError, RepositoryError, TeacherError, TrustError
from datacc.registry import load
from datacc.repo.commit import commit
from datacc.repo.find import find
from datacc.repo.label import label
from datacc.repo.snapshot import JUDGE, LEARN, TUNE
from datacc.repo.wishes import wishes
from datacc.sources import teaching
from datacc.sources.table import infer_program
from datacc.spec.program import Teacher
from datacc.store import Store
from tests.teachers.conftest import FUNCTION, ROWS, Place

LEFT = 2 * ROWS // 3
TWICE = """for _ in "ab": print(json.dumps({"id": asked[0]["id"], "label": "long"}))"""
UNSURE = """
    if record["height"] == 0:
        raise ValueError("flat")
    if record["height"] == 1:
        return None
    if record["height"] == 2:
        return "round"
"""
LIKELY = """
    p = 0.9 if record["width"] > 60 else 0.2
    return dict(probabilities=dict(long=p, short=1 - p))
"""


def test_nothing_is_asked_before_it_is_allowed(place: Place) -> None:
    place.function()
    with pytest.raises(TrustError, match=r"run mine\.py \([0-9a-f]{32}\)"):
        place.snapshot()
    assert place.asked() == []
    place.allow()
    place.snapshot()
    assert place.asked()


def test_another_function_must_be_allowed_anew_and_answers_anew(place: Place) -> None:
    place.function()
    place.allow()
    place.snapshot()
    before = len(place.asked())
    place.function(FUNCTION.replace("> 60", "> 30"))
    with pytest.raises(TrustError):
        place.snapshot()
    place.allow()
    changed = place.snapshot()
    assert len(place.asked()) == 2 * before
    widths = changed.inputs["record"][:, 0]
    names = np.array(changed.classes["kind"])[changed.labels["kind"]]
    taught = np.array(changed.columns["labelled_by"]) == "mine:kind"
    assert (names[taught] == np.where(widths[taught] > 30, "long", "short")).all()


def test_people_keep_judge_and_what_they_labelled(place: Place) -> None:
    """Of tune they labelled too little to choose by, so that the teacher's stand beside theirs."""
    plain = place.snapshot()
    place.function()
    place.allow()
    taught = place.snapshot()
    by = np.array(taught.columns["labelled_by"])
    assert (by[taught.splits == JUDGE] == "people").all()
    assert (by == "people").sum() == len(plain.ids)
    assert {id for id, who in zip(taught.ids, by, strict=True) if who == "people"} == set(plain.ids)
    asked = {split: (by[taught.splits == split] == "mine:kind").sum() for split in (LEARN, TUNE)}
    assert min(asked.values()) > 0
    assert sum(asked.values()) == len(place.asked())
    assert any("learn 30 + " in note and "judge 3 + 0" in note for note in taught.notes)
    assert any(note.startswith("tune has answers of the teacher") for note in taught.notes)


def test_people_keep_tune_where_they_labelled_enough_of_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = place.snapshot()
    place.function()
    place.allow()
    monkeypatch.setattr(teaching, "ENOUGH", len(plain.rows(TUNE)))
    taught = place.snapshot()
    by = np.array(taught.columns["labelled_by"])
    assert (by[taught.splits != LEARN] == "people").all()
    assert (by[taught.splits == LEARN] == "mine:kind").sum() == len(place.asked()) > 0
    assert not any(note.startswith("tune has answers of the teacher") for note in taught.notes)


def test_a_label_of_what_the_teacher_had_labelled_works_no_row_out_again(place: Place) -> None:
    place.function()
    place.allow()
    first = place.snapshot()
    by = np.array(first.columns["labelled_by"])
    row = int(np.flatnonzero((first.splits == LEARN) & (by != "people"))[3])
    said = first.classes["kind"][1 - first.labels["kind"][row]]
    label(find(place.root), first.ids[row], None, said)
    commit(find(place.root))
    second = place.snapshot()
    assert second.outline == first.outline
    assert second.digest != first.digest
    by[row] = "people"
    assert second.columns["labelled_by"] == tuple(by)
    assert second.classes["kind"][second.labels["kind"][row]] == said


def test_tune_is_peoples_where_a_goal_counts_on_it(place: Place) -> None:
    place.plain += "\n[goal]\naccuracy = 0.6\n"
    place.function()
    place.allow()
    taught = place.snapshot()
    by = np.array(taught.columns["labelled_by"])
    assert (by[taught.splits != LEARN] == "people").all()
    assert (by[taught.splits == LEARN] == "mine:kind").any()


def test_where_people_said_nothing_goals_speak_of_agreement(silent: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    silent.function()
    silent.allow()
    with pytest.raises(DataError, match="no classes") as raised:
        silent.snapshot()
    monkeypatch.chdir(silent.root)
    assert raised.value.tries[0].startswith("datacc schema add-class kind")
    assert app.call(["schema", "add-class", "kind", "long", "short"]) == 0
    found = silent.snapshot()
    assert len(found.ids) == ROWS
    assert {LEARN, TUNE, JUDGE} == set(found.splits.tolist())
    assert any("agreement" in note for note in found.notes)


def test_nothing_is_asked_twice(place: Place) -> None:
    place.function()
    place.allow()
    first = place.snapshot()
    before = place.asked()
    assert len(set(before)) == len(before)
    assert place.snapshot().digest == first.digest
    assert place.snapshot(store="another cache").digest == first.digest
    assert place.asked() == before


def test_answers_may_come_in_any_order(place: Place) -> None:
    place.command()
    place.allow()
    first = place.snapshot()
    place.command(order="lambda asked: reversed(list(asked))".join("()"))
    place.allow()
    second = place.snapshot(store="another")
    assert np.array_equal(first.labels["kind"], second.labels["kind"])
    assert first.ids == second.ids


def test_no_more_is_asked_than_is_allowed(place: Place) -> None:
    place.command(more="most = 10")
    place.allow()
    counts = []
    for _ in range(3):
        place.snapshot()
        counts.append(len(place.asked()))
    assert counts == [10, 20, 30]
    assert any("left for the next builds" in note for note in place.snapshot().notes)


def test_the_cost_is_told(place: Place) -> None:
    place.command(more='price = "0.25 EUR"')
    place.allow()
    notes = place.snapshot().notes
    count = len(place.asked())
    assert any(f"answered {count} new questions for {count * 0.5:g} EUR" in note for note in notes)


def test_a_price_counts_where_the_teacher_tells_none(place: Place) -> None:
    place.command(more='price = "0.25 EUR"')
    (place.root / "ask.py").write_text((place.root / "ask.py").read_text().replace(', "cost": 0.5', ""))
    place.allow()
    notes = place.snapshot().notes
    assert any(f"for {len(place.asked()) * 0.25:g} EUR" in note for note in notes)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("print('hello')", "no answer: hello"),
        ("print('{}')", "no answer"),
        ("print('[1]')", "no answer"),
        ("""print('{"id": "x", "label": "long"}')""", "'x', which was not asked"),
        ("""print(json.dumps({"id": asked[0]["id"]}))""", "no answer"),
        ("""print(json.dumps({"id": asked[0]["id"], "label": {"a": 1}}))""", "no answer"),
        ("""print(json.dumps({"id": asked[0]["id"], "label": "long", "error": "both"}))""", "no answer"),
        ("""print(json.dumps({"id": asked[0]["id"], "label": "long", "cost": -1}))""", "no answer"),
        ("""print(json.dumps({"id": asked[0]["id"], "label": "long", "cost": float("nan")}))""", "no answer"),
        (TWICE, "answered before"),
        ("""print('{"id": "' + asked[0]["id"] + '", "label": ' + "9" * 400 + "}")""", "no answer"),
        ("""print('{"id": "' + asked[0]["id"] + '", "label": "long", "cost": ' + "9" * 400 + "}")""", "no answer"),
        ("""print("[" * 100_000)""", "no answer"),
        ("print('x' * 3_000_000)", "no answer"),
        ("sys.exit(3)", "exit code 3"),
        ("import time; time.sleep(60)", "no answer within 1 seconds"),
        ("sys.stdout.buffer.write(bytes([255, 254, 10]))", "no answer"),
        ("import os, time; os.close(1); time.sleep(60)", "closed its standard output before"),
    ],
)  # fmt: skip
def test_nonsense_is_told_and_ends_it(place: Place, line: str, said: str) -> None:
    place.command(more="seconds = 1" if "import time" in line else "seconds = 20")
    (place.root / "ask.py").write_text(f"import json, sys\nasked = [json.loads(l) for l in sys.stdin]\n{line}\n")
    place.allow()
    with pytest.raises(TeacherError, match=said):
        place.snapshot()


def test_a_command_that_does_not_exist(place: Place) -> None:
    place.teacher('command = "no-such-program-at-all"')
    place.allow()
    with pytest.raises(TeacherError, match="cannot be started"):
        place.snapshot()


def test_a_function_that_cannot_be_loaded_is_told_by_its_own_lines(place: Place) -> None:
    """Where it went wrong in the file of the user's, and nothing of where it is called from."""
    for text, told in (
        ("def kind(width, height:\n", "line 1\n(?s:.*)SyntaxError"),
        ("def other():\n    pass\n\nother()\nmissing\n", r"line 5.*\n.*\n.*NameError: name 'missing'"),
        ("other = 3\n", "AttributeError: module 'mine' has no attribute 'kind'"),
    ):
        place.function(text)
        place.allow()
        with pytest.raises(TeacherError, match=rf"none of \d+ questions was answered: (?s:.*){told}") as caught:
            place.snapshot()
        assert "datacc" not in caught.value.what.replace("datacc-teacher-", "")
        assert "importlib" not in caught.value.what


def test_what_it_does_not_know_stays_without_a_label(place: Place) -> None:
    place.function(FUNCTION.replace("\n    return", f"{UNSURE}    return"))
    place.allow()
    found = place.snapshot()
    heights = found.inputs["record"][np.array(found.columns["labelled_by"]) != "people", 1]
    assert set(heights.tolist()) == {3, 4, 5, 6}
    for why in ("ValueError: flat", "it does not know", "'round', which is no class"):
        assert any(why in note for note in found.notes)


def test_probabilities_are_an_answer_too(place: Place) -> None:
    place.function(FUNCTION.replace("\n    return", f"{LIKELY}    return"))
    place.allow()
    told = place.snapshot()
    place.function()
    place.allow()
    assert np.array_equal(told.labels["kind"], place.snapshot().labels["kind"])


def test_trust_shows_what_would_run(place: Place) -> None:
    place.command()
    [wish] = wishes(find(place.root))
    assert "ask.py" in wish
    (place.root / "ask.py").write_text("print(1)\n")
    [other] = wishes(find(place.root))
    assert wish != other


def test_a_table_in_a_repository_can_be_taught(place: Place) -> None:
    (place.root / "mine.py").write_text(FUNCTION.format(log=str(place.log)))
    table = place.root / "sticks.csv"
    shutil.copy(place.root.parent / "sticks.csv", table)
    program = replace(infer_program(table, "kind"), teacher=Teacher(kind="function", what="mine:kind"))
    place.teacher('function = "mine:kind"')
    place.allow()
    found = load("sources", "table").snapshot(program, place.root, None, Store(place.root.parent / "cache"))
    by = np.array(found.columns["labelled_by"])
    assert (by == "people").sum() == ROWS - LEFT
    assert (by == "mine:kind").sum() == len(place.asked()) > 0


def test_without_a_repository_nobody_can_allow_it(tmp_path: Path) -> None:
    rows = [f"{n}.5,{'a' if n < 50 else 'b'}" if n % 2 else f"{n}.5," for n in range(100)]
    (tmp_path / "sticks.csv").write_text("width,kind\n" + "\n".join(rows) + "\n")
    (tmp_path / "mine.py").write_text("def kind(record): return 'a'\n")
    teacher = Teacher(kind="function", what="mine:kind")
    program = replace(infer_program(tmp_path / "sticks.csv", "kind"), teacher=teacher)
    with pytest.raises(RepositoryError, match="a teacher needs a label repository"):
        load("sources", "table").snapshot(program, tmp_path, None, Store(tmp_path / "cache"))


def test_no_process_outlives_the_build(place: Place) -> None:
    place.command(more="seconds = 1")
    pid = place.root.parent / "pid"
    text = f"import os, sys, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    (place.root / "ask.py").write_text(text)
    place.allow()
    with pytest.raises(TeacherError, match="within 1 seconds"):
        place.snapshot()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.skipif(os.name == "nt", reason="a shell")
@pytest.mark.parametrize("script", ["{python} ask.py; true", "{python} ask.py & sleep 600", "{python} ask.py & exit 3"])
def test_what_a_script_started_is_stopped_with_it(place: Place, script: str) -> None:
    pid = place.root.parent / "pid"
    text = f"import os, sys, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    (place.root / "ask.py").write_text(text)
    (place.root / "ask.sh").write_text(script.format(python=sys.executable))
    place.teacher('command = "sh ask.sh"\nseconds = 3')
    place.allow()
    with pytest.raises(TeacherError, match="within 3 seconds"):
        place.snapshot()
    for _ in range(50):  # who is an orphan is reaped by another process, when that gets to it
        if not _runs(int(pid.read_text())):
            return
        time.sleep(0.1)
    raise AssertionError("it goes on")


def _runs(pid: int) -> bool:
    """Whether it runs: neither gone, nor dead and not yet reaped."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(told) and not told.startswith("Z")


def test_who_answered_all_may_see_to_what_it_keeps(place: Place) -> None:
    place.command()
    kept = place.root.parent / "kept"
    with (place.root / "ask.py").open("a") as file:
        file.write(f"import time\ntime.sleep(0.5)\nopen({str(kept)!r}, 'w').close()\n")
    place.allow()
    place.snapshot()
    assert kept.exists()
