"""`datacc grow` and `datacc slim` in a label repository: wider and narrower programs from the one that was built."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from tests.cli import points

Datacc = Callable[..., dict[str, Any]]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc) -> Path:
    """The repository of points, built, and the current folder."""
    root = points.committed(tmp_path)
    monkeypatch.chdir(root)
    datacc("build")
    return root


def lock(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "datacc.lock").read_text())


def test_a_program_grows_with_its_labels_and_is_slimmed_again(built: Path, datacc: Datacc) -> None:
    first = datacc("judge")["report"]
    commit = points.careful(0)
    said = datacc("grow", "--by", "1.5")
    report = said["report"]
    assert said["holds"]
    assert said["folder"].endswith("build/points")
    assert report["provenance"]["commit"] == commit
    assert report["provenance"]["parent"] == first["digests"]["graph"] == lock(built)["parent"]
    assert lock(built)["sizes"] == {"width": 12, "depth": 1}
    assert report["costs"]["work"] > first["costs"]["work"]
    assert report["data"]["rows"]["learn"] == first["data"]["rows"]["learn"] - 1
    again = datacc("build")["report"]
    assert again["verdict"] == report["verdict"], "nothing was left to do"

    slim = datacc("slim", "build/points", "--work", f"{first['costs']['work']} MAC")["report"]
    assert slim["costs"]["work"] <= first["costs"]["work"]
    assert slim["provenance"]["parent"] == report["digests"]["graph"] == lock(built)["parent"]
    assert slim["since"]["answers"], "compared with the build before, as any build"


def test_text_shows_the_verdict_and_the_parent(built: Path, told: Callable[..., str]) -> None:
    text = told("grow")
    assert "holds" in text
    assert f"began from the program {lock(built)['parent']}" in " ".join(text.split())


@pytest.mark.parametrize(
    ("words", "error", "what"),
    [
        (["grow", "--by", "0.5"], errors.UsageError, "no factor above 1"),
        (["grow", "--by", "wide"], errors.UsageError, "invalid float"),
        (["grow", "."], errors.UsageError, "no built program"),
        (["slim"], errors.UsageError, "slim to what?"),
        (["slim", "--work", "0.5"], errors.SpecError, "'0.5' has no unit"),
        (["slim", "--memory", "1"], errors.SpecError, "'1' has no unit"),
        (["slim", "--size", ""], errors.SpecError, "'' is not a size"),
        (["slim", "--work", "10 kB"], errors.SpecError, "kB"),
        (["slim", "--work", "1 GMAC"], errors.UsageError, "no more than that already"),
        (["slim", "--size", "1 GB", "--memory", "1 GB"], errors.UsageError, "bytes of memory"),
        (["slim", "--work", "1 MAC"], errors.BudgetError, "even the narrowest"),
        (["slim", "--memory", "1 B"], errors.BudgetError, "even the narrowest"),
        (["slim", "nowhere", "--work", "1 kMAC"], errors.UsageError, "no built program"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_touched(
    words: list[str], error: type[errors.DataccError], what: str, built: Path, datacc: Datacc
) -> None:
    before = {path: path.read_bytes() for path in (built / "build").rglob("*") if path.is_file()}
    said = datacc(*words, code=error.exit_code)
    assert said["error"]["class"] == error.__name__
    assert what in said["error"]["what"]
    if error is errors.SpecError:  # told as budgets in datacc.toml are
        assert said["error"]["where"] == words[1]
        assert all(one.startswith(f'{words[1]} "') for one in said["error"]["tries"])
    assert {path: path.read_bytes() for path in (built / "build").rglob("*") if path.is_file()} == before


def test_a_program_of_several_widths_is_asked_at_one(built: Path, datacc: Datacc, told: Callable[..., str]) -> None:
    file = built / "datacc.toml"
    file.write_text(f"widths = [0.25, 1.0]\n{file.read_text()}")
    report = datacc("build")["report"]
    assert [one["width"] for one in report["verdict"]["widths"]] == [0.25, 1]
    assert "0.25" in told("judge")
    ask = ("run", "build/points", '{"x": 2.0, "y": 0.1, "site": "s1"}')
    narrow, whole, plain = (datacc(*ask, *more)["answers"][0] for more in (["--width", "0.25"], ["--width", "1"], []))
    assert whole == plain != narrow
    said = datacc(*ask, "--width", "0.3", code=errors.DataError.exit_code)
    assert said["error"]["tries"] == ["0.25, 1"]
