"""Teachers that fail on single questions: these alone are asked again, and nothing that was answered is paid twice."""

import json
from pathlib import Path

import pytest

from datacc.errors import TeacherError
from tests.teachers.conftest import FUNCTION, ROWS, Place

SHAKY = """
    if record["height"] == 0 and not os.path.exists({mended!r}):
        raise ValueError("flat")
    if record["height"] == 1:
        return None
"""
COMMAND = """
import json, os, sys
for line in sys.stdin:
    one = json.loads(line)
    width, height = one["inputs"]["record"]["width"], one["inputs"]["record"]["height"]
    with open({log!r}, "a") as log:
        log.write(f"{{width}}\\n")
    told = {{"label": "long" if width > 60 else "short", "cost": 0.5}}
    if height == 0 and not os.path.exists({mended!r}):
        told = {{"error": "busy"}}
    if height == 1:
        told = {{"error": "refused", "cost": 0.5}}
    if height == 2:
        told = {{"label": None, "cost": 0.5}}
    print(json.dumps({{"id": one["id"], **told}}), flush=True)
"""
STRAY = """
import json, os, sys, time
said = []
for number, line in enumerate(sys.stdin):
    one = json.loads(line)
    width = one["inputs"]["record"]["width"]
    with open({log!r}, "a") as log:
        log.write(f"{{width}}\\n")
    if number == 10 and not os.path.exists({mended!r}):
        said.append({stray!r})
    said.append(json.dumps({{"id": one["id"], "label": "long" if width > 60 else "short", "cost": 0.5}}))
os.write(1, ("\\n".join(said) + "\\n").encode())
time.sleep(60)
"""


def mended(place: Place) -> Path:
    """While there is no such file, the teacher fails on flat sticks."""
    return place.root.parent / "mended"


def function(place: Place) -> None:
    shaky = SHAKY.replace("{mended!r}", repr(str(mended(place))))
    place.function(FUNCTION.replace("\n    return", f"{shaky}    return"))
    place.allow()


def command(place: Place, more: str = "") -> None:
    place.command(more=more)
    text = COMMAND.format(log=str(place.log), mended=str(mended(place)))
    (place.root / "ask.py").write_text(text)
    place.allow()


def heights(place: Place, asked: list[str]) -> set[int]:
    return {int(float(width)) % 7 for width in asked}


def lines(place: Place) -> list[dict[str, object]]:
    files = (place.root / "taught").rglob("*.jsonl")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def paid(place: Place) -> float:
    return sum(float(str(line.get("cost", 0))) for line in lines(place))


def test_a_question_on_which_a_function_raised_is_asked_again_and_no_other(place: Place) -> None:
    function(place)
    first = place.snapshot()
    before = place.asked()
    assert any("failed (ValueError: flat); the next build asks again" in note for note in first.notes)
    assert any("gave none (it does not know)" in note for note in first.notes)
    again = place.snapshot()
    assert heights(place, place.asked()[len(before) :]) == {0}
    assert again.digest == first.digest
    count = len(place.asked())
    mended(place).touch()
    whole = place.snapshot()
    assert heights(place, place.asked()[count:]) == {0}
    assert len(whole.ids) > len(first.ids)
    assert not any("failed" in note for note in whole.notes)
    count = len(place.asked())
    assert place.snapshot().digest == place.snapshot(store="another").digest == whole.digest
    assert len(place.asked()) == count


def test_a_command_is_paid_once_for_what_it_answered(place: Place) -> None:
    command(place)
    first = place.snapshot()
    assert any("failed (busy); the next build asks again" in note for note in first.notes)
    assert any("gave none (refused)" in note for note in first.notes)
    assert any("gave none (it does not know)" in note for note in first.notes)
    failed = [line for line in lines(place) if line.get("failed")]
    count = len(place.asked())
    assert any(f"answered {count - len(failed)} new questions for" in note for note in first.notes)
    mended(place).touch()
    second = place.snapshot()
    assert heights(place, place.asked()[count:]) == {0}
    assert len(place.asked()) == count + len(failed)
    assert any(f"answered {len(failed)} new questions for {len(failed) * 0.5:g}" in note for note in second.notes)
    assert paid(place) == 0.5 * len(set(place.asked()))


def test_failing_again_as_before_writes_nothing(place: Place) -> None:
    function(place)
    place.snapshot()
    before = sorted((place.root / "taught").rglob("*.jsonl"))
    for _ in range(2):
        place.snapshot()
    assert sorted((place.root / "taught").rglob("*.jsonl")) == before


def test_what_always_fails_does_not_keep_the_rest_from_being_asked(place: Place) -> None:
    command(place, more="most = 20")
    text = (place.root / "ask.py").read_text()
    (place.root / "ask.py").write_text(text.replace("if height == 0", "if height < 6"))
    place.allow()
    for _ in range(ROWS // 20):
        place.snapshot()
    before = set(place.asked())
    (place.root / "datacc.toml").write_text((place.root / "datacc.toml").read_text().replace("most = 20", ""))
    place.snapshot()
    assert set(place.asked()) == before


@pytest.mark.parametrize(
    "stray", ["loading the model", '{"id": "x", "label": "long"}', '{"id": "x", "probabilities": {"long": NaN}}']
)
def test_what_was_answered_after_a_line_of_nonsense_is_kept_too(place: Place, stray: str) -> None:
    place.command()
    text = STRAY.format(log=str(place.log), mended=str(mended(place)), stray=stray)
    (place.root / "ask.py").write_text(text)
    place.allow()
    with pytest.raises(TeacherError, match="were answered, and are kept, then"):
        place.snapshot()
    asked = place.asked()
    assert len(lines(place)) == len(asked)
    mended(place).touch()
    place.snapshot()
    assert place.asked() == asked
