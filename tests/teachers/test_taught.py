"""What a teacher has answered stays: through failures, crashes and merges, and in clones."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from datacc.errors import DataError, TeacherError
from datacc.sources.taught import keep, recall
from datacc.teachers import Answer
from tests.teachers.conftest import Place


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
    kept = {
        0: r"none of \d+ questions was answered:",
        1: r"1 of \d+ questions was answered, and is kept, then",
        20: r"20 of \d+ questions were answered, and are kept, then",
    }[dies]
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
