"""A build from a table ends with what could be done about the examples; `datacc suggest` says it of any build."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.test_text import FILLING, WORDS

Datacc = Callable[..., dict[str, Any]]
Told = Callable[..., str]


def write_mail(path: Path, rows: int = 400, wrong: int = 12) -> set[str]:
    """Messages of two topics and three of a third, the first of which are labelled wrongly: their places."""
    random, topics = np.random.default_rng(5), list(WORDS)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["message", "topic"])
        for n in range(rows):
            words = [*random.choice(WORDS[topics[n % 2]], 2), *random.choice(FILLING, 6)]
            writer.writerow([" ".join(random.permutation(words)), topics[n % 2 if n >= wrong else 1 - n % 2]])
        writer.writerows([[f"<b>zebra</b> {n} of the zoo", "animals"] for n in range(3)])
    return {f"mail.csv:{n + 2}" for n in range(wrong)}


@pytest.fixture
def mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.chdir(tmp_path)
    return write_mail(tmp_path / "mail.csv")


def test_a_build_from_a_table_ends_with_suggestions(mail: set[str], datacc: Datacc, told: Told) -> None:
    said = told("build", "mail.csv", "--label", "topic")
    assert "says now what was inferred" in said
    after = said[said.index("mislabelled to models that had not seen them:") :]
    named = re.findall(r"^  (mail\.csv:\d+) +(\w+) \d+ % +(\w+) \d+ %", after, re.MULTILINE)
    wrong = [place for place, _, _ in named if place in mail]
    assert len(wrong) >= 7  # of those twelve, about a fifth are sealed in judge
    assert {place for place, _, _ in named[: len(wrong)]} <= mail
    assert all({label, instead} == set(WORDS) for place, label, instead in named if place in mail)
    assert "too few examples to tell: animals (" in after
    found = datacc("build")["report"]["suggestions"]
    assert [one["name"] for one in found["suspects"]] == [place for place, _, _ in named]
    page = Path("build/mail/report.html").read_text()
    assert "What could be done about the examples" in page
    assert "zebra</b>" not in page.replace("&lt;b&gt;zebra&lt;/b&gt;", "")
    assert datacc("suggest", "--most", "2")["suspects"] == found["suspects"][:2]


def test_a_repository_is_asked_by_the_verb(mail: set[str], datacc: Datacc, monkeypatch: pytest.MonkeyPatch) -> None:
    datacc("new", "box")
    monkeypatch.chdir("box")
    datacc("import", "../mail.csv", "--label", "topic")
    assert datacc("build")["report"]["suggestions"] is None
    found = datacc("suggest")
    assert {one["name"] for one in found["suspects"][:7]} <= mail
    example, instead = found["suspects"][0]["id"], found["suspects"][0]["instead"]
    datacc("label", example, instead)
    datacc("commit")
    datacc("build")
    again = datacc("suggest")
    assert again["edits"] == 1
    assert example not in {one["id"] for one in again["suspects"]}


def test_a_number_far_from_what_unseeing_models_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc, told: Told
) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    x = random.normal(size=600)
    y = 2 * x + random.normal(0, 0.1, 600)
    y[:12] += 12
    Path("line.csv").write_text("\n".join(["x,y", *(f"{a:.3f},{b:.4f}" for a, b in zip(x, y, strict=True))]))
    said = told("build", "line.csv", "--label", "y")
    assert "rows that look mislabelled to models that had not seen them:" in said
    assert "no class gains" not in said
    found = datacc("suggest")
    planted = {f"line.csv:{n + 2}" for n in range(12)}
    assert found["total"] >= 6  # of those twelve, about a fifth are sealed in judge
    assert {one["name"] for one in found["suspects"][:6]} <= planted
    assert (found["form"], found["needs"], found["rare"]) == ("number", [], [])
    assert all(one["instead"].startswith("about ") and one["share"] is None for one in found["suspects"])
    assert "What could be done about the examples" in Path("build/line/report.html").read_text()
