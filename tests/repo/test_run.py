"""Runs: files say everything again, order does not matter, damage is named."""

import random

import pytest

from datacc.errors import RepositoryError
from datacc.repo.run import Run, RunRow, make_run, read_run, run_files

ROWS = [
    RunRow(
        id=f"{n:032x}",
        values={"out": "c1"} if n % 3 else {},
        cells={"pic": {"media": f"{n:032x}"}, "name": f"a\t{n}\n"},
    )
    for n in range(20)
] + [RunRow(id=f"{5:032x}", values={"out": "c2"}, cells={"pic": {"media": "ff" * 16}, "year": 1999.5})]


def read(run: Run, files: dict[str, bytes], *, cells: bool = True) -> Run:
    parts = {path.rsplit("/", 1)[1]: text for path, text in files.items()}
    return read_run(run.id, parts["labels.tsv"], parts["manifest.json"], parts["inputs.jsonl"] if cells else None)


def test_files_say_everything_again() -> None:
    run = make_run(ROWS, ["out"], ["pic", "name", "year"], "a/b\nc.csv")
    assert read(run, run_files(run)) == run
    assert [row.id for row in run.rows] == sorted(row.id for row in ROWS)


def test_order_of_rows_does_not_matter_and_every_value_does() -> None:
    run = make_run(ROWS, ["out"], ["pic", "name", "year"], "x")
    shuffled = random.Random(1).sample(ROWS, len(ROWS))
    assert run_files(make_run(shuffled, ["out"], ["pic", "name", "year"], "x")) == run_files(run)
    changed = [*ROWS[:-1], RunRow(id=ROWS[-1].id, values={"out": "c3"}, cells=ROWS[-1].cells)]
    assert make_run(changed, ["out"], ["pic", "name", "year"], "x").id != run.id


def test_ids_are_not_repeated_for_the_media_they_name() -> None:
    text = run_files(make_run(ROWS, ["out"], ["pic", "name"], "x"))
    inputs = next(text[path] for path in text if path.endswith("inputs.jsonl")).decode()
    assert f"{7:032x}" not in inputs
    assert "ff" * 16 in inputs


def test_operations_are_an_add_per_row_and_a_set_per_value() -> None:
    run = make_run(ROWS, ["out"], ["pic"], "x")
    operations = list(run.operations())
    assert sum(o.op == "add" for o in operations) == 21
    assert sum(o.op == "set" for o in operations) == sum("out" in row.values for row in ROWS)
    assert len({(o.id, o.field) for o in operations}) == len(operations)


@pytest.mark.parametrize("name", ["labels.tsv", "inputs.jsonl", "manifest.json"])
@pytest.mark.parametrize("damage", [b"", b"junk\n", b"{}"])
def test_damage_is_named(name: str, damage: bytes) -> None:
    run = make_run(ROWS, ["out"], ["pic"], "x")
    files = {**run_files(run), f"runs/{run.id}/{name}": damage}
    with pytest.raises(RepositoryError) as caught:
        read(run, files)
    assert caught.value.where == f"runs/{run.id}"


def test_a_lost_line_is_noticed() -> None:
    run = make_run(ROWS, ["out"], ["pic"], "x")
    files = run_files(run)
    path = f"runs/{run.id}/labels.tsv"
    files[path] = b"\n".join(files[path].split(b"\n")[:-2]) + b"\n"
    with pytest.raises(RepositoryError, match="21 rows are announced"):
        read(run, files, cells=False)
