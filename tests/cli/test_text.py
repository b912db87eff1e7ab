"""A table of messages becomes a program that reads text, without any file of the user's own."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.runtime.load import load
from datacc.spec.read import read_program

WORDS = {
    "weather": "rain sun wind cloud storm snow frost".split(),
    "money": "bank coin price loan debt cash rent".split(),
}
FILLING = "the a is of and in on to we they it more".split()


def write_messages(path: Path, rows: int = 600) -> None:
    """Sentences that are told apart by two words of each, with a number, a constant and a sender beside them."""
    random = np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "sender", "the message", "topic"])
        for n in range(rows):
            topic = ("weather", "money")[n % 2]
            words = [*random.choice(WORDS[topic], 2), *random.choice(FILLING, 6)]
            writer.writerow([n, f"p{n % 5}", " ".join(random.permutation(words)), topic])


def test_from_messages_to_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Callable[..., Any], told: Callable[..., str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_messages(tmp_path / "mail.csv")
    said = told("build", "mail.csv", "--label", "topic")
    assert "text   length 64, columns 'the message'" in said
    assert "2 classes of column 'topic'" in said
    assert "not learnt from: 'id' (constant)" not in said
    assert "kept to slice by, not learnt from: 'sender' (text)" in said
    [field] = read_program(tmp_path / "datacc.toml").inputs
    assert (field.name, field.type, dict(field.options)) == (
        "the_message",
        "text",
        {"length": 64, "columns": ["the message"]},
    )
    [line] = [one for one in datacc("build")["report"]["verdict"]["lines"] if one["what"] == "accuracy"]
    assert line["value"] > 0.9
    program = load(tmp_path / "build" / "mail")
    for message, topic in (("rain and storm", "weather"), (b"cash in the bank", "money")):
        assert program(message).label == topic
    for odd in ("", "\ud800", b"\xff" * 10**6, "\0" * 99, "שלום 😀", "x" * 10**7):
        assert program(odd).confidence > 0
    answers = datacc("run", "build/mail", "snow and frost in the wind", "mail.csv")["answers"]
    assert len(answers) == 601
    assert answers[0]["label"] == "weather"
    [nothing] = datacc("run", "build/mail", "")["answers"]  # an empty text, not the folder where we are
    assert (nothing["input"], nothing["scores"]) == ('""', program("").scores)


def test_a_repository_of_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Callable[..., Any]) -> None:
    monkeypatch.chdir(tmp_path)
    write_messages(tmp_path / "mail.csv")
    datacc("new", "mail")
    monkeypatch.chdir(tmp_path / "mail")
    datacc("import", "../mail.csv", "--label", "topic")
    [field] = read_program(Path("datacc.toml")).inputs
    assert (field.type, field.options["columns"]) == ("text", ["the message"])
    datacc("build")
    assert load("build/mail")("frost and snow").label == "weather"
