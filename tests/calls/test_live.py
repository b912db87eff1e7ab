"""The decorator: nothing without the word of whoever runs it, little with it, and never in the way."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import random, sys
from datacc import port

def plain(text: str, n: int = 2) -> int:
    if text == "bad":
        raise ValueError("bad")
    return len(text) * n

known = port(plain)
busy = port(share=1.0)(plain)
random.seed(3)
before = random.random()
random.seed(3)
for i in range(200):
    assert busy(f"call {i}") == 2 * len(f"call {i}")
busy("named", n=5); busy(text="x", n=1)
busy("mail to ann@example.org")
busy(b"bytes")
busy([1.0, 2.0]); busy(object) if False else None
try:
    busy("bad")
except ValueError as error:
    assert str(error) == "bad"
else:
    raise SystemExit("it must raise")
assert random.random() == before, "it drew from the generator of the program"
print(known is plain, busy.__name__, "numpy" in sys.modules, "datacc.spec" in sys.modules)
"""


def ran(folder: Path, **more: str) -> str:
    environment = {**{k: v for k, v in os.environ.items() if k != "DATACC_RECORD"}, **more}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_without_a_word_nothing_is_recorded_and_nothing_changes(tmp_path: Path) -> None:
    assert ran(tmp_path).split() == ["True", "plain", "False", "False"]
    assert list(tmp_path.iterdir()) == []


def test_with_a_word_calls_are_recorded(tmp_path: Path) -> None:
    assert ran(tmp_path, DATACC_RECORD=str(tmp_path / "box")).split() == ["False", "plain", "False", "False"]
    [folder] = (tmp_path / "box").iterdir()
    assert folder.name == "__main__.plain"
    calls = [json.loads(line) for file in folder.iterdir() for line in file.read_text().splitlines()]
    inputs = [call["inputs"] for call in calls]
    assert inputs[:200] == [{"text": f"call {i}", "n": 2} for i in range(200)]
    # no secret, no bytes, nothing that raised
    assert inputs[200:] == [{"text": "named", "n": 5}, {"text": "x", "n": 1}, {"text": [1.0, 2.0], "n": 2}]
    assert {call["why"] for call in calls} == {"sampled"}


def test_a_share_of_the_calls(tmp_path: Path) -> None:
    code = "from datacc import port\nf = port(share=0.1)(lambda x: x)\nfor i in range(20000): f(i)\n"
    environment = {**os.environ, "DATACC_RECORD": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    count = sum(len(file.read_text().splitlines()) for file in tmp_path.glob("*/*"))
    assert 1700 < count < 2300  # seven deviations
