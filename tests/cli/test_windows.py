"""Texts that are longer than a program takes are asked in windows: by the judge, on tune, and by whoever loads it."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc import errors
from datacc.runtime.load import load
from datacc.types.windows import windows
from tests.cli.test_text import FILLING, WORDS

Datacc = Callable[..., dict[str, Any]]

TOML = """\
name = "mail"

[source]
type = "table"
path = "mail.csv"
label = "topic"

[input.message]
type = "text"
length = 64
longer = "{longer}"
{more}
[output.topic]
type = "label"

[goal]
accuracy = 0.5
"""


@pytest.fixture
def mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Short messages of two topics, and long ones that come to theirs late."""
    monkeypatch.chdir(tmp_path)
    random, topics, rows = np.random.default_rng(3), list(WORDS), []
    for n in range(500):
        topic = topics[n % 2]
        words = [*random.choice(WORDS[topic], 3), *random.choice(FILLING, 4)]
        before = " ".join(random.choice(FILLING, 30)) + " " if n % 5 < 2 else ""
        rows.append((before + " ".join(words), topic))
    with Path("mail.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("message", "topic"), *rows])
    return rows


def built(datacc: Datacc, longer: str) -> dict[str, Any]:
    Path("datacc.toml").write_text(TOML.format(longer=longer, more=""))
    found: dict[str, Any] = datacc("build", "--search")["report"]
    return found


def reached(report: dict[str, Any], what: str) -> dict[str, Any]:
    [line] = [line for line in report["verdict"]["lines"] if line["what"] == what]
    return dict(line)


def test_long_texts_are_judged_by_all_their_windows(mail: list[tuple[str, str]], datacc: Datacc) -> None:
    cut, whole = built(datacc, "cut"), built(datacc, "windows")
    assert cut["data"]["rows"] == whole["data"]["rows"]
    before, after = (reached(one, "accuracy")["figure"] for one in (cut, whole))
    assert after["total"] == before["total"] == whole["data"]["rows"]["judge"]
    assert after["right"] > before["right"] + 0.05 * before["total"]
    rows = int(re.match(r"[\d,]+", reached(whole, "same answers as the reference")["reached"])[0].replace(",", ""))  # type: ignore[index]
    assert rows > after["total"]  # every window is compared
    program, right = load("build/mail"), 0
    for message, topic in mail:
        answer = program(message)
        right += answer.label == topic
        parts = [program(one) for one in windows(message.encode(), 64)]
        for name, score in answer.scores.items():
            assert score == pytest.approx(np.mean([part.scores[name] for part in parts]), abs=1e-12)
    assert right / len(mail) > 0.9
    unlearnt, learnt = whole["tune"][0], (whole["data"]["rows"][name] for name in ("learn", "tune"))
    assert unlearnt["how"] == "out of fold"  # of few examples, each of which is asked as a whole
    assert sum(count for _, _, count in unlearnt["pairs"]) == sum(learnt)


def test_what_stands_late_in_a_text_is_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc) -> None:
    """Long texts come to their topic late, in words that no short one has."""
    monkeypatch.chdir(tmp_path)
    random, topics, rows = np.random.default_rng(3), list(WORDS), []
    late = {topics[0]: ["kiln", "glaze", "clay"], topics[1]: ["yeast", "dough", "crust"]}
    for n in range(500):
        topic, is_long = topics[n % 2], n % 4 < 2
        words = [*random.choice(late[topic] if is_long else WORDS[topic], 3), *random.choice(FILLING, 3)]
        before = " ".join(random.choice(FILLING, 30)) + " " if is_long else ""
        rows.append((before + " ".join(words), topic, is_long))
    with Path("mail.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("message", "topic"), *(row[:2] for row in rows)])
    built(datacc, "windows")
    program = load("build/mail")
    right = [program(message).label == topic for message, topic, is_long in rows if is_long]
    assert np.mean(right) > 0.8  # one that has learnt from first windows alone guesses


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[output.topic]\ntype = "label"\nabstain = true\n', "does not abstain"),
        ('[output.topic]\ntype = "labels"\n', "one label"),
        ("widths = [0.5, 1.0]\n", "without widths"),
        ('[[check]]\ninvariant = "case"\nat_least = 0.5\n', "other checks than invariant"),
    ],
)
def test_what_windows_do_not_go_with(more: str, told: str, mail: list[tuple[str, str]], datacc: Datacc) -> None:
    text = TOML.format(longer="windows", more="")
    if more.startswith("[output"):
        text = text.replace('[output.topic]\ntype = "label"\n', more)
    elif more.startswith("widths"):
        text = more + text
    else:
        text += more
    Path("datacc.toml").write_text(text)
    error = datacc("build", code=errors.SpecError.exit_code)["error"]
    assert told in error["what"]
    assert error["where"].startswith("datacc.toml:") or ":" in error["where"]
    assert 'longer = "cut"' in error["tries"]
