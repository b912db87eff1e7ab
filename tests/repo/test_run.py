"""Runs: files say everything again, order does not matter, damage is named."""

import random
from collections.abc import Sequence

import pytest

from datacc.errors import RepositoryError
from datacc.repo.run import Run, RunRow, read_run
from datacc.repo.run_files import Rows, run_files

ROWS = [
    RunRow(
        id=f"{n:032x}",
        values={"out": "c1"} if n % 3 else {},
        cells={"pic": {"media": f"{n:032x}"}, "name": f"a\t{n}\n"},
    )
    for n in range(20)
] + [RunRow(id=f"{5:032x}", values={"out": "c2"}, cells={"pic": {"media": "ff" * 16}, "year": 1999.5})]


def files_of(rows: Sequence[RunRow], columns: Sequence[str]) -> dict[str, bytes]:
    cells = {column: [row.cells.get(column) for row in rows] for column in columns}
    values = {"out": [row.values.get("out") for row in rows]}
    return run_files(Rows(ids=[row.id for row in rows], values=values, cells=cells), "a/b\nc.csv")[1]


def read(files: dict[str, bytes], *, cells: bool = True) -> Run:
    parts = {path.rsplit("/", 1)[1]: text for path, text in files.items()}
    id = next(iter(files)).split("/")[1]
    return read_run(id, parts["labels.tsv"], parts["manifest.json"], parts["inputs.jsonl"] if cells else None)


def test_files_say_everything_again() -> None:
    run = read(files_of(ROWS, ["pic", "name", "year"]))
    assert sorted(map(repr, run.rows)) == sorted(map(repr, ROWS))
    assert [row.id for row in run.rows] == sorted(row.id for row in ROWS)
    assert (run.origin, run.columns, len(run)) == ("a/b\nc.csv", ("pic", "name", "year"), 21)
    for example in {row.id for row in ROWS}:
        found = [run.row(n) for _, n in run.places([example])]
        assert found == [row for row in run.rows if row.id == example]


def test_order_of_rows_does_not_matter_and_every_value_does() -> None:
    files = files_of(ROWS, ["pic", "name", "year"])
    shuffled = random.Random(1).sample(ROWS, len(ROWS))
    assert files_of(shuffled, ["pic", "name", "year"]) == files
    changed = [*ROWS[:-1], RunRow(id=ROWS[-1].id, values={"out": "c3"}, cells=ROWS[-1].cells)]
    assert files_of(changed, ["pic", "name", "year"]).keys().isdisjoint(files)


def test_ids_are_not_repeated_for_the_media_they_name() -> None:
    text = files_of(ROWS, ["pic", "name"])
    inputs = next(text[path] for path in text if path.endswith("inputs.jsonl")).decode()
    assert f"{7:032x}" not in inputs
    assert "ff" * 16 in inputs


def test_operations_are_an_add_per_row_and_a_set_per_value() -> None:
    run = read(files_of(ROWS, ["pic"]))
    operations = list(run.operations())
    assert sum(o.op == "add" for o in operations) == 21
    assert sum(o.op == "set" for o in operations) == sum("out" in row.values for row in ROWS)
    assert len({(o.id, o.field) for o in operations}) == len(operations)
    some = {ROWS[5].id, ROWS[7].id, "f" * 32}
    assert sorted(map(repr, run.operations(some))) == sorted(repr(o) for o in operations if o.example in some)


@pytest.mark.parametrize("name", ["labels.tsv", "inputs.jsonl", "manifest.json"])
@pytest.mark.parametrize("damage", [b"", b"junk\n", b"{}"])
def test_damage_is_named(name: str, damage: bytes) -> None:
    files = files_of(ROWS, ["pic"])
    id = next(iter(files)).split("/")[1]
    with pytest.raises(RepositoryError) as caught:
        read({**files, f"runs/{id}/{name}": damage})
    assert caught.value.where.split(":")[0] == f"runs/{id}/{name}"
    assert caught.value.tries


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f'{"g" * 32}\t"c1"', "hex digits"),
        ('abc\t"c1"', "no id"),
        (f"{7:032x}", "other columns"),
        (f'{7:032x}\t"c1"\t1', "other columns"),
        (f'{7:032x}\t"c1', "Unterminated"),
        (f'{8:032x}\t"c1"', "not in the order"),
    ],
)
def test_a_damaged_row_of_labels_is_named(line: str, why: str) -> None:
    files = files_of(ROWS, ["pic"])
    path = next(path for path in files if path.endswith("labels.tsv"))
    lines = files[path].decode().split("\n")
    assert lines[8].startswith(f"{6:032x}")
    with pytest.raises(RepositoryError, match=why) as caught:
        read({**files, path: "\n".join([*lines[:8], line, *lines[9:]]).encode()})
    assert caught.value.where == f"{path}:{10 if 'order' in why else 9}"


def test_a_lost_line_is_noticed() -> None:
    files = files_of(ROWS, ["pic"])
    path = next(path for path in files if path.endswith("labels.tsv"))
    files[path] = b"\n".join(files[path].split(b"\n")[:-2]) + b"\n"
    with pytest.raises(RepositoryError, match="21 rows are announced"):
        read(files, cells=False)
