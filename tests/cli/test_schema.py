"""Schema verbs, alone and on two clones that stock git merges."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.cli import app
from datacc.repo.examples import read_examples
from datacc.repo.find import find
from datacc.repo.working import read_working
from datacc.spec.read import read_program

Datacc = Callable[..., dict[str, Any]]


def git(*words: str | Path) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", *who, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ids(repository: Path) -> list[str]:
    [labels] = repository.glob("runs/*/labels.tsv")
    return [line.split("\t")[0] for line in labels.read_text().splitlines()[1:]]


def names(datacc: Datacc) -> list[str]:
    [output] = [column for column in datacc("schema")["columns"] if column["kind"] == "output"]
    return [one["name"] for one in output["classes"]]


def value(datacc: Datacc, id: str) -> Any:
    [found] = datacc("show", id)["values"].values()
    return found["value"]


def values(repository: Path) -> dict[str, Any]:
    """What `value` says, of all at once."""
    working = read_working(find(repository))
    [output] = working.contents.schema.of("output")
    return {id: output.name_of(state.fields[output.id].value) for id, state in working.states.items()}


def problems(datacc: Datacc) -> list[str]:
    return [one["what"] for one in datacc("check", code=errors.DataError.exit_code)["problems"]]


@pytest.fixture
def other(repository: Path, tmp_path: Path) -> Path:
    """A second clone; the first has it as the remote `other`."""
    git("clone", "-q", repository, tmp_path / "other")
    git("remote", "add", "other", tmp_path / "other")
    return tmp_path / "other"


def test_a_change_tells_first_and_is_one_commit(repository: Path, datacc: Datacc) -> None:
    before = git("rev-parse", "HEAD")
    told = datacc("schema", "merge", "kind", "short", "--into", "long", "--dry-run")
    impact = told["impact"]
    assert (impact["examples"], impact["verified"], sum(impact["splits"].values())) == (10, 0, 10)
    assert (told["commit"], git("rev-parse", "HEAD"), git("status", "--porcelain")) == (None, before, "")
    runs = git("rev-parse", "HEAD:runs")
    made = datacc("schema", "merge", "kind", "short", "--into", "long")["commit"]
    assert (git("rev-parse", "HEAD").strip(), git("rev-parse", "HEAD:runs")) == (made, runs)
    assert names(datacc) == ["long"]
    assert {value(datacc, id) for id in ids(repository)} == {"long"}
    git("revert", "--no-edit", made)
    assert names(datacc) == ["long", "short"]
    assert datacc("status")["classes"]["kind"] == {"long": 20, "short": 10}


def test_order_and_ids_stay_when_classes_come_go_and_are_renamed(repository: Path, datacc: Datacc) -> None:
    datacc("schema", "add-class", "kind", "wide", "flat")
    datacc("schema", "rename", "kind", "short", "brief")
    assert names(datacc) == ["long", "brief", "wide", "flat"]
    datacc("schema", "remove", "kind", "wide")
    assert names(datacc) == ["long", "brief", "flat"]
    datacc("label", ids(repository)[0], "wide", code=errors.DataError.exit_code)
    datacc("schema", "add-class", "kind", "wide")
    assert names(datacc) == ["long", "brief", "wide", "flat"]
    assert datacc("status")["classes"]["kind"]["brief"] == 10
    told = datacc("schema", "rename-column", "kind", "sort")["impact"]["programs"]
    assert any(line.startswith("datacc.toml:") and "kind" in line for line in told)
    datacc("schema", "rename-column", "sort", "kind")
    datacc("schema", "add-column", "colour", "red", "green")
    assert "colour" in datacc("status")["classes"]
    assert datacc("check")["problems"] == []


def test_labels_of_merged_classes_converge_between_clones(
    repository: Path, other: Path, datacc: Datacc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    datacc("schema", "add-class", "kind", "wide")
    git("-C", other, "pull", "-q", repository, "main")
    id = ids(repository)[0]
    monkeypatch.chdir(other)
    datacc("label", id, "wide")
    datacc("commit")
    monkeypatch.chdir(repository)
    new = "short" if value(datacc, id) == "long" else "long"
    datacc("label", id, new)
    datacc("commit")
    datacc("schema", "merge", "kind", "wide", "--into", new)
    git("pull", "-q", "--no-rebase", "--no-edit", "other", "main")
    assert value(datacc, id) == new
    assert datacc("check")["problems"] == []
    program = read_program(repository / "datacc.toml")
    assert {one.id: one.labels["kind"] for one in read_examples(find(repository), program).examples}[id] == new
    assert datacc("label", id, "wide")["op"] == "verify"  # the old name still means the same class
    (tmp_path / "more.csv").write_text("width,height,kind\n77,7,wide\n")
    assert datacc("import", tmp_path / "more.csv", "--label", "kind")["classes"] == {new: 1}
    assert "wide" not in names(datacc)


CLASHES = [
    ([("merge", "kind", "wide", "--into", "long")], [("merge", "kind", "wide", "--into", "short")], "at once"),
    ([("merge", "kind", "wide", "--into", "long")], [("merge", "kind", "long", "--into", "wide")], "in a circle"),
    ([("merge", "kind", "wide", "--into", "flat")], [("remove", "kind", "flat")], "that is retired"),
    ([("add-class", "kind", "tall")], [("rename", "kind", "wide", "tall")], "2 classes are called 'tall'"),
    (
        [("merge", "kind", "wide", "--into", "long"), ("rename", "kind", "flat", "broad")],
        [("rename", "kind", "wide", "broad")],
        "'broad' is a class, and one that was merged or retired",
    ),
    ([("merge", "kind", "wide", "--into", "long")], [("rename", "kind", "wide", "broad")], None),
    ([("add-class", "kind", "one", "two")], [("add-class", "kind", "two", "three")], None),
    ([("merge", "kind", "wide", "--into", "long")], [("merge", "kind", "wide", "--into", "long")], None),
]


@pytest.mark.parametrize(("mine", "theirs", "what"), CLASHES)
def test_two_branches_merge_on_any_host_and_check_finds_what_clashes(
    repository: Path, datacc: Datacc, mine: list[Any], theirs: list[Any], what: str | None
) -> None:
    datacc("schema", "add-class", "kind", "wide", "flat")
    git("checkout", "-q", "-b", "side")
    for words in theirs:
        datacc("schema", *words)
    git("checkout", "-q", "main")
    for words in mine:
        datacc("schema", *words)
    git("merge", "-q", "--no-edit", "side")
    if what is None:
        assert datacc("check")["problems"] == []
    else:
        assert any(what in one for one in problems(datacc))


def test_a_class_removed_on_one_branch_and_given_on_the_other(repository: Path, datacc: Datacc) -> None:
    datacc("schema", "add-class", "kind", "wide")
    git("checkout", "-q", "-b", "side")
    datacc("label", ids(repository)[0], "wide")
    datacc("commit")
    said = datacc("schema", "remove", "kind", "wide", code=errors.DataError.exit_code)
    assert said["error"]["what"] == "1 example is 'wide', in a label or a vote"
    git("checkout", "-q", "main")
    datacc("schema", "remove", "kind", "wide")
    git("merge", "-q", "--no-edit", "side")
    assert problems(datacc) == ["kind is 'wide', which the schema does not have"]
    datacc("schema", "add-class", "kind", "wide")
    assert datacc("check")["problems"] == []


def test_a_split_labels_those_it_has_a_rule_for(repository: Path, datacc: Datacc) -> None:
    short = [id for id in ids(repository) if value(datacc, id) == "short"]
    rule = repository / "rule.tsv"
    rule.write_text("".join(f"{id}\t{'tiny' if n % 2 else 'small'}\n" for n, id in enumerate(short[:8])))
    words = ("schema", "split", "kind", "short", "--into", "small", "tiny", "--by", rule)
    assert datacc(*words, "--dry-run")["impact"]["undecided"] == 2
    datacc(*words)
    datacc("commit")
    assert datacc("status")["classes"]["kind"] == {"long": 20, "small": 4, "tiny": 4}
    assert len(problems(datacc)) == 2
    found = read_examples(find(repository), read_program(repository / "datacc.toml"))
    assert len(found.examples) == 28
    for id in short[8:]:
        datacc("label", id, "tiny")
    datacc("commit")
    assert datacc("check")["problems"] == []


Wanted = Callable[[float, int, str], str | None]
RULES: dict[tuple[str, ...], Wanted] = {
    ("tiny", "width < 10", "--else", "small"): lambda width, height, name: "tiny" if width < 10 else "small",
    ("tiny", "width<=9.5", "--where", "small", "height >= 3"): lambda width, height, name: (
        "tiny" if width <= 9.5 else "small" if height >= 3 else None
    ),
    ("tiny", "height = 0"): lambda width, height, name: "tiny" if height == 0 else None,
    ("small", "height!=0", "--else", "tiny"): lambda width, height, name: "small" if height else "tiny",
    ("tiny", "name ~ sticks.csv:?", "--else", "small"): lambda width, height, name: (
        "tiny" if len(name) == len("sticks.csv:7") else "small"
    ),
    ("tiny", "name = sticks.csv:2"): lambda width, height, name: "tiny" if name == "sticks.csv:2" else None,
}


@pytest.mark.parametrize("words", RULES, ids=" ".join)
def test_a_split_by_a_rule(repository: Path, datacc: Datacc, words: tuple[str, ...]) -> None:
    """Edits that wait count as labels do; what another class has, or nobody decided, is left alone."""
    edited = next(id for id in ids(repository) if value(datacc, id) == "long")
    datacc("label", edited, "short")
    names = read_working(find(repository), cells=True).contents.names(ids(repository))
    before = values(repository)
    assert len(names) == len(before) == 30
    split = ("schema", "split", "kind", "short", "--into", "small", "tiny", "--where", *words)
    told = datacc(*split, "--dry-run")
    datacc(*split)
    expected = dict(before)
    for id, name in names.items():
        row = int(name.split(":")[1]) - 2  # of the table in conftest.py
        if before[id] == "short":
            expected[id] = RULES[words](row + 0.5, row % 7, name) or "short"
    assert values(repository) == expected
    became = [name for id, name in expected.items() if before[id] == "short" and name != "short"]
    assert told["becomes"] == {name: became.count(name) for name in sorted(set(became))}
    assert told["impact"]["undecided"] == list(expected.values()).count("short")


def test_a_file_goes_before_a_rule(repository: Path, datacc: Datacc) -> None:
    one = next(id for id in ids(repository) if value(datacc, id) == "short")
    (repository / "rule.tsv").write_text(f"{one[:9]}\ttiny\n")
    words = ("--by", "rule.tsv", "--else", "small")
    assert datacc("schema", "split", "kind", "short", "--into", "small", "tiny", *words)["becomes"] == {
        "small": 9,
        "tiny": 1,
    }
    assert value(datacc, one) == "tiny"


BAD = [
    ("add-class", "kind"),
    ("add-class", "kind", "LONG"),
    ("add-class", "kind", ""),
    ("add-class", "kind", "é", "e\u0301"),
    ("add-class", "kind", "x", "x"),
    ("add-class", "nokind", "x"),
    ("add-column", "kind"),
    ("rename", "kind", "long", "Short"),
    ("rename", "kind", "lnog", "x"),
    ("rename", "kind", "long"),
    ("merge", "kind", "long", "--into", "long"),
    ("merge", "kind", "long"),
    ("merge", "kind", "lnog", "--into", "short"),
    ("remove", "kind", "long"),
    ("split", "kind", "long", "--into", "x"),
    ("split", "kind", "long", "--into", "x", "y", "--by", "nowhere.tsv"),
    *(
        ("split", "kind", "short", "--into", "x", "y", "--where", "x", one)
        for one in ("", "width", "wdth = 5", "width < a")
    ),
    ("split", "kind", "short", "--into", "x", "y", "--where", "z", "width < 5"),
    ("split", "kind", "short", "--into", "x", "y", "--else", "z"),
    ("split", "kind", "short", "--into", "x", "y", "--where", "x", "kind = short"),
    ("open", "kind"),
]


@pytest.mark.parametrize("words", BAD, ids=" ".join)
def test_bad_input_changes_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    before = git("rev-parse", "HEAD")
    assert app.call(["schema", *words]) in (errors.DataError.exit_code, errors.UsageError.exit_code)
    assert "error: " in capsys.readouterr().err
    assert (git("rev-parse", "HEAD"), git("status", "--porcelain")) == (before, "")
