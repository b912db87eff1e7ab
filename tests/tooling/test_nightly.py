"""The nightly script: k parts of n are everything once, what is done is skipped, what failed is not done."""

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]


def script(path: str) -> Any:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


nightly = script("tools/nightly.py")
score = script("gallery/score.py")


@given(st.lists(st.text(), unique=True), st.integers(1, 8))
def test_the_parts_are_everything_once(names: list[str], n: int) -> None:
    dealt = [name for k in range(1, n + 1) for name in nightly.chosen(f"{k}/{n}", names)]
    assert sorted(dealt) == sorted(names)


@pytest.mark.parametrize("part", ["0/2", "3/2"])
def test_a_part_that_does_not_exist(part: str) -> None:
    with pytest.raises(SystemExit, match="PART"):
        nightly.chosen(part, ["a"])


def test_every_part_is_a_file_that_exists() -> None:
    for name, command in nightly.parts().items():
        assert command[1] == "-m" or (ROOT / command[1]).exists(), name
    assert {"gallery-digits", "gallery-tumours", "laws"} <= set(nightly.parts())


def test_no_law_is_deaf_to_the_night() -> None:
    """A number of examples that a law sets itself holds under every profile: `about` follows it."""
    said = re.compile(r"max_examples=\d")
    assert [path.name for path in (ROOT / "tests").rglob("*.py") if said.search(path.read_text("utf-8"))] == []


def test_it_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def say(word: str, code: int) -> list[str]:
        return [sys.executable, "-c", f"print('{word}!', flush=True); raise SystemExit({code})"]

    monkeypatch.setattr(nightly, "DONE", tmp_path)
    monkeypatch.setattr(nightly, "parts", lambda: {"good": say("one", 0), "bad": say("two", 1)})
    assert nightly.main("1/1") == 1
    first = capfd.readouterr().out
    assert ("one!\n" in first, "two!\n" in first, "failed: bad" in first) == (True, True, True)
    assert nightly.main("1/1") == 1
    second = capfd.readouterr().out
    assert ("one!\n" in second, "two!\n" in second, "good: done before" in second) == (False, True, True)


def test_a_score_names_what_is_worse() -> None:
    lines = [
        {"kind": "goal", "what": "accuracy", "value": 0.95},
        {"kind": "budget", "what": "latency", "value": 3e-6},
        {"kind": "budget", "what": "size", "value": 10},
    ]
    report = {"verdict": {"lines": lines}}
    expected = {"at_least": {"accuracy": 0.96}, "at_most": {"latency": 2e-6, "size": 10}}
    assert score.compare(report, expected) == ["accuracy 0.95 < 0.96", "latency 3e-06 > 2e-06"]
    assert score.compare(report, {"at_least": {"accuracy": 0.95}, "at_most": {"size": 10}}) == []
