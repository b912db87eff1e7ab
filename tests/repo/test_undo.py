"""Delete, restore and undo: whatever was said, step by step it can be taken back, before and after commits."""

import random
from typing import Any

import pytest

from datacc.errors import DataError, UsageError
from datacc.repo.commit import commit
from datacc.repo.find import Repository
from datacc.repo.journal import Journal
from datacc.repo.label import label
from datacc.repo.remove import delete, restore
from datacc.repo.undo import undo
from datacc.repo.working import read_working
from tests.repo.conftest import Git

ANN, BEN = "Ann <ann@example.org>", "Ben <ben@example.org>"


@pytest.fixture(autouse=True)
def ann(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ann")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ann@example.org")


def ids(repository: Repository) -> list[str]:
    return sorted(read_working(repository).states)


def said(repository: Repository) -> dict[str, Any]:
    """What is said of every example: gone, or the values of its fields."""
    working = read_working(repository)
    [output] = working.contents.schema.of("output")
    names = {one.id: one.name for one in output.classes}
    return {
        id: tuple(names[value] for value in state.fields[output.id].values) if state.alive else "deleted"
        for id, state in working.states.items()
    }


def test_a_deleted_example_is_gone_and_comes_back_as_it_was(repository: Repository) -> None:
    id, before = ids(repository)[3], said(repository)
    assert delete(repository, [id[:10]], "blurred") == (id,)
    assert said(repository)[id] == "deleted"
    commit(repository)
    assert not any(state.conflict for state in read_working(repository).states.values())
    assert restore(repository, [id[:10]]) == (id,)
    commit(repository)
    assert said(repository) == before


def test_deleting_and_restoring_may_go_on(repository: Repository) -> None:
    id = ids(repository)[0]
    for kind in ("cat", "dog", "cat"):
        label(repository, id, None, kind)
        delete(repository, [id])
        restore(repository, [id])
        commit(repository)
        assert said(repository)[id] == (kind,)


def test_all_or_none_are_deleted(repository: Repository) -> None:
    first, second, *_ = ids(repository)
    delete(repository, [first])
    with pytest.raises(DataError, match="deleted already"):
        delete(repository, [second, first])
    with pytest.raises(DataError, match="is not deleted"):
        restore(repository, [first, second])
    assert said(repository)[second] != "deleted"
    assert Journal(repository.root).count() == 1


def test_who_labels_what_is_deleted_is_told_how_to_bring_it_back(repository: Repository) -> None:
    id = ids(repository)[0]
    delete(repository, [id])
    with pytest.raises(DataError) as caught:
        label(repository, id, None, "cat")
    assert caught.value.tries == (f"datacc restore {id[:8]}",)


def test_an_edit_against_a_deletion_is_kept_as_edited(repository: Repository, git: Git) -> None:
    id = ids(repository)[0]
    new = "dog" if said(repository)[id] == ("cat",) else "cat"
    git("switch", "-q", "-c", "other")
    label(repository, id, None, new)
    commit(repository)
    git("switch", "-q", "-")
    delete(repository, [id])
    commit(repository)
    git("merge", "-q", "other")
    assert read_working(repository).states[id].conflict
    restore(repository, [id])
    assert not read_working(repository).states[id].conflict
    assert said(repository)[id] == (new,)


def test_a_conflict_of_deletion_and_edit_is_settled_by_deleting_again(repository: Repository, git: Git) -> None:
    id = ids(repository)[0]
    git("switch", "-q", "-c", "other")
    label(repository, id, None, "dog" if said(repository)[id] == ("cat",) else "cat")
    commit(repository)
    git("switch", "-q", "-")
    delete(repository, [id])
    commit(repository)
    git("merge", "-q", "other")
    delete(repository, [id])
    assert said(repository)[id] == "deleted"
    assert not read_working(repository).states[id].conflict


def test_an_edit_that_waits_leaves_the_journal(repository: Repository) -> None:
    id, before = ids(repository)[0], said(repository)
    label(repository, id, None, "dog" if before[id] == ("cat",) else "cat")
    done = undo(repository)
    assert (done.is_committed, [edit.example for edit in done.edits]) == (False, [id])
    assert Journal(repository.root).count() == 0
    assert said(repository) == before


def test_what_one_command_said_is_taken_back_at_once(repository: Repository) -> None:
    before = said(repository)
    delete(repository, ids(repository)[:5])
    assert len(undo(repository).edits) == 5
    assert said(repository) == before


@pytest.mark.parametrize("seed", range(12))
def test_any_number_of_edits_can_be_taken_back_one_by_one(repository: Repository, seed: int) -> None:
    chance = random.Random(seed)
    some = ids(repository)[:3]
    before = [said(repository)]
    for _ in range(10):
        id = chance.choice(some)
        if before[-1][id] == "deleted":
            restore(repository, [id])
        elif chance.random() < 0.3:
            delete(repository, [id])
        else:
            label(repository, id, None, chance.choice([one for one in ("cat", "dog") if (one,) != before[-1][id]]))
        before.append(said(repository))
        if chance.random() < 0.4:
            commit(repository)
        while len(before) > 1 and chance.random() < 0.4:
            undo(repository)
            before.pop()
            assert said(repository) == before[-1]
            if chance.random() < 0.3 and Journal(repository.root).count():
                commit(repository)
    for state in reversed(before[:-1]):
        undo(repository)
        assert said(repository) == state
    with pytest.raises(UsageError, match="nothing of yours"):
        undo(repository)


def test_a_verification_is_taken_back_too(repository: Repository) -> None:
    id, before = ids(repository)[0], said(repository)
    [kind] = before[id]
    label(repository, id, None, kind)
    commit(repository)
    assert undo(repository).edits[0].op == "verify"
    [output] = read_working(repository).contents.schema.of("output")
    assert not read_working(repository).states[id].fields[output.id].verified
    assert said(repository) == before


def test_what_another_person_said_is_left_alone(repository: Repository) -> None:
    first, second, *_ = ids(repository)
    before = said(repository)
    label(repository, first, None, "dog" if before[first] == ("cat",) else "cat")
    commit(repository)
    label(repository, second, None, "dog" if before[second] == ("cat",) else "cat", BEN)
    commit(repository)
    assert undo(repository).edits[0].who == ANN
    assert said(repository)[first] == before[first]
    assert said(repository)[second] != before[second]


def test_what_another_person_changed_since_is_not_taken_back(repository: Repository) -> None:
    id, before = ids(repository)[0], said(repository)
    [old] = before[id]
    new = "dog" if old == "cat" else "cat"
    label(repository, id, None, new)
    commit(repository)
    label(repository, id, None, old, BEN)
    commit(repository)
    with pytest.raises(DataError, match="changed since"):
        undo(repository)
