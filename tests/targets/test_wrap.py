"""A wheel in the place of a function: what it knows it says, all else the function says, and what is wanted is kept."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.intake.importing import ImportOptions, import_examples
from datacc.registry import load
from datacc.repo.create import create
from datacc.targets._module import module
from tests.targets.programs import CLASSES, HOSTILE, RECORD, TEXT, Packed, packed, unlabelled
from tests.tools import empty_environment, installed

ROWS = np.random.default_rng(3).normal(0, 2, (60, 2)).astype(np.float32)
LIMIT = 0.55
SURE = 0.6


@pytest.fixture(scope="module")
def unsure(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("unsure"), RECORD, limit=LIMIT)


@pytest.fixture(scope="module")
def python(unsure: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    (wheel,) = load("targets", "wheel").make(unsure.built, folder / "..")
    return empty_environment(folder, wheel)


def ran(python: Path, code: str, folder: Path) -> Any:
    """What the code prints, with `rows` and `zoo` given."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    head = f"import json, zoo\nrows = {ROWS.tolist()!r}\n"
    done = subprocess.run(
        [python, "-W", "error", "-c", head + code],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=environment,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def truth(unsure: Packed) -> list[tuple[str, bool]]:
    found = unsure.expected(row=ROWS)
    known = found["kind_confidence"][:, 0] >= LIMIT
    assert {True, False} == set(known.tolist())
    return [(CLASSES[k], bool(sure)) for k, sure in zip(found["kind"][:, 0], known, strict=True)]


def test_without_options_it_answers_what_it_knows(python: Path, truth: list[Any], tmp_path: Path) -> None:
    said = ran(python, "ask = zoo.wrap()\nprint(json.dumps([ask(*row) for row in rows]))", tmp_path)
    assert said == [label if known else None for label, known in truth]
    assert list(tmp_path.iterdir()) == []


def test_the_fallback_answers_the_others_and_nothing_more(python: Path, truth: list[Any], tmp_path: Path) -> None:
    code = """
asked = []
def original(tail, ears=0.0):
    asked.append([tail, ears])
    return "original"
ask = zoo.wrap(fallback=original)
said = [ask(*row) for row in rows] + [ask(ears=row[1], tail=row[0]) for row in rows]
said += [ask(row[0], ears=row[1]) for row in rows]
print(json.dumps([said, asked, ask.counts]))
"""
    said, asked, counts = ran(python, code, tmp_path)
    assert said == [label if known else "original" for label, known in truth] * 3
    unknown = [row for row, (_, known) in zip(ROWS.tolist(), truth, strict=True) if not known]
    assert asked == unknown * 3
    assert (counts["asked"], counts["unknown"], counts["refused"]) == (180, 3 * len(unknown), 0)


def test_arguments_that_it_was_not_taught_go_to_the_fallback(python: Path, tmp_path: Path) -> None:
    code = """
def original(tail, ears=0.0, loud=False):
    return "original"
ask = zoo.wrap(fallback=original)
asked = [ask(3.0, 3.0), ask(3.0), ask(3.0, 3.0, False)]
asked += [ask(3.0, 3.0, True), ask(3.0, 3.0, loud=True), ask("x", 1.0), ask(None, 1)]
refused = []
for plain in (lambda: zoo.wrap()("x", 1.0), lambda: zoo.wrap()(1.0), lambda: zoo.wrap()(1, 2, 3), lambda: ask()):
    try:
        refused.append(str(plain()))
    except TypeError as error:
        refused.append("TypeError")
print(json.dumps([asked, refused, ask.counts["refused"]]))
"""
    asked, refused, count = ran(python, code, tmp_path)
    assert asked[0] == asked[2] != "original"
    assert asked[3:] == ["original"] * 4
    assert refused == ["TypeError"] * 4
    assert count == 5


def test_values_come_back_as_they_were(python: Path, truth: list[Any], tmp_path: Path) -> None:
    code = """
values = {"cat": 1, "dog": True, "owl": None}
ask = zoo.wrap(value=values.__getitem__, fallback=lambda tail, ears: 7)
print(json.dumps([ask(*row) for row in rows]))
"""
    values = {"cat": 1, "dog": True, "owl": None}
    assert ran(python, code, tmp_path) == [values[label] if known else 7 for label, known in truth]


def test_members_of_enumerations(tmp_path: Path) -> None:
    zoo = packed(tmp_path, {"message": ("text", {"length": 16, "columns": ["colour"]})}, limit=0.0)
    (wheel,) = load("targets", "wheel").make(zoo.built, tmp_path)
    site = installed(wheel, tmp_path / "site")
    code = f"""
import sys
sys.path.insert(0, {str(site)!r})
import enum, json, zoo
Colour = enum.Enum("Colour", "RED BLUE")
Pet = enum.Enum("Pet", "cat dog owl")
said = zoo.predict("RED").label
ask = zoo.wrap(value=Pet.__getitem__, fallback=lambda colour: Pet[said], shadow=1.0, inbox={str(tmp_path / "box")!r})
plain = zoo.wrap(fallback=lambda colour: Pet[said], shadow=1.0)
same = [ask(Colour.RED) is Pet[said], zoo.wrap()(Colour.RED) == said, plain(Colour.RED) is Pet[said]]
print(json.dumps([same, ask.counts["disagreed"], plain.counts["disagreed"], ask.counts["refused"]]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[True] * 3, 0, 0, 0]


def test_shadow_and_inbox(python: Path, truth: list[Any], tmp_path: Path) -> None:
    code = """
def original(tail, ears):
    return "cat"
def mask(inputs):
    return None if inputs["tail"] < -3 else inputs
ask = zoo.wrap(fallback=original, shadow=1.0, inbox="box", redact=mask)
said = [ask(*row) for row in rows]
print(json.dumps([said, ask.counts]))
"""
    said, counts = ran(python, code, tmp_path)
    assert said == ["cat"] * len(ROWS)  # where both were asked, the function is believed
    unknown = sum(not known for _, known in truth)
    wrong = sum(known and label != "cat" for label, known in truth)
    assert counts == {"asked": 60, "unknown": unknown, "refused": 0, "compared": 60, "disagreed": wrong}
    lines = [json.loads(line) for file in (tmp_path / "box").iterdir() for line in file.read_text().splitlines()]
    wanted = [
        ("unknown" if not known else "disagreed", label, {"tail": row[0], "ears": row[1]})
        for row, (label, known) in zip(ROWS.tolist(), truth, strict=True)
        if (not known or label != "cat") and row[0] >= -3
    ]
    assert [(one["why"], one["said"], one["inputs"]) for one in lines] == wanted
    assert {one["answer"] for one in lines} == {"cat"}
    refused = "try:\n zoo.wrap(shadow=0.5)\nexcept TypeError as error: print(json.dumps(str(error)))"
    assert "fallback" in ran(python, refused, tmp_path)


def test_an_inbox_without_room_for_a_call_is_refused(python: Path, tmp_path: Path) -> None:
    code = """
said = []
for most in (-1, 0, 80):
    try:
        zoo.wrap(inbox="box", most_bytes=most)
    except ValueError as error:
        said.append(str(error))
zoo.wrap(inbox="box", most_bytes=int(said[0].split("; ")[1].split()[0]))
print(json.dumps(said))
"""
    said = ran(python, code, tmp_path)
    assert [one.partition(" has no room for a call")[0] for one in said] == [
        f"most_bytes={most} of an inbox" for most in (-1, 0, 80)
    ]


def test_what_it_does_not_know_waits_for_a_label(python: Path, truth: list[Any], tmp_path: Path) -> None:
    code = "ask = zoo.wrap(inbox='box')\nprint(json.dumps([ask(*row) for row in rows]))"
    ran(python, code, tmp_path)
    lines = [json.loads(line) for file in (tmp_path / "box").iterdir() for line in file.read_text().splitlines()]
    assert len(lines) == sum(not known for _, known in truth)
    assert not any("answer" in one for one in lines)


def test_a_fallback_that_raises_is_heard(python: Path, tmp_path: Path) -> None:
    code = """
def original(tail, ears):
    raise LookupError("gone")
ask, heard = zoo.wrap(fallback=original, inbox="box"), 0
for row in rows:
    try:
        ask(*row)
    except LookupError:
        heard += 1
print(json.dumps([heard, ask.counts["unknown"]]))
"""
    heard, unknown = ran(python, code, tmp_path)
    assert heard == unknown > 0


def test_a_user_is_type_checked(unsure: Packed, tmp_path: Path) -> None:
    (wheel,) = load("targets", "wheel").make(unsure.built, tmp_path)
    installed(wheel, tmp_path)
    (tmp_path / "user.py").write_text("import zoo\nask = zoo.wrap(fallback=max, inbox='box')\nx = ask(1.0, 2.0)\n")
    (tmp_path / "wrong.py").write_text("import zoo\nzoo.wrap(fallback=3)\n")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "user.py", "wrong.py"], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(tmp_path)},
    )  # fmt: skip
    assert [line.split(": ")[0] for line in checked.stdout.splitlines()[:-1]] == ["wrong.py:2"], checked.stdout


def test_programs_without_a_meaning_have_none(tmp_path: Path) -> None:
    assert "wrap" not in module(unlabelled(tmp_path).built.interface, "zoo.so")
    assert "def wrap" in module(packed(tmp_path, TEXT).built.interface, "zoo.so")


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> tuple[Packed, Path]:
    """A program of three labels at once, which abstains, and the interpreter of an environment that holds its wheel."""
    folder = tmp_path_factory.mktemp("several")
    zoo = packed(folder / "..", RECORD, output="labels", limit=SURE)
    (wheel,) = load("targets", "wheel").make(zoo.built, folder / "..")
    return zoo, empty_environment(folder, wheel)


@pytest.fixture(scope="module")
def labelled(several: tuple[Packed, Path]) -> list[tuple[list[str], bool]]:
    found = several[0].expected(row=ROWS)
    scores = found["kind_scores"]
    known = (0.5 + abs(scores - 0.5)).min(axis=1) >= SURE
    told = [[name for name, score in zip(CLASSES, row, strict=True) if score > 0.5] for row in scores]
    assert {True, False} == set(known.tolist())
    assert len({tuple(one) for one in told}) > 1
    return list(zip(told, known.tolist(), strict=True))


def test_several_labels(several: tuple[Packed, Path], labelled: list[tuple[list[str], bool]], tmp_path: Path) -> None:
    """Whatever form and order the function gives them in, an inbox holds their names."""
    code = """
import enum
Pet = enum.Enum("Pet", "owl dog cat")
def original(tail, ears):
    asked.append([tail, ears])
    return {Pet.owl, Pet.dog}
asked = []
plain, alone = zoo.wrap(fallback=original), zoo.wrap()
ask = zoo.wrap(fallback=original, value=lambda names: {Pet[name] for name in names})
forms = [lambda told: told, list, lambda told: iter([one.name for one in told]), lambda told: "dog", lambda told: None]
box = zoo.wrap(fallback=lambda tail, ears: forms[len(seen) % 5](original(tail, ears)), shadow=1.0, inbox="box")
said, seen = [], []
for row in rows:
    said.append([sorted(one if isinstance(one, str) else one.name for one in f(*row)) for f in (plain, ask)])
    nothing = alone(*row)
    said[-1].append(list(nothing) if nothing is not None else None)
counts = len(asked)
for row in rows:
    box(*row)
    seen.append(row)
print(json.dumps([said, counts, box.counts]))
"""
    said, asked, counts = ran(several[1], code, tmp_path)
    known = [sure for _, sure in labelled]
    assert [one[0] for one in said] == [sorted(names) if sure else ["dog", "owl"] for names, sure in labelled]
    assert [one[1] for one in said] == [one[0] for one in said]
    assert [one[2] for one in said] == [names if sure else None for names, sure in labelled]
    assert asked == 2 * known.count(False)
    told = [[["dog", "owl"]] * 3 + [["dog"], []]][0] * 12
    kept = [n for n, (names, sure) in enumerate(labelled) if not sure or sorted(names) != told[n]]
    assert counts["compared"] == 60
    assert counts["unknown"] + counts["disagreed"] == len(kept)
    lines = [json.loads(line) for file in (tmp_path / "box").iterdir() for line in file.read_text().splitlines()]
    assert [line["inputs"]["tail"] for line in lines] == [float(ROWS[n][0]) for n in kept]
    assert [(line["said"], line["answer"]) for line in lines] == [(sorted(labelled[n][0]), told[n]) for n in kept]
    scores = several[0].expected(row=ROWS)["kind_scores"][kept]
    least = (0.5 + abs(scores - 0.5)).min(axis=1)
    assert [line["confidence"] for line in lines] == pytest.approx(least.tolist(), abs=1e-5)
    done = import_examples(create(tmp_path / "zoo", "zoo").repository, tmp_path / "box", ImportOptions())
    assert done.classes == Counter(name for n in kept for name in told[n])
    assert (done.examples, done.unlabelled, done.skipped) == (len(kept), 0, 0)


def test_labels_without_abstaining_are_compared(tmp_path: Path) -> None:
    zoo = packed(tmp_path, RECORD, output="labels")
    (wheel,) = load("targets", "wheel").make(zoo.built, tmp_path)
    code = f"""
import sys
sys.path.insert(0, {str(installed(wheel, tmp_path / "site"))!r})
import json, zoo
rows = {ROWS.tolist()!r}
ask = zoo.wrap(fallback=lambda tail, ears: zoo.predict([tail, ears]).labels[::-1], shadow=1.0)
print(json.dumps([[ask(*row) is not None for row in rows], ask.counts]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    said, counts = json.loads(done.stdout)
    assert all(said)
    assert counts == {"asked": 60, "unknown": 0, "refused": 0, "compared": 60, "disagreed": 0}


def test_hostile_columns(tmp_path: Path) -> None:
    columns = [name for name in HOSTILE if len(name) < 100]
    found = module(packed(tmp_path, {"row": ("record", {"columns": columns})}).built.interface, "zoo.so")
    names: dict[str, Any] = {}
    [line] = [line for line in found.splitlines() if "return Wrapped(" in line]
    exec(
        f"Wrapped = lambda *a, **k: a\npredict = CLASSES = fallback = None; options = {{}}\nfound = {line.strip()[7:]}",
        names,
    )
    assert names["found"][1] == (("record", tuple(columns)),)


def test_categories_and_truths(tmp_path: Path) -> None:
    options = {"columns": ["kind", "gift", "size"], "categories": {"kind": ["new", "old"]}, "booleans": ["gift"]}
    zoo = packed(tmp_path, {"row": ("record", options)}, limit=0.0)
    (wheel,) = load("targets", "wheel").make(zoo.built, tmp_path)
    site = installed(wheel, tmp_path / "site")
    code = f"""
import sys
sys.path.insert(0, {str(site)!r})
import enum, json, zoo
Kind = enum.Enum("Kind", "new old")
ask = zoo.wrap(fallback=lambda kind, gift, size=1.5: "original", inbox={str(tmp_path / "box")!r})
rows = [(kind, gift, size) for kind in ("new", "old") for gift in (True, False) for size in (-3.0, 1.5, 8.0)]
wanted = [zoo.predict(dict(kind=k, gift=g, size=s)).label for k, g, s in rows]
print(json.dumps([
    [ask(*row) for row in rows] == wanted,
    [ask(Kind[k], gift=g, size=s) for k, g, s in rows] == wanted,
    ask("new", True) == ask("new", True, 1.5),
    ask.counts["refused"],
]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, True, True, 0]


def test_a_number_that_is_not_known_is_asked_of_the_fallback_and_kept(tmp_path: Path) -> None:
    """Known where its interval is narrow enough."""
    zoo = packed(tmp_path, RECORD, output="number", limit=-6.0)
    (wheel,) = load("targets", "wheel").make(zoo.built, tmp_path)
    told = {name: array.reshape(-1) for name, array in zoo.expected(row=ROWS).items()}
    known = (told["kind_high"] - told["kind_low"] <= 6.0).tolist()
    assert {True, False} == set(known)
    code = f"""
import sys
sys.path.insert(0, {str(installed(wheel, tmp_path / "site"))!r})
import json, zoo
ask, alone = zoo.wrap(fallback=lambda tail, ears: "asked", inbox={str(tmp_path / "box")!r}), zoo.wrap()
rows = {ROWS.tolist()!r}
print(json.dumps([[ask(*row) for row in rows], [alone(*row) for row in rows], ask.counts]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    said, alone, counts = json.loads(done.stdout)
    assert [one != "asked" for one in said] == known == [one is not None for one in alone]
    numbers = [pytest.approx(value, rel=1e-5, abs=1e-5) for value in told["kind"][known].tolist()]
    assert [one for one in said if one != "asked"] == numbers == [one for one in alone if one is not None]
    kept = [json.loads(line) for file in (tmp_path / "box").glob("*") for line in file.read_text().splitlines()]
    assert [list(call["inputs"].values()) for call in kept] == ROWS[[not one for one in known]].tolist()
    assert {call["why"] for call in kept} == {"unknown"}
    assert counts["unknown"] == len(kept) == known.count(False)
