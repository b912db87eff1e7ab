"""docs/few-labels.md works as it stands there, with a model that has read nothing in the place of the large one."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "few-labels.md").read_text(encoding="utf-8")
TOPICS = {"animals": "cat dog horse", "colours": "red green blue", "metals": "iron copper zinc"}
MODEL = """
import numpy as np


class SentenceTransformer:
    def __init__(self, name):
        self.words = "{words}".split()

    def encode(self, texts):
        return np.array([[word in text.split() for word in self.words] for text in texts], np.float32)
"""


def block(kind: str) -> str:
    """The one block of this kind on the page."""
    [text] = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(text)


def rows() -> list[tuple[str, str, str]]:
    """(text, label, split): 6 of each topic are labelled to be learnt, 40 are not labelled, 10 judge."""
    found = []
    for topic, words in TOPICS.items():
        for number in range(56):
            split = "judge" if number >= 46 else "learn"
            text = f"{words.split()[number % 3]} {'abcdefgh'[number % 8]} number {number}"
            found.append((text, topic if number < 6 or split == "judge" else "", split))
    return found


def write(path: Path, header: tuple[str, ...], cells: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *cells])


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    given = rows()
    write(tmp_path / "messages.csv", ("text", "label", "split"), [*given])
    write(tmp_path / "few.csv", ("text", "label"), [row[:2] for row in given if row[1] and row[2] == "learn"])
    (tmp_path / "teach.py").write_text(block("python"), encoding="utf-8")
    (tmp_path / "model").mkdir()
    stand_in = MODEL.format(words=" ".join(TOPICS.values()))
    (tmp_path / "model" / "sentence_transformers.py").write_text(stand_in, encoding="utf-8")
    places = os.pathsep.join([str(tmp_path / "model"), str(ROOT / "src")])
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PYTHONPATH": places, "PATH": path, "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-e", "-c", block("sh")], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    root = tmp_path / "topics"
    told = [json.loads(line) for file in (root / "taught").rglob("*.jsonl") for line in file.read_text().splitlines()]
    assert len(told) == 120
    assert all(set(one["probabilities"]) == set(TOPICS) for one in told)
    report = json.loads((root / "build" / "topics" / "report.json").read_text())
    assert report["data"]["rows"]["judge"] == 30
    [by] = [note for note in report["data"]["notes"] if note.startswith("labelled by people + by the teacher")]
    learn, tune, judge = (int(count) for count in re.findall(r"\+ (\d+)", by.partition("few.csv: ")[2]))
    assert (learn + tune, judge) == (len(told), 0)
    committed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert "taught/" in committed
