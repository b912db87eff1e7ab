"""bisect: planted mistakes in a linear history, in a merged branch and among commits that cannot be built."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.cli import app
from datacc.cli.interrupt import INTERRUPTED
from datacc.compiler import engine
from tests.cli.points import careful, committed, examples, git, label, mistaken

Datacc = Callable[..., dict[str, Any]]
Told = Callable[..., str]

GOAL = ("--goal", "accuracy >= 0.9")
COMMITS, PLANTED = 9, 6


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a lock of a small net, all of it committed, tagged `good`."""
    return committed(tmp_path_factory.mktemp("bisect"))


@pytest.fixture(scope="module")
def linear(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`COMMITS` labelling commits, tagged c1 …, with others between; the one numbered `PLANTED` is the mistake."""
    folder = tmp_path_factory.mktemp("linear") / "points"
    shutil.copytree(good, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for n in range(1, COMMITS + 1):
            git("commit", "--quiet", "--allow-empty", "--message=nothing of labels")
            git("tag", f"c{n}", mistaken() if n == PLANTED else careful(n))
    return folder


def copy_of(folder: Path, place: Path, patch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(folder, place)
    patch.chdir(place)
    return place


@pytest.fixture
def start(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return copy_of(good, tmp_path / "points", monkeypatch)


@pytest.fixture
def history(linear: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return copy_of(linear, tmp_path / "points", monkeypatch)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each fit that a back end really does."""
    done: list[int] = []
    real = engine.fit

    def counted(*words: Any, **options: Any) -> Any:
        done.append(1)
        return real(*words, **options)

    monkeypatch.setattr(engine, "fit", counted)
    return done


def everything() -> dict[Path, bytes]:
    """Every file that is not git's objects or datacc's own, HEAD and the index among them."""
    files = [path for path in Path().rglob("*") if path.is_file() and ".datacc" not in path.parts]
    return {path: path.read_bytes() for path in files}


def hashes(said: dict[str, Any]) -> list[str]:
    return [step["commit"] for step in said["guilty"]]


def test_the_guilty_commit_in_few_builds_and_then_in_none(history: Path, datacc: Datacc, fits: list[int]) -> None:
    before = everything()
    said = datacc("bisect", "--good", "good", "--where", "site=s2", *GOAL)
    assert hashes(said) == [git("rev-parse", f"c{PLANTED}")]
    [step] = said["guilty"]
    assert (step["subject"], step["edits"], step["state"]) == ("in a hurry", 33, "bad")
    assert step["figure"]["total"] == 12
    assert said["commits"] == COMMITS
    assert len(fits) == said["built"] == len([one for one in said["steps"] if one["fits"]])
    assert 4 <= said["built"] <= math.ceil(math.log2(COMMITS)) + 2
    [changed] = said["changes"]
    assert {(one["old"][0], one["new"][0]) for one in changed["changes"]} == {("long", "short")}
    assert len(changed["changes"]) == 33
    assert everything() == before
    assert not Path("build").exists()
    assert not list(Path().glob("judged/*.jsonl"))

    again = datacc("bisect", "--good", "good", "--where", "site=s2", *GOAL)
    assert (hashes(again), again["built"], len(fits)) == (hashes(said), 0, said["built"])


def test_each_step_and_the_way_out_are_told(history: Path, told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    guilty = git("rev-parse", f"c{PLANTED}")[:10]
    text = told("bisect", "--good", "good", *GOAL)
    assert f"try: datacc revert {guilty}" in text
    assert f"{guilty} " in text
    assert "long → short" in text
    app.call(["bisect", "--good", "good", *GOAL])
    steps = [line for line in capsys.readouterr().err.splitlines() if "cached" in line]
    assert len(steps) >= 4
    assert any("in a hurry (33 edits): bad, cached: " in step for step in steps)


@pytest.mark.parametrize(
    "words",
    [
        ["--drop", "0.1"],
        ["--class", "long", "--goal", "recall >= 0.8"],
        ["--class", "long", "--where", "site=s1", "--drop", "0.3"],
        ["--out-of-fold", "--truth", "good", "--drop", "0.2"],
    ],
)
def test_other_demands_find_the_same_commit(words: list[str], history: Path, datacc: Datacc) -> None:
    said = datacc("bisect", "--good", "good", "--bad", "c8", *words)
    assert hashes(said) == [git("rev-parse", f"c{PLANTED}")]


def test_a_pinned_example(history: Path, datacc: Datacc) -> None:
    id = examples("tune", "long")[0]
    said = datacc("bisect", "--good", "good", "--example", id[:8], "--is", "long")
    assert hashes(said) == [git("rev-parse", f"c{PLANTED}")]
    assert said["guilty"][0]["told"] == "answered 'short'"
    sealed = examples("judge", "long")[0]
    refused = datacc("bisect", "--good", "good", "--example", sealed, "--is", "long", code=errors.DataError.exit_code)
    assert "judge" in refused["error"]["what"]


def test_a_mistake_that_tune_agrees_with_needs_the_truth_of_another_commit(start: Path, datacc: Datacc) -> None:
    careful(0)
    planted = label([*examples("learn", "long"), *examples("tune", "long")], "short", "everything is short")
    careful(1)
    datacc("bisect", "--good", "good", *GOAL, code=errors.UsageError.exit_code)
    said = datacc("bisect", "--good", "good", *GOAL, "--truth", "good")
    assert hashes(said) == [planted]
    assert said["guilty"][0]["figure"]["value"] == 0.5


def test_inside_a_merged_branch(start: Path, datacc: Datacc) -> None:
    git("checkout", "--quiet", "-b", "side")
    careful(0)
    planted = mistaken()
    careful(1)
    git("checkout", "--quiet", "-")
    careful(2)
    careful(3)
    git("merge", "--quiet", "--no-ff", "--message=join", "side")
    merge = git("rev-parse", "HEAD")
    careful(4)
    said = datacc("bisect", "--good", "good", *GOAL)
    assert hashes(said) == [planted]
    assert said["commits"] == 4  # along first parents
    assert said["built"] <= 2 + 2 + 2  # the ends, along first parents, inside the merge
    whole = datacc("bisect", "--good", "good", *GOAL, "--first-parent")
    assert hashes(whole) == [merge]
    assert (whole["guilty"][0]["merged"], whole["built"]) == (3, 0)
    assert len(whole["changes"][0]["changes"]) == 33 + 2


def program(text: str) -> str:
    """A commit of this datacc.toml."""
    Path("datacc.toml").write_text(text)
    git("commit", "--quiet", "--all", "--message=program")
    return git("rev-parse", "HEAD")


def test_where_the_guilty_one_cannot_be_built_a_range_is_said(start: Path, datacc: Datacc, told: Told) -> None:
    careful(0)
    toml = Path("datacc.toml").read_text()
    broken = program(toml + "[nonsense]\n")
    planted = mistaken()
    mended = program(toml)
    careful(1)
    said = datacc("bisect", "--good", "good", *GOAL)
    assert hashes(said) == [broken, planted, mended]
    assert [step["state"] for step in said["guilty"]] == ["skipped", "skipped", "bad"]
    assert "nonsense" in said["guilty"][0]["told"]
    assert [len(one["changes"]) for one in said["changes"]] == [0, 33, 0]
    assert "one of these 3 broke it" in told("bisect", "--good", "good", *GOAL)


def test_too_few_examples_are_skipped_without_doubt_about_the_answer(start: Path, datacc: Datacc) -> None:
    careful(0)
    short = [id for split in ("learn", "tune", "judge") for id in examples(split, "short")][1:]
    datacc("delete", *short)
    datacc("commit", "-m", "only long")
    datacc("restore", *short)
    datacc("commit", "-m", "short again")
    planted = mistaken()
    said = datacc("bisect", "--good", "good", *GOAL)
    assert hashes(said) == [planted]
    [skipped] = [step for step in said["steps"] if step["state"] == "skipped"]
    assert (skipped["subject"], skipped["fits"]) == ("only long", 0)
    assert "has the same kind: 'long'" in skipped["told"]


def test_without_a_lock_a_search_chooses_the_form(start: Path, datacc: Datacc, fits: list[int]) -> None:
    git("rm", "--quiet", "datacc.lock")
    git("commit", "--quiet", "--message=no lock")
    planted = mistaken()
    said = datacc("bisect", "--good", "HEAD~1", *GOAL)
    assert hashes(said) == [planted]
    assert not Path("datacc.lock").exists()
    done = len(fits)
    assert datacc("bisect", "--good", "HEAD~1", *GOAL)["built"] == 0
    assert len(fits) == done


@pytest.mark.parametrize(
    ("words", "error", "what"),
    [
        (["--good", "c9", "--bad", "good", *GOAL], errors.UsageError, "swapped"),
        (["--good", "c9", *GOAL, "--bad", "c9"], errors.UsageError, "same commit"),
        (["--good", "c7", *GOAL], errors.UsageError, "good is not good"),
        (["--good", "good", "--bad", "c5", *GOAL], errors.UsageError, "bad is not bad"),
        (["--good", "c9", "--bad", "HEAD~1", *GOAL], errors.UsageError, "swapped"),
        (["--good", "nowhere", *GOAL], errors.RepositoryError, "nowhere"),
        (["--good", "elsewhere", *GOAL], errors.UsageError, "no ancestor"),
        (["--good", "good", "--bad", "c1~1", *GOAL], errors.UsageError, "no commit between"),
        (["--good", "good", "--class", "lung", "--drop", "0.1"], errors.SpecError, "no class 'lung'"),
        (["--good", "good", "--where", "sight=s1", *GOAL], errors.SpecError, "no example has a column"),
        (["--good", "good", "--where", "site=s3", *GOAL], errors.SpecError, "site = 's3'"),
        (["--good", "good", "--where", "site", *GOAL], errors.UsageError, "--where site"),
        (["--good", "good", "--example", "ffffffffff", "--is", "long"], errors.DataError, "no labelled example"),
        (["--good", "good", "--example", "ff", "--is", "long"], errors.UsageError, "too short"),
        (["--good", "good", "--example", "ffff"], errors.UsageError, "answered as what"),
        (["--good", "good"], errors.UsageError, "what must hold"),
        (["--good", "good", "--goal", "quickness >= 0.9"], errors.SpecError, "quickness"),
        (["--good", "good", "--goal", "accuracy > 0.9"], errors.UsageError, "--goal"),
        (["--good", "good", "--goal", "accuracy >= 90"], errors.UsageError, "share"),
        (["--good", "good", "--goal", "recall >= 0.9"], errors.UsageError, "which?"),
        (["--good", "good", "--class", "long", *GOAL], errors.UsageError, "not of one class"),
    ],
)
def test_what_cannot_be_asked(
    words: list[str], error: type[errors.DataccError], what: str, history: Path, datacc: Datacc
) -> None:
    git("branch", "elsewhere", git("commit-tree", "-m", "another", "HEAD^{tree}"))
    said = datacc("bisect", *words, code=error.exit_code)
    assert what in said["error"]["what"]
    assert said["error"]["tries"]


def test_a_slice_without_tune_rows(start: Path, datacc: Datacc) -> None:
    datacc("delete", *examples("tune", "long"))
    datacc("commit")
    git("tag", "--force", "good")
    careful(0)
    words = ("bisect", "--good", "good", "--class", "long", "--goal", "recall >= 0.8")
    said = datacc(*words, code=errors.DataError.exit_code)
    assert "no example to measure recall of 'long' on" in said["error"]["what"]
    assert said["error"]["where"] == "--good good"


def test_an_interrupt_keeps_what_was_built(
    history: Path, datacc: Datacc, fits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = engine.fit

    def stopped(*words: Any, **options: Any) -> Any:
        if len(fits) == 1:
            raise KeyboardInterrupt
        return counted(*words, **options)

    monkeypatch.setattr(engine, "fit", stopped)
    before = everything()
    assert app.call(["bisect", "--good", "good", *GOAL]) == INTERRUPTED
    assert everything() == before
    monkeypatch.setattr(engine, "fit", counted)
    said = datacc("bisect", "--good", "good", *GOAL)
    assert hashes(said) == [git("rev-parse", f"c{PLANTED}")]
    assert not said["steps"][0]["fits"]
    assert len(fits) == 1 + said["built"]
