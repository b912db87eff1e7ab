"""import, label, commit, status, log and show on a small repository, as text and as JSON."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.spec.read import read_program
from tests.repo.conftest import drawn

Datacc = Callable[..., dict[str, Any]]
Told = Callable[..., str]

pytestmark = pytest.mark.tiny


def first_id(repository: Path) -> str:
    [labels] = repository.glob("runs/*/labels.tsv")
    return labels.read_text().splitlines()[1].split("\t")[0]


def test_import_counts_and_writes_a_program(repository: Path, datacc: Datacc) -> None:
    program = read_program(repository / "datacc.toml")
    assert (program.name, program.outputs[0].name) == ("sticks", "kind")
    again = datacc("import", "../sticks.csv")
    assert (again["examples"], again["already"], again["commit"]) == (0, 30, None)


def test_import_from_nowhere_changes_nothing(repository: Path, datacc: Datacc) -> None:
    before = datacc("log")
    said = datacc("import", "../nowhere.csv", code=errors.DataError.exit_code)
    assert "nowhere.csv" in said["error"]["where"] + said["error"]["what"]
    assert datacc("log") == before


def test_a_label_goes_from_the_journal_into_history(repository: Path, datacc: Datacc) -> None:
    id = first_id(repository)
    [old] = [value["value"] for value in datacc("show", id)["values"].values()]
    new = "short" if old == "long" else "long"
    assert datacc("label", id[:8], new)["op"] == "set"
    assert datacc("status")["edits"] == 1
    assert datacc("label", id[:8], new)["op"] == "verify"
    assert datacc("commit", "-m", "look again")["edits"] == 2
    assert datacc("status")["edits"] == 0
    newest = datacc("log")["commits"][0]
    assert (newest["subject"], newest["edits"]) == ("look again", 2)
    shown = datacc("show", id)
    assert shown["values"]["kind"] == {"value": new, "conflict": [], "verified": True}
    assert [event["op"] for event in shown["history"]] == ["add", "set", "set", "verify"]


def test_edits_are_taken_back(repository: Path, datacc: Datacc, told: Told) -> None:
    id = first_id(repository)
    [old] = [value["value"] for value in datacc("show", id)["values"].values()]
    new = "short" if old == "long" else "long"
    datacc("label", id, new)
    made = datacc("commit")["commit"]
    [field] = datacc("blame", id)["fields"]
    assert (field["field"], field["value"], field["said"][0]["commit"]) == ("kind", new, made)
    assert "reverted" not in told("revert", made[:9])
    assert datacc("show", id)["values"]["kind"]["value"] == old
    assert datacc("revert", made, code=errors.UsageError.exit_code)["error"]["what"].endswith("reverted already")
    assert datacc("diff", f"{made}~1..{made}")["changes"][0]["new"] == [new]
    assert datacc("diff", "HEAD...HEAD")["changes"] == []
    assert told("diff", "HEAD~1..", "--markdown").count("`kind`") == 1
    assert datacc("diff", "--markdown", code=errors.UsageError.exit_code)
    assert datacc("delete", id[:9], "--reason", "bent")["deleted"] == [id]
    assert "bent" in told("blame", id)
    assert datacc("status")["examples"] == 29
    assert "taken back" in told("undo")
    assert datacc("status")["examples"] == 30
    assert "1 example deleted" in told("delete", id[:9])
    assert "1 example restored" in told("restore", id[:9])
    assert datacc("restore", id, code=errors.DataError.exit_code)["error"]["where"] == id


def test_branches_meet(repository: Path, datacc: Datacc, told: Told) -> None:
    id = first_id(repository)
    [old] = [value["value"] for value in datacc("show", id)["values"].values()]
    new = "short" if old == "long" else "long"
    assert datacc("branch", "side")["branches"][0]["name"] == "side"
    for kind in (new, old):
        datacc("label", id, kind)
    datacc("commit")
    datacc("switch", "side")
    datacc("label", id, new)
    datacc("commit")
    assert "next: datacc resolve" in told("merge", "main")
    [torn] = datacc("resolve")["conflicts"]
    assert (torn["field"], {side["new"] for side in torn["sides"]}) == ("kind", {old, new})
    assert f"try: datacc resolve {id[:8]} CLASS" in told("resolve")
    assert len(datacc("check", code=errors.DataError.exit_code)["problems"]) == 1
    assert datacc("resolve", id, code=errors.UsageError.exit_code)["error"]["what"] == "what is it?"
    assert datacc("resolve", id, new)["op"] == "resolve"
    datacc("commit")
    assert "30 examples: all fits together" in told("check")
    assert told("resolve").strip() == "nothing is in conflict"
    assert [one["is_here"] for one in datacc("branch")["branches"]] == [False, True]
    assert "* " in told("branch")


def test_the_same_as_text(repository: Path, told: Told) -> None:
    id = first_id(repository)
    assert "kind is" in told("label", id, "long")
    status = told("status")
    assert "30 examples: 30 labelled" in status
    assert "not committed: 1 edit\n  try: datacc commit" in status
    assert "1 edit" in told("commit")
    commits = told("log")
    assert "+30 rows" in commits
    assert "+1 edit " in commits
    assert "width" in told("show", id)
    assert "0 examples imported" in told("import", "../sticks.csv")


@pytest.mark.parametrize(
    ("words", "error", "what"),
    [
        (["label", "ffff", "long"], errors.DataError, "no example"),
        (["label", "ff", "long"], errors.DataError, "too short"),
        (["label", "ID", "lnog"], errors.DataError, "not a class"),
        (["label", "ID", "long", "--field", "colour"], errors.DataError, "no output"),
        (["commit"], errors.UsageError, "nothing to commit"),
        (["show", "zz*/"], errors.DataError, "no example"),
        (["log", "no-such-revision"], errors.RepositoryError, "no-such-revision"),
        (["log", "--limit", "many"], errors.UsageError, "--limit"),
        (["log", "--limit", "-1"], errors.UsageError, "no whole number above 0"),
        (["suggest", "--most", "0"], errors.UsageError, "no whole number above 0"),
        (["gold", "--majority", "--at-least", "0"], errors.UsageError, "no whole number above 0"),
    ],
)
def test_what_is_not_there(
    words: list[str], error: type[errors.DataccError], what: str, repository: Path, datacc: Datacc
) -> None:
    words = [first_id(repository) if word == "ID" else word for word in words]
    said = datacc(*words, code=error.exit_code)
    assert what in said["error"]["what"]
    assert said["error"]["tries"]


@pytest.mark.parametrize("verb", ["status", "log", "commit", "show 1234", "label 1234 x", "import x.csv", "build"])
def test_outside_a_repository(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc) -> None:
    monkeypatch.chdir(tmp_path)
    said = datacc(*verb.split(), code=errors.RepositoryError.exit_code)
    assert "datacc new" in " ".join(said["error"]["tries"])
    assert list(tmp_path.iterdir()) == []


def test_a_program_from_the_future(repository: Path, datacc: Datacc) -> None:
    toml = repository / "datacc.toml"
    toml.write_text("format = 2\n" + toml.read_text())
    said = datacc("build", code=errors.SpecError.exit_code)
    assert said["error"]["where"] == "datacc.toml:1"
    assert "newer datacc" in said["error"]["what"]
    assert not (repository / "build").exists()


def edit(name: str, new: str) -> None:
    toml = Path("datacc.toml").read_text()
    assert name in toml
    Path("datacc.toml").write_text(toml.replace(name, new))


def tries_of(said: dict[str, Any]) -> str:
    return " ".join(said["error"]["tries"])


def test_a_commit_before_the_examples_is_told_with_what_helps(repository: Path, datacc: Datacc) -> None:
    said = datacc("build", "--revision", "HEAD~1", code=errors.DataError.exit_code)
    assert "no output 'kind' at " in said["error"]["what"]
    assert "none yet" in said["error"]["what"]
    assert "HEAD" in tries_of(said)
    assert "name one" not in tries_of(said)
    assert "import" not in tries_of(said)
    said = datacc("diff", "HEAD~1..HEAD", "--answers", code=errors.SpecError.exit_code)
    assert "git add" not in tries_of(said)
    assert "later" in tries_of(said)


@pytest.mark.parametrize(("name", "have"), [("kind", "'kind'"), ("width", "'width', 'height'")])
def test_a_column_that_head_lacks_is_told_with_those_that_it_has(
    name: str, have: str, repository: Path, datacc: Datacc
) -> None:
    edit(name, "colour")
    said = datacc("build", code=errors.DataError.exit_code)
    assert "'colour' at " in said["error"]["what"]
    assert said["error"]["tries"][0] == f"name one that HEAD has: {have}"


def test_an_output_that_neither_a_past_commit_nor_head_has(repository: Path, datacc: Datacc) -> None:
    edit("kind", "colour")
    said = datacc("build", "--revision", "HEAD~1", code=errors.DataError.exit_code)
    assert "none yet" in said["error"]["what"]
    assert "later" not in tries_of(said)
    assert "'kind'" in tries_of(said)


def test_an_output_without_examples_asks_for_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    (tmp_path / "some.toml").write_text(
        'name = "kinds"\n[input.row]\ntype = "record"\ncolumns = ["a"]\n[output.kind]\ntype = "label"\n'
    )
    monkeypatch.chdir(tmp_path)
    datacc("new", "kinds", "--program", "some.toml")
    monkeypatch.chdir(tmp_path / "kinds")
    datacc("schema", "add-column", "kind", "a", "b")
    said = datacc("build", code=errors.DataError.exit_code)
    assert "it has none yet" in said["error"]["what"]
    assert said["error"]["tries"] == ["datacc import examples with that column"]


def test_pictures_without_a_label_are_told_as_rows_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    """Their column is there, and none of them can be learnt from."""
    drawn(tmp_path / "pictures")
    monkeypatch.chdir(tmp_path)
    datacc("new", "pets")
    monkeypatch.chdir(tmp_path / "pets")
    assert datacc("import", tmp_path / "pictures" / "cat")["unlabelled"] == 20
    said = datacc("build", code=errors.DataError.exit_code)
    assert said["error"]["what"] == "there is no labelled example"


def test_a_repository_without_examples_is_told_to_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    monkeypatch.chdir(tmp_path)
    datacc("new", "kinds")
    monkeypatch.chdir(tmp_path / "kinds")
    said = datacc("build", code=errors.RepositoryError.exit_code)
    assert said["error"]["tries"][0].startswith("datacc import")
