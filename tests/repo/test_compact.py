"""compact: fewer files that say the same; blame, log, revert, undo and merges of older branches answer as before."""

import json
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from datacc.errors import RepositoryError, UsageError
from datacc.repo import compact as module
from datacc.repo.blame import blame
from datacc.repo.branches import merge
from datacc.repo.changes import changes
from datacc.repo.check import check
from datacc.repo.commit import commit
from datacc.repo.compact import compact
from datacc.repo.contents import read_contents
from datacc.repo.events import history
from datacc.repo.exchange import pull, push
from datacc.repo.find import MARKER, Repository, find
from datacc.repo.fold import State, fold
from datacc.repo.forget import forget
from datacc.repo.fsck.content import content_damages
from datacc.repo.fsck.perform import fsck
from datacc.repo.garbage import collect
from datacc.repo.label import label
from datacc.repo.log import log
from datacc.repo.queue import queue
from datacc.repo.remotes import contact
from datacc.repo.remove import delete, restore
from datacc.repo.revert import revert
from datacc.repo.states import States
from datacc.repo.trust import trust
from datacc.repo.undo import undo
from datacc.repo.working import read_working
from tests.repo.conftest import drawn
from tests.repo.exchange import addresses, cloned, git, pushed, restored

WHO = ["Ann <ann@example.org>", "Ben <ben@example.org>"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ann`, pushed, with six labelling commits, one of them reverted."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "store").mkdir()
    ann = pushed(folder, drawn(folder / "pictures"), folder / "store")
    some = addresses(ann)
    made = [relabelled(ann, *some[n : n + 2]) for n in range(6)]
    revert(ann, made[2])
    push(ann)
    return folder


def relabelled(repository: Repository, *ids: str) -> str:
    for id in ids:
        states = read_working(repository).states
        [value] = [one.value for field, one in states[id].fields.items() if field]
        [column] = read_contents(repository).schema.of("output")
        label(repository, id, None, next(one.name for one in column.classes if one.id != value))
    return commit(repository).commit


def said(repository: Repository, revision: str = "HEAD") -> dict[str, State]:
    """The fold of everything, every example and field with the ids of what is live."""
    return fold(read_contents(repository, revision).operations())


def told(repository: Repository) -> dict[str, object]:
    working = read_working(repository)
    return {id: (blame(repository, id), history(repository, working, id)) for id in addresses(repository)}


def segments(repository: Repository) -> list[str]:
    return [path for path in git(repository.root, "ls-files").splitlines() if path.startswith("ops/")]


def test_everything_is_answered_as_before(ann: Repository) -> None:
    before, states, past = told(ann), said(ann), log(ann, None)
    assert len(segments(ann)) == 5
    dry = compact(ann)
    assert (dry.commit, dry.segments, dry.joined, len(segments(ann))) == (None, 5, 1, 5)
    done = compact(ann, really=True)
    assert (done.segments, done.joined, done.edits, len(segments(ann))) == (5, 1, dry.edits, 1)
    assert said(ann) == states
    assert told(ann) == before
    assert log(ann, None)[1:] == past
    found = changes(ann, "HEAD~1", "HEAD")
    assert (found.changes, found.added, found.removed) == ((), 0, 0)
    assert changes(ann, "HEAD~4", "HEAD").changes == changes(ann, "HEAD~4", "HEAD~1").changes
    assert (fsck(ann, deep=True).damages, check(ann).problems) == ((), ())
    assert git(ann.root, "status", "--porcelain") == ""
    push(ann)
    bob = cloned(ann.root.parent)
    assert said(bob) == states
    assert fsck(bob).damages == ()


def test_twice_is_once(ann: Repository) -> None:
    compact(ann, really=True)
    with pytest.raises(UsageError, match="nothing to join"):
        compact(ann, really=True)
    relabelled(ann, addresses(ann)[8])
    states = said(ann)
    assert compact(ann, really=True).segments == 2
    assert (said(ann), len(segments(ann))) == (states, 1)


def test_reverts_and_undos_lead_where_they_led_before(ann: Repository, work: Path) -> None:
    commits = git(ann.root, "log", "--format=%H", "--", "ops").split()
    results: list[list[object]] = []
    for is_compacted in (False, True):
        ann = find(restored(work) / "ann")
        found: list[object] = []
        if is_compacted:
            compact(ann, really=True)
        for name in (commits[2], commits[5], commits[0]):
            done = revert(ann, name)
            found.append((said(ann), done.edits, done.conflicts))
        revert(ann, git(ann.root, "rev-parse", "HEAD~1").strip())
        found.append(said(ann))
        with pytest.raises(UsageError, match="reverted already"):
            revert(ann, commits[2])
        if is_compacted:
            compact_again(ann)
        found.append(said(ann))
        for _ in range(3):
            found.append([one.example for one in undo(ann).edits])
            commit(ann)
        found.append({id: [one.values for one in state.fields.values()] for id, state in said(ann).items()})
        assert fsck(ann).damages == ()
        results.append(found)
    assert results[0] == results[1]


def compact_again(repository: Repository) -> None:
    with suppress(UsageError):
        compact(repository, really=True)


def test_a_compaction_is_not_taken_back(ann: Repository) -> None:
    done = compact(ann, really=True)
    with pytest.raises(UsageError, match="says nothing"):
        revert(ann, done.commit or "")


Merge = Callable[[Repository, str], object]


def by_git(repository: Repository, revision: str) -> None:
    git(repository.root, "-c", "merge.directoryRenames=true", "merge", "-q", "--no-edit", revision)


@pytest.mark.parametrize("merging", [merge, by_git])
def test_a_branch_from_before_merges_as_before(ann: Repository, merging: Merge) -> None:
    """New labels, a revert and a deletion on a branch that began before; by datacc and by git as hosts have it."""
    some = addresses(ann)
    git(ann.root, "branch", "plain")
    git(ann.root, "switch", "-q", "-c", "side")
    relabelled(ann, some[0], some[20])
    revert(ann, git(ann.root, "log", "--format=%H", "--reverse", "--", "ops").split()[1])
    delete(ann, [some[5]])
    commit(ann)
    git(ann.root, "switch", "-q", "plain")
    merging(ann, "side")
    expected = said(ann)
    git(ann.root, "switch", "-q", "main")
    compact(ann, really=True)
    merging(ann, "side")
    assert said(ann) == expected
    assert (fsck(ann).damages, git(ann.root, "status", "--porcelain")) == ((), "")
    assert compact(ann, really=True).segments == 3
    assert said(ann) == expected


def test_a_revert_by_git_on_a_branch_from_before_counts_in_a_merge_by_datacc(ann: Repository) -> None:
    git(ann.root, "branch", "plain")
    git(ann.root, "switch", "-q", "-c", "side")
    git(ann.root, "revert", "--no-edit", git(ann.root, "log", "--format=%H", "--reverse", "--", "ops").split()[1])
    git(ann.root, "switch", "-q", "plain")
    merge(ann, "side")
    expected = said(ann)
    git(ann.root, "switch", "-q", "main")
    compact(ann, really=True)
    merge(ann, "side")
    assert said(ann) == expected


def test_two_branches_that_are_compacted_apart(ann: Repository) -> None:
    bob = cloned(ann.root.parent)
    trust(bob, [contact((ann.root.parent / "store").as_uri())])
    relabelled(bob, addresses(ann)[11])
    states = said(bob)
    compact(bob, really=True)
    push(bob)
    compact(ann, really=True)
    pull(ann)
    assert said(ann) == states
    assert (fsck(ann).damages, check(ann).problems) == ((), ())
    assert compact(ann, really=True).segments == 2
    assert said(ann) == states


def test_what_was_joined_can_be_forgotten(ann: Repository) -> None:
    first, *others = addresses(ann)
    compact(ann, really=True)
    before = told(ann)
    forget(ann, [first], really=True)
    assert told(ann) == {id: before[id] for id in others}
    assert (fsck(ann, deep=True).damages, check(ann).problems) == ((), ())
    relabelled(ann, others[0])
    before = told(ann)
    compact(ann, really=True)
    assert told(ann) == before
    assert not collect(ann, really=True).delete


def test_many_segments_become_several_of_bounded_size(ann: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 1000)
    monkeypatch.setattr(module, "_SMALL", 600)
    states = said(ann)
    done = compact(ann, really=True)
    assert done.joined > 1
    assert all((ann.root / path).stat().st_size <= 1000 for path in segments(ann))
    assert said(ann) == states
    with pytest.raises(UsageError, match="nothing to join"):
        compact(ann, really=True)


class Story:
    """A random history of one repository: labels, deletions, restorations, reverts, undos, by two people."""

    def __init__(self, repository: Repository, seed: int) -> None:
        self.repository, self.chance = repository, random.Random(seed)
        self.some = addresses(repository)[:6]

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self._edit()
            if self.chance.random() < 0.7:
                self._commit()
        self._commit()

    def _commit(self) -> None:
        try:
            commit(self.repository)
        except UsageError:
            return
        if self.chance.random() < 0.25:
            listed = git(self.repository.root, "log", "--format=%H", "--no-merges", "--", "ops").split()
            try:
                revert(self.repository, self.chance.choice(listed))
            except UsageError:
                return

    def _edit(self) -> None:
        id, who = self.chance.choice(self.some), self.chance.choice(WHO)
        state = read_working(self.repository).states[id]
        if not state.alive:
            restore(self.repository, [id])
        elif self.chance.random() < 0.15 and not state.disputed:
            delete(self.repository, [id])
        else:
            label(self.repository, id, None, self.chance.choice(["cat", "dog"]), who)


def laws(ann: Repository, seed: int) -> None:
    """fold before = after; twice = once; merge(compact(A), B) = merge(A, B) = merge(B, compact(A)), by stock git."""
    story = Story(ann, seed)
    story.go_on(5)
    git(ann.root, "branch", "side")
    story.go_on(4)
    git(ann.root, "branch", "whole")
    git(ann.root, "switch", "-q", "side")
    story.go_on(4)
    git(ann.root, "switch", "-q", "-c", "expected", "whole")
    by_git(ann, "side")
    expected = said(ann)
    git(ann.root, "switch", "-q", "main")
    before, answers = said(ann), told(ann)
    compact(ann, really=True)
    assert (said(ann), told(ann)) == (before, answers)
    with pytest.raises(UsageError):
        compact(ann, really=True)
    git(ann.root, "switch", "-q", "side")
    by_git(ann, "main")
    assert said(ann) == expected
    git(ann.root, "switch", "-q", "main")
    git(ann.root, "reset", "-q", "--hard")
    merge(ann, "side~1")
    assert said(ann) == expected
    assert dict(States(read_contents(ann))) == expected
    assert fsck(ann).damages == ()


@pytest.mark.parametrize("seed", range(3))
def test_laws(ann: Repository, seed: int) -> None:
    laws(ann, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 160))
def test_laws_of_many_histories(ann: Repository, seed: int) -> None:
    laws(ann, seed)


def test_every_flipped_bit_of_the_origins_is_found(ann: Repository) -> None:
    compact(ann, really=True)
    tree = git(ann.root, "ls-files", "-z").split("\0")[:-1]
    texts = {path: (ann.root / path).read_bytes() for path in tree}
    assert list(content_damages(texts, lambda place: None)) == []
    for path in (path for path in tree if path.startswith(("origins/", "reverted/"))):
        for bit in range(len(texts[path]) * 8):
            bad = bytearray(texts[path])
            bad[bit // 8] ^= 1 << bit % 8
            assert list(content_damages({**texts, path: bytes(bad)}, lambda place: None)), (path, bit)
        assert list(content_damages({**texts, path: texts[path] + b"x"}, lambda place: None))


def test_older_readers_are_told_to_update(ann: Repository) -> None:
    compact(ann, really=True)
    assert json.loads((ann.root / MARKER).read_text())["format"] == 2


def test_what_an_earlier_reader_left_in_the_index_is_listed_anew(ann: Repository) -> None:
    before = told(ann)
    contents = read_contents(find(ann.root), compact(ann, really=True).commit or "")
    texts = {path: "" for path in contents.tree if path.startswith("schema/order/")}
    schema = {path: (ann.root / path).read_text() for path in contents.tree if path.startswith("schema/")}
    contents.index.keep_listing(contents.commit, contents.tree, {**texts, **schema})
    assert told(ann) == before


def untouched(ann: Repository) -> Iterator[str]:
    yield git(ann.root, "rev-parse", "HEAD")
    yield git(ann.root, "status", "--porcelain")


def test_bad_input_is_refused_and_changes_nothing(ann: Repository) -> None:
    before = list(untouched(ann))
    git(ann.root, "switch", "-q", "-c", "side")
    with pytest.raises(UsageError, match="branch 'side'"):
        compact(ann, really=True)
    git(ann.root, "switch", "-q", "--detach")
    with pytest.raises(UsageError, match="detached"):
        compact(ann, really=True)
    git(ann.root, "switch", "-q", "main")
    path = ann.root / segments(ann)[0]
    text = path.read_bytes()
    path.write_bytes(text[:-10])
    with pytest.raises(RepositoryError, match="has changes"):
        compact(ann, really=True)
    path.write_bytes(text)
    assert list(untouched(ann)) == before


def test_a_commit_that_a_hook_refuses_leaves_all_as_it_was(ann: Repository) -> None:
    before = list(untouched(ann))
    hook = ann.root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RepositoryError):
        compact(ann, really=True)
    hook.unlink()
    assert list(untouched(ann)) == before


def test_joined_segments_that_would_say_something_else_are_not_committed(
    ann: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(untouched(ann))
    monkeypatch.setattr(module, "origins_text", lambda rows: b"".join(f"{p}\t{n + 1}\n".encode() for p, n in rows))
    with pytest.raises(RepositoryError, match="do not say"):
        compact(ann, really=True)
    assert list(untouched(ann)) == before


def test_edits_that_wait_are_left_alone(ann: Repository) -> None:
    id = addresses(ann)[30]
    label(ann, id, None, "cat")
    waiting = read_working(ann).pending
    compact(ann, really=True)
    assert read_working(ann).pending == waiting
    commit(ann)
    assert queue(ann) is not None
    assert subprocess.run(["git", "fsck"], cwd=ann.root, capture_output=True).returncode == 0
