"""Teachers from outside: who is asked what, once, and only when allowed; what people labelled stays theirs."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datacc.cli import app
from datacc.errors import DataError, RepositoryError, SpecError, TeacherError, TrustError
from datacc.registry import load
from datacc.repo.find import find
from datacc.repo.snapshot import JUDGE, LEARN, TUNE
from datacc.repo.wishes import wishes
from datacc.sources.table import infer_program
from datacc.sources.taught import keep, recall
from datacc.spec.program import Program, Teacher
from datacc.spec.read import read_program
from datacc.spec.write import program_toml
from datacc.store import Store
from datacc.teachers import Answer
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


def test_people_keep_tune_and_judge(place: Place) -> None:
    plain = place.snapshot()
    place.function()
    place.allow()
    taught = place.snapshot()
    by = np.array(taught.columns["labelled_by"])
    assert (by[taught.splits != LEARN] == "people").all()
    assert (by == "people").sum() == len(plain.ids)
    assert {id for id, who in zip(taught.ids, by, strict=True) if who == "people"} == set(plain.ids)
    assert (by[taught.splits == LEARN] == "mine:kind").sum() == len(place.asked()) > 0
    assert any("learn 30 + " in note and "judge 3 + 0" in note for note in taught.notes)


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


def test_a_clone_with_the_answers_asks_nobody(place: Place, tmp_path: Path) -> None:
    place.function()
    place.allow()
    first = place.snapshot()
    for words in (["add", "-A"], ["commit", "-qm", "taught"], ["clone", "-q", ".", str(tmp_path / "clone")]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=place.root, check=True)
    before = len(place.asked())
    assert place.snapshot(store="elsewhere", root=tmp_path / "clone").digest == first.digest
    assert len(place.asked()) == before


@pytest.mark.parametrize("dies", [0, 1, 20])
def test_what_was_answered_before_a_failure_is_kept(place: Place, dies: int) -> None:
    place.command(dies=dies)
    place.allow()
    kept = (
        rf"{dies} of \d+ questions? were answered, and are kept, then"
        if dies
        else r"none of \d+ questions was answered:"
    )
    said = rf"{kept} it ended with exit code 1(?s:.*)no more credit"
    with pytest.raises(TeacherError, match=said):
        place.snapshot()
    assert len(place.asked()) == dies
    assert sum(len(file.read_text().splitlines()) for file in (place.root / "taught").rglob("*.jsonl")) == dies


def test_a_teacher_that_fails_on_the_way_goes_on_where_it_was(place: Place) -> None:
    place.command()
    credit = place.root.parent / "credit"
    guard = f"""    paid = len(open({str(place.log)!r}).readlines())
    if paid >= int(open({str(credit)!r}).read()):
        sys.exit("no credit")
