"""What somebody broke by hand: one error that names file, line and repair; the repair brings everything back."""

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.cli import app
from datacc.repo.find import find
from datacc.repo.journal import Journal
from datacc.repo.working import read_working

TABLE = "width,height,kind\n" + "".join(f"{n}.5,{n % 7},{'long' if n % 3 else 'short'}\n" for n in range(12))
FUTURE = "2999-01-01T00:00:00.000000+00:00"
REPOSITORY, DATA = errors.RepositoryError.exit_code, errors.DataError.exit_code
Damage = Callable[[Path], Path]
Said = Callable[..., dict[str, Any]]


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def ann(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ann@example.org")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Said:
    """What a verb says as JSON; any exception but those that the command line knows is a failure of the test."""

    def call(*words: object) -> dict[str, Any]:
        capsys.readouterr()
        app.call([*map(str, words), "--json"])
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return said

    return call


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("template")


@pytest.fixture
def root(template: Path, tmp_path: Path, say: Said, monkeypatch: pytest.MonkeyPatch) -> Path:
    """12 rows; then a commit that labels two, votes on a third and deletes a fourth."""
    if not (template / "sticks").exists():
        monkeypatch.chdir(template)
        (template / "sticks.csv").write_text(TABLE)
        say("new", "sticks")
        monkeypatch.chdir(template / "sticks")
        say("import", "../sticks.csv", "--label", "kind")
        first, second, third, fourth = ids(template / "sticks")[:4]
        for words in (("label", first, "long"), ("label", first, "short"), ("label", second, "short")):
            say(*words)
        say("label", third, "long", "--vote")
        say("delete", fourth)
        say("commit")
    shutil.copytree(template / "sticks", tmp_path / "sticks")
    monkeypatch.chdir(tmp_path / "sticks")
    return tmp_path / "sticks"


def ids(root: Path) -> list[str]:
    [labels] = root.glob("runs/*/labels.tsv")
    return [line.split("\t")[0] for line in labels.read_text().splitlines()[1:]]


def states(root: Path) -> dict[str, Any]:
    return dict(read_working(find(root)).states)


def one(root: Path, pattern: str) -> Path:
    [path] = root.glob(pattern)
    return path


def lines(pattern: str, change: Callable[[list[str]], list[str]]) -> Damage:
    """Other lines in the one file of that pattern."""

    def damage(root: Path) -> Path:
        path = one(root, pattern)
        path.write_text("".join(f"{line}\n" for line in change(path.read_text().splitlines())))
        return path

    return damage


def text(pattern: str, change: Callable[[bytes], bytes]) -> Damage:
    def damage(root: Path) -> Path:
        path = one(root, pattern)
        path.write_bytes(change(path.read_bytes()))
        return path

    return damage


def line(pattern: str, number: int, new: Callable[[str], str]) -> Damage:
    return lines(pattern, lambda old: [*old[: number - 1], new(old[number - 1]), *old[number:]])


def edit(number: int, **values: Any) -> Damage:
    """One operation of the segment says something else."""
    return line(SEGMENT, number, lambda old: json.dumps({**json.loads(old), **values}))


def gone(name: Callable[[Path], Path]) -> Damage:
    def damage(root: Path) -> Path:
        path = name(root)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return path

    return damage


def nonsense(name: Callable[[Path], Path]) -> Damage:
    def damage(root: Path) -> Path:
        path = name(root)
        path.write_bytes(b"{")
        return path

    return damage


def class_file(root: Path) -> Path:
    [path] = [path for path in root.glob("schema/*/*.json") if json.loads(path.read_text())["name"] == "short"]
    return path


def column_file(kind: str) -> Callable[[Path], Path]:
    return lambda root: next(p for p in root.glob("schema/*/column.json") if json.loads(p.read_text())["kind"] == kind)


LATER = ("check", "build")  # what can be read is read; but it is told, and nothing is made of it
CHANGED = "was changed since it was"
SEGMENT, LABELS, INPUTS, MANIFEST = "ops/*/*.jsonl", "runs/*/labels.tsv", "runs/*/inputs.jsonl", "runs/*/manifest.json"

# what is broken, the verbs that stop at it (all where there is none), the line, words of the error
CASES: dict[str, tuple[Damage, tuple[str, ...], int | None, str]] = {
    "a segment of nonsense": (line(SEGMENT, 2, lambda old: "keep calm"), (), 2, "no operation: Expecting value"),
    "blank lines and nonsense": (lines(SEGMENT, lambda old: ["", old[0], "", "{}"]), (), 4, "no operation"),
    "a conflict of git, committed": (lines(SEGMENT, lambda old: ["<<<<<<< HEAD", *old]), (), 1, "no operation"),
    "a time that is none": (edit(3, when="yesterday"), (), 3, "Invalid isoformat"),
    "an example that is none": (edit(3, example="stick 7"), (), 3, "'stick 7' is no id"),
    "a confidence that is none": (edit(3, model="m", confidence="high"), (), 3, "a number from 0 to 1"),
    "a cut-off line": (text(SEGMENT, lambda old: old[:-30]), (), 5, "no operation"),
    "lines that are gone": (lines(SEGMENT, lambda old: old[:-1]), LATER, 5, CHANGED),
    "an edited reason": (edit(2, reason="I"), LATER, 2, CHANGED),
    "an operation from the future": (edit(1, op="teleport"), (), 1, "unknown operation 'teleport'"),
    "a class that is lost": (gone(class_file), ("check",), None, "is missing; 5 examples need it"),
    "an output that is lost": (gone(column_file("output")), ("check",), None, "is missing; 12 examples need it"),
    "an input that is lost": (gone(column_file("input")), ("check", "show"), None, "is missing; 12|has no column"),
    "a class of nonsense": (nonsense(class_file), (), None, "no schema entry"),
    "a row with another label": (line(LABELS, 3, lambda old: f'{old[:34]}00000000"'), LATER, 3, CHANGED),
    "a row that is gone": (lines(LABELS, lambda old: old[:-1]), (), 12, "12 rows are announced"),
    "a row of nonsense": (line(LABELS, 3, lambda old: "long"), (), 3, "no id"),
    "a row in the wrong place": (lines(LABELS, lambda old: [old[0], *old[:0:-1]]), (), 3, "not in the order"),
    "an input with another number": (line(INPUTS, 4, lambda old: old.replace(".5", ".25")), LATER, 4, CHANGED),
    "inputs that are cut off": (text(INPUTS, lambda old: old[:-4]), ("check", "show"), 12, "cut off"),
    "a manifest of nonsense": (text(MANIFEST, lambda old: b"12 rows"), (), None, "damaged"),
    "a run without its inputs": (gone(lambda root: one(root, INPUTS)), (), None, "is missing"),
}  # fmt: skip


def everything(root: Path) -> Iterator[tuple[str, ...]]:
    first, second = ids(root)[:2]
    yield from (("status",), ("check",), ("build",), ("show", first), ("log", "--class", "long"))
    yield from (("diff", "HEAD~2..HEAD"), ("label", second, "long"))


@pytest.mark.parametrize("name", CASES)
def test_one_error_names_the_place_and_its_repair_brings_all_back(root: Path, say: Said, name: str) -> None:
    damage, stopped, number, what = CASES[name]
    every, before = list(everything(root)), states(root)
    path = damage(root).relative_to(root).as_posix()
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "by hand")
    where = f"{path}:{number}" if number else path
    for words in every:
        said = say(*words)
        if words[0] == "label" and "error" not in said:
            say("undo")
        if words[0] in stopped or not stopped:
            assert "error" in said, words
            [told] = said["problems"] if "problems" in said else [said["error"]]
            assert re.search(what, told["what"]), told
            assert told["where"] in (where, str(root / where))
            assert told["tries"]
    assert git(root, "status", "--porcelain") == ""
    mend(root, told["tries"])
    assert states(root) == before
    assert say("check")["problems"] == []


