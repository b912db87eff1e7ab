"""A table of everything: categories, truths, dates, gaps and a text, from nothing to a program, and by a repository."""

import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datacc.errors import DataError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.examples import read_examples
from datacc.repo.find import find
from datacc.runtime.load import load
from datacc.spec.read import read_program

COLUMNS = ["age", "work", "school", "married", "since", "noise", "letter", "income"]


def datacc(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "datacc", *words], cwd=folder, capture_output=True, text=True)


def people(path: Path, rows: int = 400) -> Path:
    """Who is rich follows from the other columns, but for the noise."""
    draw = random.Random(3)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for n in range(rows):
            age = draw.choice(["", "NA", *[str(draw.randint(17, 80))] * 10])
            school, married = draw.choice(["none", "degree"]), draw.choice(["yes", "no"])
            since = f"20{draw.randint(10, 23)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
            rich = (school == "degree") == (married == "yes")
            work = draw.choice(["private", "state", "?", 'he said "no"', ""]) if n % 50 else f"rare {n}"
            letter = "kind regards and many thanks" if rich else "no money left at all, sorry"
            writer.writerow([age, work, school, married, since, f"{draw.random():.3f}", letter, ["poor", "rich"][rich]])
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    people(folder / "people.csv")
    done = datacc(folder, "build", "people.csv", "--label", "income")
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout)
    return folder


def test_what_was_inferred_is_said_and_written(built: Path) -> None:
    said = (built / "said.txt").read_text()
    parts = ["read as one of a few values: 'work', 'school', 'letter'", "true or false: 'married'", "dates: 'since'"]
    parts += ["values may be missing: 'age'", "rare values, taken for unknown ones: 'work (8)'"]
    for part in parts:
        assert part in said
    [record] = read_program(built / "datacc.toml").inputs
    assert record.options["columns"] == ["age", "noise", "since", "married", "work", "school", "letter"]
    assert record.options["categories"]["work"] == ["", "?", 'he said "no"', "private", "state"]
    assert record.options["missing"] == ["age"]


def test_the_program_answers_cells(built: Path) -> None:
    program = load(built / "build" / "people")
    row = {"age": None, "noise": "0.5", "since": "2020-02-29", "married": True, "work": "never heard of"}
    assert program({**row, "school": "degree", "letter": None}).label in ("poor", "rich")
    with pytest.raises(DataError, match=r"column 'since' holds '1\.2\.2020', which is no date"):
        program({**row, "school": "none", "letter": "", "since": "1.2.2020"})
    nothing = program(dict.fromkeys(COLUMNS[:-1], None) | {"noise": 0, "married": "no", "since": "2020-01-01"})
    assert sum(nothing.scores.values()) == pytest.approx(1)
    raw = np.full((7,), np.nan, np.float32)
    assert np.isfinite(list(program(raw).scores.values())).all()


def test_its_instructions_and_addresses_are_the_same_for_all(built: Path) -> None:
    done = datacc(built, "prove", "build/people", "--json")
    assert done.returncode == 0, done.stderr
    proof = json.dumps(json.loads(done.stdout))
    assert "trace" in proof


def test_cells_that_cannot_be_read_are_named_by_line_and_column(tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv")
    lines = path.read_text().split("\n")
    lines[3] = lines[3].replace("-", ".", 2)
    path.write_text("\n".join(lines))
    done = datacc(tmp_path, "build", "people.csv", "--label", "income")
    assert done.returncode
    assert "people.csv:4: column 'since' holds" in done.stderr
    assert "no date like 2021-04-30" in done.stderr


def test_a_repository_keeps_gaps_and_gives_the_same_examples(tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv", rows=120)
    assert datacc(tmp_path, "new", "repo").returncode == 0
    repository = find(tmp_path / "repo")
    report = import_examples(repository, path, ImportOptions(label="income"))
    assert report.examples == 120
    program = read_program(tmp_path / "repo" / "datacc.toml")
    columns = program.inputs[0].options["columns"]
    found = {one.name: one for one in read_examples(repository, program).examples}
    with path.open(newline="", encoding="utf-8") as file:
        for n, row in enumerate(csv.DictReader(file), 2):
            cells = dict(zip(columns, found[f"people.csv:{n}"].inputs["record"], strict=True))
            assert cells["work"] == (row["work"] or None)
            assert cells["age"] == (float(row["age"]) if row["age"].isdigit() else None)
            assert found[f"people.csv:{n}"].columns.get("work") == cells["work"]
    assert import_examples(repository, path, ImportOptions(label="income")).already == 120
    assert datacc(tmp_path / "repo", "fsck").returncode == 0
    assert datacc(tmp_path / "repo", "export", "out.csv").returncode == 0
    (tmp_path / "repo" / "out.csv").rename(tmp_path / "out.csv")
    (tmp_path / "repo" / "out.csv.columns.json").rename(tmp_path / "out.csv.columns.json")
    again = import_examples(repository, tmp_path / "out.csv", ImportOptions(label="income"))
    assert (again.already, again.examples) == (120, 0)


MIXED = """
name = "mixed"

[source]
type = "table"
path = "people.csv"
label = "income"

[input.person]
type = "record"
columns = ["noise", "age", "school"]
ordered = { school = ["none", "degree"] }
missing = ["age"]

[input.letter]
type = "text"
length = 32

[output.income]
type = "label"

[goal]
accuracy = 0.8
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a program that reads a text beside a record."""
    folder = tmp_path_factory.mktemp("mixed")
    people(folder / "people.csv")
    (folder / "datacc.toml").write_text(MIXED)
    done = datacc(folder, "build")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_text_beside_a_record(mixed: Path) -> None:
    assert "table.v1" in (mixed / "datacc.lock").read_text()
    program = load(mixed / "build" / "mixed")
    person = {"noise": 0.5, "age": None, "school": "none"}
    assert program(person=person, letter="kind regards and many thanks").label == "rich"
    assert program(person=person, letter="no money left at all, sorry").label == "poor"
    as_json = json.dumps({"noise": 0.5, "age": None, "school": "none"})
    for letter, label in (("kind regards and many thanks", "rich"), ("no money left at all, sorry", "poor")):
        done = datacc(mixed, "run", "build/mixed", f"person={as_json}", f"letter={letter}")
        assert (done.returncode, label in done.stdout.split("then")[0]) == (0, True), done.stdout + done.stderr


def test_a_table_is_asked_of_several_inputs_row_by_row(mixed: Path) -> None:
    """Each reads its columns; the one that names none, the column that is called like it."""
    program = load(mixed / "build" / "mixed")
    with (mixed / "people.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wanted = [program(person=row, letter=row["letter"]).scores for row in rows]
    told = json.loads(datacc(mixed, "run", "build/mixed", "people.csv", json.dumps(rows[3]), "--json").stdout)[
        "answers"
    ]
    assert [one["scores"] for one in told] == [*wanted, wanted[3]]
    assert [one["input"] for one in told[:2]] == ["people.csv:2", "people.csv:3"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["many thanks"], "this program has 2 inputs"),
        (["letter=thanks"], "this program has 2 inputs"),
        (["[1, 2]"], "this program has 2 inputs"),
        (["person=people.csv", "letter=thanks"], "not a table"),
        (['{"noise": 1, "age": 3, "school": "none"}'], "it lacks 'letter'"),
    ],
)
def test_what_several_inputs_cannot_be_read_from(words: list[str], what: str, mixed: Path) -> None:
    done = datacc(mixed, "run", "build/mixed", *words)
    assert done.returncode
    assert what in done.stderr
    assert "try: " in done.stderr
