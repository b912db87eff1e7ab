"""Laws of whole repositories: merges in any order, and git itself as the oracle of what a merge of labels is."""

import itertools
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from datacc.errors import DataError
from datacc.repo.branches import merge
from datacc.repo.commit import commit
from datacc.repo.journal import Journal
from datacc.repo.label import label
from datacc.repo.queue import queue, resolve, settle
from datacc.repo.remove import delete, restore
from datacc.repo.revert import revert
from datacc.repo.undo import undo
from datacc.repo.working import read_working
from datacc.sources.repository import RepositorySource
from datacc.spec.read import read_program
from datacc.store import Store
from tests.repo.world import CLASSES, GONE, World, conflicts, copied, git, planted, said

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(1, 60))]


@pytest.fixture(autouse=True)
def ann(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ann@example.org")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    planted(folder)
    return folder


@pytest.fixture
def world(template: Path, tmp_path: Path) -> World:
    return copied(template, tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_merge_of_labels_is_what_git_makes_of_files_with_one_label_each(world: World, seed: int) -> None:
    """Where git merges, so do labels; where it cannot, both are kept. What both say alike is no conflict.

    Git compares ends, labels remember what was said: who says once more what was said before stands against another
    value. An example without a label, restored, says nothing that could be contradicted.
    """
    chance = random.Random(seed)
    world.git("branch", "side")
    for _ in range(3):
        base, world.touched = said(world.labels), {}
        world.edit("side", chance)
        theirs = said(world.labels)
        world.edit("main", chance)
        ours = said(world.labels)
        torn = world.merge("side")
        differ = {id for id in world.touched["main"] & world.touched["side"] if ours[id] != theirs[id]}
        again = {id for id in differ if base[id] and base[id] in (ours[id], theirs[id])}
        silent = {id for id in differ if base[id] == GONE and "" in (ours[id], theirs[id])}
        now, plainly = said(world.labels), world.plainly()
        queued = {example for example, _ in conflicts(world.labels)}
        assert queued == (torn | again) - silent
        assert now == {**plainly, **{id: now[id] for id in queued}, **{id: ours[id] or theirs[id] for id in silent}}
        for id in queued:
            assert set(now[id].split(" or ")) >= {ours[id], theirs[id]} - {""}
        settle_all(world, chance)
        world.git("switch", "-q", "side")
        world.git("merge", "-q", "--ff-only", "main")
        assert (conflicts(world.labels), said(world.labels)) == ({}, world.plainly())


def settle_all(world: World, chance: random.Random) -> None:
    """Every conflict is decided, one way or the other."""
    repository = world.labels
    for torn in queue(repository):
        if not torn.field:
            settle(repository, torn.example, is_kept=chance.random() < 0.5)
    for torn in queue(repository):
        resolve(repository, torn.example, None, chance.choice(CLASSES))
    if Journal(repository.root).count():
        world.commit()
    else:
        world.mirror(said(repository))
        git(world.plain, "commit", "-q", "--allow-empty", "-m", "as the labels say")


@pytest.mark.parametrize("seed", SEEDS)
def test_it_makes_no_difference_who_merges_whom_and_how_often(world: World, seed: int) -> None:
    chance = random.Random(seed)
    world.git("branch", "side")
    for branch in ("main", "side"):
        world.edit(branch, chance)
    root, found = world.labels.root, []
    for one, other in (("main", "side"), ("side", "main")):
        git(root, "switch", "-q", "--create", f"into-{one}", one)
        git(root, "merge", "-q", "--no-ff", "--no-edit", other)
        found.append(everything(world))
        again = merge(world.labels, other)
        assert (again.changes.changes, everything(world)) == ((), found[-1])
    assert found[0] == found[1]
    git(root, "merge", "-q", "--no-ff", "--no-edit", "into-main")  # two merges of the same two meet
    assert everything(world) == found[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_branches_meet_in_any_order_and_by_any_means(world: World, seed: int) -> None:
    """Merged in any order, at once, grouped, squashed, picked one by one in any order: one and the same snapshot."""
    chance = random.Random(seed)
    names = ["a", "b", "c"]
    made = []
    for name in names:
        world.git("branch", name)
    for name in names:
        made += world.edit(name, chance)
    root = world.labels.root
    git(root, "switch", "-q", "--detach", "main")
    base = git(root, "rev-parse", "HEAD").strip()

    def merged(*others: str) -> str:
        git(root, "merge", "-q", "--no-ff", "--no-edit", *others)
        return git(root, "rev-parse", "HEAD").strip()

    ways = [lambda order=order: [merged(name) for name in order] for order in itertools.permutations(names)]
    ways.append(lambda: [merged(*names)])
    ways.append(
        lambda: [git(root, "merge", "-q", "--squash", name) + git(root, "commit", "-q", "-m", name) for name in names]
    )
    ways.append(lambda: [git(root, "cherry-pick", *chance.sample(made, len(made)))])
    found = []
    for way in chance.sample(ways[:6], 2) + ways[6:]:
        git(root, "reset", "-q", "--hard", base)
        way()
        found.append(everything(world))
    git(root, "reset", "-q", "--hard", base)
    ab = merged("a", "b")
    git(root, "reset", "-q", "--hard", "c")
    merged(ab)
    found.append(everything(world))
    assert all(one == found[0] for one in found[1:])
    assert set(git(root, "ls-tree", "-r", "--name-only", "HEAD", "ops").split()) != set()


def everything(world: World) -> tuple[object, ...]:
    """What a commit says: states, conflicts with their sides, and the snapshot that a build would be made of."""
    root = world.labels.root
    program = read_program(root / "datacc.toml")
    try:
        built = RepositorySource().snapshot(program, root, None, Store(root / ".datacc" / "cache")).digest
    except DataError as error:  # by chance one class is left
        built = str(error)
    return said(world.labels), conflicts(world.labels), built


@pytest.mark.parametrize("seed", SEEDS)
def test_reverts_in_any_order_restore_what_was(world: World, seed: int) -> None:
    """What is reverted was never said: all of it reverted, all is as it was; and so it is with reverts."""
    chance = random.Random(seed)
    before = said(world.labels)
    made = world.edit("main", chance, commits=4)
    after = everything(world)
    back = [revert(world.labels, one).commit for one in chance.sample(made, len(made))]
    assert (said(world.labels), conflicts(world.labels)) == (before, {})
    for one in chance.sample(back, len(back)):
        revert(world.labels, one)
    assert everything(world) == after


@pytest.mark.parametrize("kept", ["ours", "theirs", "other"])
def test_what_one_side_resolves_is_settled_on_both(world: World, kept: str) -> None:
    repository, id = world.labels, first(world, "ant")
    ours, theirs = on_both(
        world, lambda: label(repository, id, None, "bee"), lambda: label(repository, id, None, "cow")
    )
    git(repository.root, "merge", "-q", "--no-edit", theirs)
    assert said(repository)[id] == "bee or cow"
    chosen = {"ours": "bee", "theirs": "cow", "other": "ant"}[kept]
    resolve(repository, id, None, chosen)
    commit(repository)
    assert (said(repository)[id], conflicts(repository)) == (chosen, {})
    git(repository.root, "switch", "-q", theirs)
    label(repository, first(world, "cow"), None, "ant")
    commit(repository)
    git(repository.root, "merge", "-q", "--no-edit", ours)
    assert (said(repository)[id], conflicts(repository)) == (chosen, {})


@pytest.mark.parametrize(("one", "other"), [("bee", "bee"), ("bee", "cow")])
def test_both_sides_resolve(world: World, one: str, other: str) -> None:
    """The same way: settled. Otherwise the two decisions wait for a third, and none is lost."""
    repository, id = world.labels, first(world, "ant")
    root = repository.root
    ours, theirs = on_both(
        world, lambda: label(repository, id, None, "bee"), lambda: label(repository, id, None, "cow")
    )
    for branch, from_branch, chosen in ((ours, theirs, one), (theirs, ours, other)):
        git(root, "switch", "-q", "--create", f"{branch}-merged", branch)
        git(root, "merge", "-q", "--no-edit", from_branch)
        resolve(repository, id, None, chosen)
        commit(repository)
    git(root, "merge", "-q", "--no-edit", f"{ours}-merged")
    assert said(repository)[id] == " or ".join(sorted({one, other}))
    assert len(conflicts(repository)) == (one != other)


# what is said on both branches of an ant, what it is when they are merged, and once it was deleted and restored
DELETED: dict[str, tuple[tuple[str, ...], tuple[str, ...], str, str]] = {
    "deleted, labelled": (("delete",), ("bee",), "bee or (gone)", "bee"),
    "deleted, verified": (("delete",), ("ant",), GONE, "ant"),
    "deleted twice": (("delete",), ("delete",), GONE, "ant"),
    "deleted, voted on": (("delete",), ("vote bee",), " or (gone)", "ant"),
    "deleted and restored, left alone": (("delete", "commit", "restore"), (), "ant", "ant"),
    "deleted and restored, labelled": (("delete", "commit", "restore"), ("bee",), "ant or bee", "ant or bee"),
    "deleted and restored, deleted": (("delete", "commit", "restore"), ("delete",), "ant or (gone)", "ant"),
    "labelled and deleted, labelled": (("cow", "commit", "delete"), ("bee",), "bee or (gone)", "bee or cow"),
    "labelled, labelled and taken back": (("bee",), ("cow", "commit", "undo"), "ant or bee", "ant or bee"),
    "labelled alike": (("bee",), ("bee",), "bee", "bee"),
    "labelled otherwise": (("bee",), ("cow",), "bee or cow", "bee or cow"),
}


@pytest.mark.parametrize("name", DELETED)
def test_delete_against_set(world: World, name: str) -> None:
    """What disagrees is in the queue; and though it is then deleted, whatever anybody said of it can be had back."""
    ours, theirs, expected, restored = DELETED[name]
    repository, id = world.labels, first(world, "ant")
    on_both(world, lambda: say(world, id, ours), lambda: say(world, id, theirs))
    git(repository.root, "merge", "-q", "--no-edit", "theirs")
    assert said(repository)[id] == expected
    assert bool(conflicts(repository)) == (" or " in expected)
    if " or (gone)" in expected:
        settle(repository, id, is_kept=False)
    elif expected != GONE:
        delete(repository, [id])
    if Journal(repository.root).count():
        commit(repository)
    assert (said(repository)[id], conflicts(repository)) == (GONE, {})
    restore(repository, [id])
    commit(repository)
    assert said(repository)[id] == restored
    assert ("vote bee" in theirs) == any("@" in field for field in read_working(repository).states[id].fields)


def test_no_label_against_a_label(world: World) -> None:
    """Taking a label away is an edit like any other: it stands against another label, and alone it holds."""
    repository, id = world.labels, first(world, "")
    label(repository, id, None, "ant")
    commit(repository)
    on_both(world, lambda: undo(repository), lambda: label(repository, id, None, "bee"))
    assert said(repository)[id] == ""
    git(repository.root, "merge", "-q", "--no-edit", "theirs")
    assert said(repository)[id] == " or bee"
    resolve(repository, id, None, "bee")
    commit(repository)
    assert (said(repository)[id], conflicts(repository)) == ("bee", {})


def first(world: World, value: str) -> str:
    return min(id for id, one in said(world.labels).items() if one == value)


def on_both(world: World, ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[str, str]:
    """Something is said on `main`, where we are, and something on `theirs`; the names of both."""
    root = world.labels.root
    git(root, "branch", "theirs")
    for branch, edit in (("theirs", theirs), ("main", ours)):
        git(root, "switch", "-q", branch)
        edit()
        if Journal(root).count():
            commit(world.labels)
    return "main", "theirs"


def say(world: World, id: str, words: Iterable[str]) -> None:
    repository = world.labels
    for word in words:
        if word == "delete":
            delete(repository, [id])
        elif word == "restore":
            restore(repository, [id])
        elif word == "undo":
            undo(repository)
        elif word == "commit":
            commit(repository)
        else:
            label(repository, id, None, word.removeprefix("vote "), vote=word.startswith("vote "))