"""
    text = (place.root / "ask.py").read_text()
    (place.root / "ask.py").write_text(text.replace("    if number ==", f"{guard}    if number =="))
    place.log.touch()
    place.allow()
    for paid in (7, 19):
        credit.write_text(str(paid))
        with pytest.raises(TeacherError, match="no credit"):
            place.snapshot()
        assert len(place.asked()) == paid
    credit.write_text("1000")
    found = place.snapshot()
    assert len(place.asked()) == len(set(place.asked()))
    by = np.array(found.columns["labelled_by"])
    assert (by != "people").sum() == len(place.asked())


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
        ("print('x' * 3_000_000)", "no answer"),
        ("sys.exit(3)", "exit code 3"),
        ("import time; time.sleep(60)", "no answer within 1 seconds"),
        ("sys.stdout.buffer.write(bytes([255, 254, 10]))", "no answer"),
    ],
)  # fmt: skip
def test_nonsense_is_told_and_ends_it(place: Place, line: str, said: str) -> None:
    place.command(more="seconds = 1" if "sleep" in line else "seconds = 20")
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


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('function = "mine"', "no module and a function"),
        ('function = "nowhere_at_all:kind"', "no module nowhere_at_all is installed"),
        ('command = ""', "empty"),
        ("command = 'a \"b'", "quotation"),
        ('onnx = "none.onnx"', "there is no none.onnx"),
    ],
)
def test_teachers_that_are_not_there(place: Place, line: str, said: str) -> None:
    place.teacher(line)
    with pytest.raises(SpecError, match=f"(?i){said}"):
        place.snapshot()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("most = 3", "a teacher is one of command, function, onnx"),
        ('function = "a:b"\ncommand = "c"', "function and command"),
        ('function = "a:b"\nmost = 0', "between 1 and"),
        ('function = "a:b"\nprice = "cheap"', "no price"),
        ('functoin = "a:b"', "functoin"),
        ("function = 3", "must be text"),
    ],
)
def test_a_table_that_is_wrong_has_its_line(place: Place, lines: str, said: str) -> None:
    place.teacher(lines)
    with pytest.raises(SpecError, match=said) as raised:
        read_program(place.root / "datacc.toml")
    assert raised.value.where.startswith("datacc.toml:")


@given(
    st.sampled_from(["function", "command", "onnx"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20),
    st.integers(0, 10**9).map(lambda one: one / 10**4),
    st.none() | st.integers(1, 10**9),
    st.integers(1, 3600),
    st.lists(st.text("abc é\"'", min_size=1, max_size=5), max_size=3),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back(
    tmp_path: Path, kind: str, what: str, price: float, most: int | None, seconds: int, classes: list[str]
) -> None:
    teacher = Teacher(kind=kind, what=what, price=price, currency="EUR" if price else "", most=most, seconds=seconds,
                      classes=tuple(classes))  # fmt: skip
    program = infer_program(_table(tmp_path), "kind")
    (tmp_path / "datacc.toml").write_text(program_toml(_with(program, teacher)), encoding="utf-8")
    found = read_program(tmp_path / "datacc.toml").teacher
    assert found is not None
    assert found.price == pytest.approx(price)
    assert (found.kind, found.what, found.most, found.seconds, found.classes) == (
        kind, what, most, seconds, tuple(classes),
    )  # fmt: skip


def _table(folder: Path) -> Path:
    path = folder / "sticks.csv"
    if not path.exists():
        path.write_text("width,kind\n" + "".join(f"{n}.5,{'ab'[n % 2]}\n" for n in range(30)))
    return path


def _with(program: Program, teacher: Teacher) -> Program:
    return replace(program, teacher=teacher)


def test_a_line_that_a_crash_cut_off_is_asked_again(place: Place) -> None:
    place.function()
    place.allow()
    first = place.snapshot()
    [file] = (place.root / "taught").rglob("*.jsonl")
    raw = file.read_bytes()
    file.write_bytes(raw[:-9])
    before = len(place.asked())
    assert place.snapshot().digest == first.digest
    assert len(place.asked()) == before + 1


@pytest.mark.parametrize("line", [b"nonsense\n", b'{"id": 3}\n', b'{"label": "long"}\n', b'{"id": "a", "cost": "x"}\n'])
def test_a_line_that_was_changed_by_hand_is_named(place: Place, line: bytes) -> None:
    place.function()
    place.allow()
    place.snapshot()
    [file] = (place.root / "taught").rglob("*.jsonl")
    file.write_bytes(line + file.read_bytes())
    with pytest.raises(DataError) as raised:
        place.snapshot()
    assert raised.value.where.endswith(f"{file.name}:1")


def test_two_people_who_asked_both_keep_their_answers(tmp_path: Path) -> None:
    list(keep(tmp_path / "t", [Answer(id="a", label="x"), Answer(id="b", label="y")], {}))
    list(keep(tmp_path / "t", [Answer(id="b", label="z"), Answer(id="c", why="unsure", cost=2.0)], {}))
    assert len(list((tmp_path / "t").iterdir())) == 2
    found = recall(tmp_path / "t")
    assert found["a"].label == "x"
    assert found["b"].label in ("y", "z")
    assert (found["c"].label, found["c"].why, found["c"].cost) == (None, "unsure", 2.0)
    assert recall(tmp_path / "t") == found


def test_a_table_in_a_repository_can_be_taught(place: Place) -> None:
    (place.root / "mine.py").write_text(FUNCTION.format(log=str(place.log)))
    table = place.root / "sticks.csv"
    shutil.copy(place.root.parent / "sticks.csv", table)
    program = _with(infer_program(table, "kind"), Teacher(kind="function", what="mine:kind"))
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
    program = _with(infer_program(tmp_path / "sticks.csv", "kind"), Teacher(kind="function", what="mine:kind"))
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
