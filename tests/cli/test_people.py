"""Several annotators: votes, gold, adjudication, blind outputs, and models whose word is no gold."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.repo.examples import read_examples
from datacc.repo.find import find
from datacc.repo.votes import annotator_of
from datacc.spec.read import read_program

Datacc = Callable[..., dict[str, Any]]
As = Callable[[str], None]


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> As:
    def become(name: str) -> None:
        monkeypatch.setenv("GIT_AUTHOR_NAME", name)
        monkeypatch.setenv("GIT_AUTHOR_EMAIL", f"{name}@example.org")

    return become


def ids(repository: Path) -> list[str]:
    [labels] = repository.glob("runs/*/labels.tsv")
    return [line.split("\t")[0] for line in labels.read_text().splitlines()[1:]]


def gold_of(datacc: Datacc, id: str) -> str:
    value: str = datacc("show", id)["values"]["kind"]["value"]
    return value


def vote(datacc: Datacc, person: As, id: str, **said: str) -> None:
    for name, value in said.items():
        person(name)
        assert datacc("label", id, value, "--vote")["op"] == "vote"


def test_a_vote_leaves_the_label_alone_and_is_its_owners(repository: Path, datacc: Datacc, person: As) -> None:
    id = ids(repository)[0]
    before = gold_of(datacc, id)
    vote(datacc, person, id, ann="long", ben="short", cleo="long")
    vote(datacc, person, id, ben="long")
    assert gold_of(datacc, id) == before
    found = {one["who"]: one["value"] for one in datacc("votes", id[:8])["votes"]}
    assert found == {f"{name} <{name}@example.org>": "long" for name in ("ann", "ben", "cleo")}
    assert annotator_of("Ann B. <ANN@example.org>") == annotator_of("ann <ann@example.org>")
    assert datacc("undo")["edits"]
    assert {one["value"] for one in datacc("votes", id)["votes"]} == {"long", "short"}


def test_gold_follows_from_votes_and_a_person_decides_the_rest(repository: Path, datacc: Datacc, person: As) -> None:
    clear, tie, single = ids(repository)[:3]
    wrong = "short" if gold_of(datacc, clear) == "long" else "long"
    before = [gold_of(datacc, id) for id in (clear, tie, single)]
    vote(datacc, person, clear, ann=wrong, ben=wrong)
    vote(datacc, person, tie, ann="long", ben="short")
    vote(datacc, person, single, ann="long")
    told = datacc("gold", "--majority", "--dry-run")
    assert {one["example"]: one["fate"] for one in told["examples"]} == {
        clear: "write",
        tie: "undecided",
        single: "few",
    }
    assert [gold_of(datacc, id) for id in (clear, tie, single)] == before
    assert datacc("gold", "--majority")["written"] == 1
    assert [gold_of(datacc, id) for id in (clear, tie, single)] == [wrong, *before[1:]]
    assert [one["example"] for one in datacc("resolve")["conflicts"]] == [tie]
    datacc("undo")
    assert gold_of(datacc, clear) == before[0]
    assert datacc("gold", "--majority")["written"] == 1
    assert datacc("gold", "--majority")["written"] == 0
    assert datacc("resolve", tie, "short")["op"] == "resolve"
    assert datacc("resolve")["conflicts"] == []
    vote(datacc, person, tie, ann="long", ben="long")
    fates = {one["example"]: one["fate"] for one in datacc("gold", "--majority")["examples"]}
    assert (fates[tie], gold_of(datacc, tie)) == ("adjudicated", "short")


def test_gold_is_stale_after_another_vote(repository: Path, datacc: Datacc, person: As) -> None:
    id = ids(repository)[0]
    vote(datacc, person, id, ann="long", ben="long")
    datacc("gold", "--majority")
    datacc("commit")
    assert datacc("agreement")["stale"] == []
    vote(datacc, person, id, cleo="short")
    assert datacc("agreement")["stale"] == [id]
    datacc("commit")
    assert datacc("check")["problems"] == []
    vote(datacc, person, id, ben="short")
    datacc("commit")
    [problem] = datacc("check", code=errors.DataError.exit_code)["problems"]
    assert problem["where"] == id
    assert "stale" in problem["what"]
    datacc("gold", "--majority")
    datacc("commit")
    assert datacc("check")["problems"] == []


def test_agreement_counts_the_votes(repository: Path, datacc: Datacc, person: As, told: Callable[..., str]) -> None:
    assert datacc("agreement")["alpha"] is None
    first, second, third = ids(repository)[:3]
    vote(datacc, person, first, ann="long", ben="long")
    vote(datacc, person, second, ann="short", ben="short")
    vote(datacc, person, third, ann="short", ben="long", cleo="short")
    said = datacc("agreement", "--between", "ann", "BEN")
    [pair] = said["pairs"]
    assert (pair["shared"], pair["same"], pair["kappa"]) == (3, 2, pytest.approx(0.4))
    assert [one["example"] for one in said["disputed"]] == [third]
    assert len(datacc("agreement")["pairs"]) == 3
    assert "0.400" in told("agreement", "--between", "ann", "ben")
    datacc("agreement", "--between", "ann", "dora", code=errors.DataError.exit_code)
    datacc("agreement", "--between", "ann", "ann@", code=errors.DataError.exit_code)


def test_a_blind_output_shows_ones_own_votes_alone(repository: Path, datacc: Datacc, person: As) -> None:
    id = ids(repository)[0]
    vote(datacc, person, id, ann="long", ben="short")
    datacc("commit")
    datacc("schema", "blind", "kind")
    assert [one["value"] for one in datacc("votes")["votes"]] == ["short"]
    assert datacc("label", id, "long")["op"] == "vote"  # no --vote needed, and nothing told of the gold
    shown = datacc("show", id)
    assert shown["values"] == {}
    assert {one["who"].split(" ")[0] for one in shown["history"] if one["op"] == "set"} == {"ben"}
    assert datacc("blame", id)["fields"] == []
    assert datacc("agreement")["disputed"] == []
    assert datacc("check")["problems"] == []
    datacc("schema", "open", "kind")
    assert len(datacc("votes")["votes"]) == 2
    assert subprocess.run(["git", "status", "--porcelain"], capture_output=True, check=True).stdout == b""


def test_no_build_reads_what_only_a_model_says(repository: Path, datacc: Datacc, person: As, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("width,height,kind\n900,1,\n901,2,\n")
    datacc("import", tmp_path / "more.csv", "--label", "kind")
    program = read_program(repository / "datacc.toml")
    known = {one.id for one in read_examples(find(repository), program).examples}
    [labels] = [path for path in repository.glob("runs/*/labels.tsv") if path.read_text().count("\n") == 3]
    one, other = [line.split("\t")[0] for line in labels.read_text().splitlines()[1:]]
    file = tmp_path / "said.jsonl"
    said = [{"example": id, "label": "long", "confidence": 0.75} for id in (one, other, ids_of(known))]
    file.write_text("".join(json.dumps(line) + "\n" for line in said))
    assert datacc("label", "--from", file, "--model", "guess-1")["ops"] == {"keep": 1, "set": 2}
    assert datacc("status")["machine"] == 2
    datacc("commit")
    found = read_examples(find(repository), program)
    assert {example.id for example in found.examples} == known
    assert any("by a model" in note for note in found.notes)
    person("ann")
    assert datacc("label", one, "long")["op"] == "verify"
    assert datacc("label", other, "short")["op"] == "set"
    datacc("commit")
    assert {example.id for example in read_examples(find(repository), program).examples} == {*known, one, other}
    assert datacc("status")["machine"] == 0


def ids_of(known: set[str]) -> str:
    return sorted(known)[0]


BAD_LINES = [
    "{",
    "[]",
    '{"example": "ab"}',
    '{"example": 1, "label": "long"}',
    '{"example": "ffffffff", "label": "long"}',
    '{"example": "ID", "label": "wide"}',
    '{"example": "ID", "label": "long", "confidence": 2, "model": "m"}',
    '{"example": "ID", "label": "long"}',
]


def test_a_file_of_labels_that_is_not_there_is_no_damaged_one(repository: Path, datacc: Datacc) -> None:
    (repository / "bytes").write_bytes(b"\xff\n")
    wrong = {
        "nowhere.jsonl": "there is no such file",
        "bytes": "this is no file of text",
        "schema": "this is no file of text",
    }
    for name, what in wrong.items():
        error = datacc("label", "--from", repository / name, code=errors.DataError.exit_code)["error"]
        assert (error["what"], error["where"]) == (what, str(repository / name))


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_file_of_labels_is_taken_whole_or_not_at_all(repository: Path, datacc: Datacc, line: str) -> None:
    id = ids(repository)[0]
    file = repository / "labels.jsonl"
    file.write_text(json.dumps({"example": id, "label": "long"}) + "\n\n" + line.replace("ID", id) + "\n")
    said = datacc("label", "--from", file, code=errors.DataError.exit_code)
    assert said["error"]["where"].endswith("labels.jsonl:3")
    assert datacc("status")["edits"] == 0