def mend(root: Path, tries: list[str]) -> None:
    """Do what the error says."""
    found = [re.search(r"git checkout (\S+) -- (\S+)", attempt) for attempt in tries]
    told = next(filter(None, found), None)
    if told is None:
        assert tries == ["update datacc"]
        git(root, "revert", "--no-edit", "HEAD")
    else:
        git(root, "checkout", told[1].replace("COMMIT", "HEAD~1"), "--", told[2])
        git(root, "commit", "-q", "-m", "as it was")


def test_a_newer_format_is_refused_by_every_verb(root: Path, say: Said) -> None:
    every = list(everything(root))
    (root / "schema" / "format.json").write_text('{"format": 7, "name": "sticks"}\n')
    git(root, "commit", "-q", "-a", "-m", "from the future")
    for words in every:
        error = say(*words)["error"]
        assert (error["exit_code"], error["tries"]) == (REPOSITORY, ["update datacc"])
        assert error["where"].endswith("schema/format.json")


def test_a_journal_of_nonsense_is_named_and_history_is_not_touched(root: Path, say: Said) -> None:
    first = ids(root)[0]
    before = say("show", first)
    say("label", first, "long")
    with sqlite3.connect(root / ".datacc" / "journal") as database:
        number = database.execute("INSERT INTO edits (line) VALUES ('keep calm')").lastrowid
    database.close()
    for words in (("status",), ("show", first), ("label", first, "short"), ("undo",), ("commit",)):
        error = say(*words)["error"]
        assert (error["exit_code"], error["where"]) == (REPOSITORY, f".datacc/journal:{number}")
        assert any("move .datacc/journal away" in attempt for attempt in error["tries"])
    (root / ".datacc" / "journal").rename(root.parent / "kept")
    assert say("show", first) == before
    assert say("check")["problems"] == []


