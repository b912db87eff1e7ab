"""The history, and parts of it: by author, class, example, slice."""

from pathlib import Path

import pytest

from datacc.errors import DataError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.commit import commit
from datacc.repo.create import create
from datacc.repo.find import Repository
from datacc.repo.label import label
from datacc.repo.log import Asked, log
from datacc.repo.revert import revert
from tests.repo.test_revert import relabelled
from tests.repo.test_undo import ann, ids, said

__all__ = ["ann"]  # a fixture of every test here


def test_by_example(repository: Repository) -> None:
    first, second = relabelled(repository, 0), relabelled(repository, 1)
    found = log(repository, asked=Asked(example=ids(repository)[0][:10]))
    assert [(one.commit, one.edits, one.imported) for one in found][:1] == [(first, 1, 0)]
    assert [one.imported for one in found] == [0, 1]
    assert second not in {one.commit for one in found}


def test_by_class_counts_what_is_said_and_taken_back(repository: Repository) -> None:
    id = ids(repository)[0]
    [old] = said(repository)[id]
    made = relabelled(repository, 0)
    for kind in ("cat", "dog"):
        found = log(repository, asked=Asked(classes=(kind,)))
        assert [(one.edits, one.imported) for one in found] == [(1, 0), (0, 20)]
    revert(repository, made)
    assert [one.edits for one in log(repository, asked=Asked(classes=(old,)))] == [-1, 1, 0]


def test_by_author(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    relabelled(repository, 0)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ben")
    made = relabelled(repository, 1)
    assert [one.commit for one in log(repository, asked=Asked(author="ben"))] == [made]
    assert log(repository, asked=Asked(author="b.n")) == []


def test_by_slice_and_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "a,camera,kind\n" + "".join(f"{k},c{k % 2},{'xy'[k % 3 == 0]}\n" for k in range(40))
    )
    repository = create(tmp_path / "table", "table").repository
    options = ImportOptions(label="kind", inputs=("a",))
    import_examples(repository, tmp_path / "t.csv", options)
    found = log(repository, asked=Asked(where=("camera", "c1")))
    assert [one.imported for one in found] == [20]
    found = log(repository, asked=Asked(where=("camera", "c1"), classes=("y",)))
    assert [one.imported for one in found] == [sum(1 for k in range(40) if k % 2 and k % 3 == 0)]
    with pytest.raises(DataError, match="no column 'kamera'"):
        log(repository, asked=Asked(where=("kamera", "1")))


def test_the_limit_counts_what_is_shown(repository: Repository) -> None:
    made = [relabelled(repository, k % 2) for k in range(6)]
    found = log(repository, 2, asked=Asked(example=ids(repository)[0]))
    assert [one.commit for one in found] == [made[4], made[2]]


def test_what_is_not_there_is_refused(repository: Repository) -> None:
    with pytest.raises(DataError, match="no class 'owl'"):
        log(repository, asked=Asked(classes=("owl",)))
    with pytest.raises(DataError, match="no example"):
        log(repository, asked=Asked(example="ffffffffff"))


def test_a_commit_of_two_classes_is_told_once(repository: Repository) -> None:
    for id in ids(repository)[:4]:
        label(repository, id, None, "cat" if said(repository)[id] == ("dog",) else "dog")
    commit(repository)
    assert [one.edits for one in log(repository, asked=Asked(classes=("cat", "dog")))] == [4, 0]
