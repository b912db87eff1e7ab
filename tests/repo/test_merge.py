"""Stock git: merges and reverts of labelling commits give the right values, conflicts are kept."""

from collections.abc import Callable

from datacc.repo.commit import commit
from datacc.repo.find import Repository
from datacc.repo.label import label
from datacc.repo.show import show
from datacc.repo.status import status
from datacc.repo.working import read_working

Git = Callable[..., str]


def relabel(repository: Repository, id: str, name: str) -> str:
    label(repository, id, None, name)
    return commit(repository).commit


def value(repository: Repository, id: str) -> str | None:
    return show(repository, id).values["animal"].value


def flipped(repository: Repository, id: str) -> str:
    return "dog" if value(repository, id) == "cat" else "cat"


def test_two_branches_that_label_different_examples_merge_cleanly(repository: Repository, git: Git) -> None:
    first, second = sorted(read_working(repository).states)[:2]
    one, two = flipped(repository, first), flipped(repository, second)
    git("checkout", "-q", "-b", "side")
    relabel(repository, first, one)
    git("checkout", "-q", "main")
    relabel(repository, second, two)
    git("merge", "-q", "--no-edit", "side")
    assert (value(repository, first), value(repository, second)) == (one, two)
    assert status(repository).conflicted == 0


def test_two_branches_that_disagree_keep_both_values(repository: Repository, git: Git, pictures: object) -> None:
    id = sorted(read_working(repository).states)[0]
    old, new = value(repository, id), flipped(repository, id)
    git("checkout", "-q", "-b", "side")
    relabel(repository, id, new)
    relabel(repository, id, old or "")
    git("checkout", "-q", "main")
    relabel(repository, id, new)
    git("merge", "-q", "--no-edit", "side")
    assert set(show(repository, id).values["animal"].conflict) == {"cat", "dog"}
    assert status(repository).conflicts[0].example == id
    assert label(repository, id, None, "cat").op == "resolve"
    commit(repository)
    assert value(repository, id) == "cat"


def test_a_revert_gives_the_old_value_back_even_under_later_edits(repository: Repository, git: Git) -> None:
    first, second = sorted(read_working(repository).states)[:2]
    old = value(repository, first)
    made = relabel(repository, first, flipped(repository, first))
    later = flipped(repository, second)
    relabel(repository, second, later)
    git("revert", "--no-edit", made)
    assert (value(repository, first), value(repository, second)) == (old, later)


def test_reverting_a_base_leaves_the_edit_that_built_on_it(repository: Repository, git: Git) -> None:
    id = sorted(read_working(repository).states)[0]
    old = value(repository, id) or ""
    first = relabel(repository, id, flipped(repository, id))
    relabel(repository, id, old)
    git("revert", "--no-edit", first)
    assert status(repository).conflicted == 0  # two live values, but the same one
    assert value(repository, id) == old


def test_reverting_an_import_takes_its_examples_away(repository: Repository, git: Git) -> None:
    id = sorted(read_working(repository).states)[0]
    relabel(repository, id, flipped(repository, id))
    git("revert", "--no-edit", "HEAD^")
    told = status(repository)
    assert (told.examples, told.conflicted) == (0, 0)
    git("revert", "--no-edit", "HEAD")
    assert status(repository).examples == 40
