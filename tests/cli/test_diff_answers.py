"""diff A..B --answers: what labels between two commits did to the answers, against the net fitted by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.cli import app
from datacc.compiler import engine
from tests.cli.points import committed, examples, git, label, mistaken

Datacc = Callable[..., dict[str, Any]]
Told = Callable[..., str]


@pytest.fixture
def mislabelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository at whose HEAD nearly everything long in learn is called short."""
    root = committed(tmp_path)
    monkeypatch.chdir(root)
    mistaken()
    return root


def test_a_mistake_breaks_answers_and_its_revert_fixes_them(mislabelled: Path, datacc: Datacc, told: Told) -> None:
    said = datacc("diff", "good..HEAD", "--answers")
    assert len(said["changes"]) == len(said["answers"]["relabelled"])
    tune, learn = said["answers"]["answers"]
    assert (tune["split"], tune["rows"], learn["split"], learn["rows"]) == ("tune", 24, "learn", 72)
    long = set(examples("tune", "long"))
    broken = {one["id"] for one in tune["changed"]}
    assert broken <= long
    assert len(broken) > len(long) / 2
    assert {(one["label"], one["old"], one["new"], one["effect"]) for one in tune["changed"]} == {
        ("long", "long", "short", "broke")
    }
    right = set(examples("learn", "long")[:3])
    effects = {one["id"]: one["effect"] for one in learn["changed"]}
    assert effects == {id: "broke" if id in right else "fixed" for id in effects}, "short is now the label of most"

    back = datacc("diff", "HEAD..good", "--answers", "--quick")
    [tune] = back["answers"]["answers"]
    assert {one["effect"] for one in tune["changed"]} == {"fixed"}
    assert {one["id"] for one in tune["changed"]} == broken

    text = told("diff", "good..HEAD", "--answers", "--quick")
    assert f"{len(broken)} of 24 answers changed: 0 fixed, {len(broken)} broke" in text
    assert "both commits fitted in one form" in text


def test_judge_is_counts_and_nothing_is_left_behind(mislabelled: Path, datacc: Datacc) -> None:
    before = sorted(Path().rglob("*"))
    said = datacc("diff", "good..HEAD", "--answers", "--quick")
    judge = said["answers"]["judge"]
    assert (judge["rows"], judge["old"], judge["new"]) == (24, None, None)
    assert judge["differ"] > 6
    sealed = {*examples("judge", "long"), *examples("judge", "short")}
    assert not any(id[:12] in json.dumps(said) for id in sealed)
    assert [path for path in sorted(Path().rglob("*")) if ".datacc" not in path.parts and ".git" not in path.parts] == [
        path for path in before if ".datacc" not in path.parts and ".git" not in path.parts
    ]
    assert not Path("build").exists()


def test_what_a_build_fitted_is_not_fitted_again(
    mislabelled: Path, datacc: Datacc, monkeypatch: pytest.MonkeyPatch
) -> None:
    datacc("diff", "good..HEAD", "--answers", "--quick")
    monkeypatch.setattr(engine, "fit", lambda *_, **__: pytest.fail("a fit that is known was done again"))
    again = datacc("diff", "good..HEAD", "--answers", "--quick")
    assert again["answers"]["answers"][0]["rows"] == 24


def test_the_comment_quotes_what_people_wrote(mislabelled: Path, told: Told) -> None:
    label(examples("tune", "short")[:1], "long", "one more")
    text = told("diff", "good..", "--answers", "--quick", "--markdown")
    assert "**Answers** tune: " in text
    assert "| broke | `tune` | `" in text
    assert text.index("**Labels**") < text.index("**Answers**")


def test_labels_that_changed_nothing(mislabelled: Path, datacc: Datacc, told: Told) -> None:
    said = datacc("diff", "HEAD..HEAD", "--answers")
    assert (said["changes"], [part["changed"] for part in said["answers"]["answers"]]) == ([], [[], []])
    assert "0 of 24 answers changed" in told("diff", "HEAD..HEAD", "--answers", "--quick")


def test_misuse_is_told(mislabelled: Path, datacc: Datacc) -> None:
    assert datacc("diff", "--answers", code=errors.UsageError.exit_code)
    assert datacc("diff", "HEAD..HEAD", "--against", "build", code=errors.UsageError.exit_code)
    assert datacc("diff", "HEAD..HEAD", "--quick", code=errors.UsageError.exit_code)
    git("rm", "--quiet", "datacc.toml")
    git("commit", "--quiet", "--message=no program")
    git("checkout", "--quiet", "HEAD~1", "--", "datacc.toml")
    assert app.call(["diff", "good..HEAD", "--answers"]) == errors.SpecError.exit_code
