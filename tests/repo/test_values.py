"""A repository holds numbers and lists of labels as it holds classes: imported, said, merged, exported, checked."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from datacc.errors import DataError
from datacc.intake.exporting import export_examples
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.branches import merge
from datacc.repo.check import check
from datacc.repo.commit import commit
from datacc.repo.create import create
from datacc.repo.evolve import add_classes, apply, having, merge_classes, split_class
from datacc.repo.examples import read_examples
from datacc.repo.find import Repository
from datacc.repo.label import Label, label, label_all
from datacc.repo.status import status
from datacc.repo.working import read_working
from datacc.spec.read import read_program

NUMBERS = "a,price\n" + "".join(f"{n},{n * 1.25}\n" for n in range(40)) + "41,\n"
TAGS = "a,tags\n" + "".join(f"{n},{('b;a', ';', 'c', 'a')[n % 4]}\n" for n in range(40)) + "41,\n"


def made(folder: Path, text: str, column: str, type_: str | None = None) -> Repository:
    repository = create(folder / "labels", "herd").repository
    (folder / "rows.csv").write_text(text)
    import_examples(repository, folder / "rows.csv", ImportOptions(label=column, type=type_))
    return repository


def values(repository: Repository) -> dict[float, Any]:
    """What the program would learn: its one input → the value."""
    program = read_program(repository.root / "datacc.toml")
    [output] = program.outputs
    found = read_examples(repository, program).examples
    return {one.inputs["record"][0]: one.labels[output.name] for one in found}


def id_of(repository: Repository, a: float) -> str:
    found = read_examples(repository, read_program(repository.root / "datacc.toml")).examples
    return next(one.id for one in found if one.inputs["record"][0] == a)


def test_numbers_come_back_as_they_were(tmp_path: Path) -> None:
    repository = made(tmp_path, NUMBERS, "price")
    assert read_program(repository.root / "datacc.toml").outputs[0].type == "number"
    assert values(repository) == {n: n * 1.25 for n in range(40)}
    assert status(repository).labelled == 40
    assert [problem.what for problem in check(repository).problems] == []


def test_lists_come_back_as_they_were(tmp_path: Path) -> None:
    repository = made(tmp_path, TAGS, "tags", "labels")
    assert values(repository) == {n: [["a", "b"], [], ["c"], ["a"]][n % 4] for n in range(40)}
    assert status(repository).classes == {"tags": {"a": 20, "b": 10, "c": 10}}
    assert [problem.what for problem in check(repository).problems] == []


@pytest.mark.parametrize(
    ("text", "column", "type_", "said", "wanted", "wrong"),
    [
        (NUMBERS, "price", None, "7e2", 700, "many"),
        (NUMBERS, "price", None, 0.1, 0.1, 1e39),
        (TAGS, "tags", "labels", "c; b", ["b", "c"], "b;nothing"),
        (TAGS, "tags", "labels", [], [], ["nothing"]),
    ],
)
def test_what_is_said_is_what_a_build_reads(
    tmp_path: Path, text: str, column: str, type_: str | None, said: Any, wanted: Any, wrong: Any
) -> None:
    repository = made(tmp_path, text, column, type_)
    id = id_of(repository, 3)
    assert label_all(repository, [Label(example=id, label=said)])[0].op == "set"
    assert label_all(repository, [Label(example=id, label=said)])[0].op == "verify"
    commit(repository, "say it")
    assert values(repository)[3] == wanted
    with pytest.raises(DataError):
        label_all(repository, [Label(example=id, label=wrong)])
    assert [problem.what for problem in check(repository).problems] == []


def branch(repository: Repository, name: str) -> None:
    subprocess.run(["git", "switch", "-qc", name, "main"], cwd=repository.root, check=True)


@pytest.mark.parametrize(("ours", "theirs", "torn"), [("5", "5", False), ("5", "6", True)])
def test_two_branches_agree_or_both_numbers_are_kept(tmp_path: Path, ours: str, theirs: str, torn: bool) -> None:
    repository = made(tmp_path, NUMBERS, "price")
    id = id_of(repository, 3)
    for name, value in (("left", ours), ("right", theirs)):
        branch(repository, name)
        label(repository, id, None, value)
        commit(repository, f"price is {value}")
    merge(repository, "left")
    state = read_working(repository).states[id]
    assert state.conflict == torn
    [output] = read_working(repository).contents.schema.of("output")
    assert set(state.fields[output.id].values) == {int(ours), int(theirs)}
    if torn:
        assert {frozenset(conflict.values) for conflict in status(repository).conflicts} == {frozenset({ours, theirs})}


def test_a_merged_class_is_read_as_the_other_one_in_every_list(tmp_path: Path) -> None:
    repository = made(tmp_path, TAGS, "tags", "labels")
    working = read_working(repository)
    plan = merge_classes(working.contents.schema, "tags", ["b"], "a")
    apply(repository, working, plan)
    assert values(repository) == {n: [["a"], [], ["c"], ["a"]][n % 4] for n in range(40)}
    assert status(repository).classes == {"tags": {"a": 20, "c": 10}}
    id = id_of(repository, 0)
    assert label_all(repository, [Label(example=id, label="a;b")])[0].op == "verify"
    assert [problem.what for problem in check(repository).problems] == []
    [output] = read_working(repository).contents.schema.of("output")
    assert len(having(read_working(repository), output, [output.classes[0]])) == 20
    with pytest.raises(DataError, match="of type labels"):
        split_class(read_working(repository), "tags", "a", ["x", "y"], {})


def test_a_number_has_no_classes(tmp_path: Path) -> None:
    repository = made(tmp_path, NUMBERS, "price")
    with pytest.raises(DataError, match="of type number"):
        add_classes(read_working(repository).contents.schema, "price", ["dear"])


def test_the_same_rows_again_are_nothing_new_and_others_conflict(tmp_path: Path) -> None:
    for text, column, type_, other in ((NUMBERS, "price", None, "99"), (TAGS, "tags", "labels", "c;a")):
        folder = tmp_path / column
        folder.mkdir()
        repository = made(folder, text, column, type_)
        assert import_examples(repository, folder / "rows.csv", ImportOptions(label=column)).already == 41
        (folder / "more.csv").write_text(f"a,{column}\n3,{other}\n")
        done = import_examples(repository, folder / "more.csv", ImportOptions(label=column))
        assert done.conflicted == 1


def test_an_export_holds_them_and_can_be_imported_again(tmp_path: Path) -> None:
    for text, column, type_ in ((NUMBERS, "price", None), (TAGS, "tags", "labels")):
        folder = tmp_path / column
        (folder / "again").mkdir(parents=True)
        repository = made(folder, text, column, type_)
        export_examples(repository, folder / "out.csv")
        again = create(folder / "again" / "labels", "herd").repository
        import_examples(again, folder / "out.csv", ImportOptions(label=column, type=type_))
        assert values(again) == values(repository)


def test_another_type_for_an_output_that_is_there_is_refused(tmp_path: Path) -> None:
    repository = made(tmp_path, NUMBERS, "price")
    with pytest.raises(DataError, match="price is of the type number already"):
        import_examples(repository, tmp_path / "rows.csv", ImportOptions(label="price", type="label"))
    toml = repository.root / "datacc.toml"
    toml.write_text(toml.read_text().replace('type = "number"', 'type = "label"'))
    with pytest.raises(DataError, match="holds 'price' as the type number"):
        values(repository)