@pytest.mark.parametrize("moment", ["1970-01-01T00:00:00.000000+00:00", FUTURE])
def test_a_clock_far_off_loses_nothing(root: Path, say: Said, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows from what is what the edits say, not the clock; the future is told, since votes go by it."""
    first, second = ids(root)[:2]
    with monkeypatch.context() as wrong:
        wrong.setattr("datacc.repo.edit._now", lambda pending: moment)
        say("label", first, "long")
        say("label", second, "long", "--vote")
        made = say("commit")
    say("label", first, "short")
    say("label", second, "short", "--vote")
    say("commit")
    assert say("show", first)["values"]["kind"]["value"] == "short"
    assert [vote["value"] for vote in say("votes", second)["votes"]] == ["short"]
    said = say("check")
    if moment == FUTURE:
        [problem] = said["problems"]
        assert (problem["where"], said["error"]["exit_code"]) == (f"{made['segment']}:1", DATA)
        assert "2999-01-01" in problem["what"]
        say("revert", made["commit"])
        said = say("check")
    assert said["problems"] == []
    assert say("show", first)["values"]["kind"]["value"] == "short"


def test_an_origin_that_is_away_is_named(root: Path, say: Said, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    (tmp_path / "origin.git").rename(tmp_path / "lost.git")
    error = say("push")["error"]
    assert (error["exit_code"], str(root) in error["where"]) == (REPOSITORY, True)
    assert "origin.git" in error["what"]
    (tmp_path / "lost.git").rename(tmp_path / "origin.git")
    assert "error" not in say("push")


def amended(root: Path) -> None:
    git(root, "commit", "-q", "--amend", "-m", "another message")


def amended_away(root: Path) -> None:
    git(root, "rm", "-q", "-r", "ops")
    (root / "note.txt").write_text("no labels in here")
    git(root, "add", "note.txt")
    git(root, "commit", "-q", "--amend", "-m", "no labels")


def rebased(root: Path) -> None:
    """The commit in the middle goes, those after it are others."""
    git(root, "rebase", "-q", "--onto", "HEAD~2", "HEAD~1")


def squashed(root: Path) -> None:
    git(root, "reset", "-q", "--soft", "HEAD~2")
    git(root, "commit", "-q", "-m", "all at once")


def reset(root: Path) -> None:
    git(root, "reset", "-q", "--hard", "HEAD~1")


def filtered(root: Path) -> None:
    words = ("-c", "core.hooksPath=/dev/null", "filter-branch", "-f", "--msg-filter", "sed s/label/LABEL/", "HEAD")
    git(root, *words)


def forced(root: Path) -> None:
    """Another clone rewrites the branch and pushes it over ours; we take theirs."""
    git(root.parent, "clone", "-q", "--bare", str(root), "origin.git")
    git(root.parent, "clone", "-q", "origin.git", "other")
    rebased(root.parent / "other")
    git(root.parent / "other", "push", "-q", "--force")
    git(root, "fetch", "-q", str(root.parent / "origin.git"), "main")
    git(root, "reset", "-q", "--hard", "FETCH_HEAD")


def forgotten(root: Path) -> None:
    rebased(root)
    git(root, "reflog", "expire", "--expire=now", "--all")
    git(root, "gc", "-q", "--prune=now")


REWRITERS = [amended, amended_away, rebased, squashed, reset, filtered, forced, forgotten]


@pytest.mark.parametrize("rewrite", REWRITERS)
def test_a_history_rewritten_underneath_is_noticed(
    root: Path, say: Said, rewrite: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every verb says what it says without an index; edits that wait are still there and can be committed."""
    monkeypatch.setenv("FILTER_BRANCH_SQUELCH_WARNING", "1")
    first, _, third, fourth = ids(root)[:4]
    say("label", third, "short")
    say("commit", "-m", "label one more")
    verbs = [("status",), ("check",), ("log",), ("diff", "HEAD~1..HEAD"), ("votes", third), ("resolve",)]
    verbs += [("show", first), ("blame", first), ("show", third), ("blame", fourth)]
    for words in verbs:
        say(*words)
    say("label", first, "long")
    rewrite(root)
    warm = [say(*words) for words in verbs]
    shutil.rmtree(root / ".datacc" / "index-1")
    assert warm == [say(*words) for words in verbs]
    assert not [said["error"] for said in warm if "error" in said]
    assert Journal(root).count() == 1
    assert say("commit")["edits"] == 1
    assert say("show", first)["values"]["kind"]["value"] == "long"
