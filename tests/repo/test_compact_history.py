"""compact: any history is what it was, goes on as it would have, and merges by plain git as it would have."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datacc.errors import DataccError, UsageError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.branches import merge
from datacc.repo.changes import changes
from datacc.repo.check import check
from datacc.repo.exchange import pull, push
from datacc.repo.find import Repository, find
from datacc.repo.fsck.perform import fsck
from datacc.repo.garbage import collect
from datacc.repo.log import log
from datacc.repo.remotes import contact
from datacc.repo.revert import revert
from datacc.repo.trust import trust
from tests.laws import about
from tests.repo.compacting import STEPS, Step, copied, do, planted, really, relabel, said, same, segments, values_of
from tests.repo.conftest import drawn
from tests.repo.exchange import addresses, cloned, git, restored


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    planted(folder)
    return folder


@settings(max_examples=about(2))
@given(steps=st.lists(STEPS, min_size=3, max_size=8), later=st.lists(STEPS, min_size=1, max_size=4))
def test_any_history_is_what_it_was_and_goes_on_so(template: Path, steps: list[Step], later: list[Step]) -> None:
    one = find(restored(template) / "ann")
    for step in steps:
        do(one, step)
    other = copied(one, "other")
    really(other)
    same(one, other)
    made = git(one.root, "log", "--format=%H", "--no-merges", "--diff-filter=A", "--", "ops").split()
    for verb, number in later:
        values = []
        for repository in (one, other):
            if verb == "revert":
                outcome = reverted(repository, made[number % len(made)])
            else:
                do(repository, (verb, number))
                outcome = ""
            values.append((outcome, values_of(repository)))
        assert values[0] == values[1]
    subjects = [
        [(e.subject, e.edits) for e in log(r, None) if not e.subject.startswith("compact ")] for r in (one, other)
    ]
    assert subjects[0] == subjects[1]
    told = [[(c.example, c.old, c.new, [e.op for e in c.said]) for c in changes(r, made[-1], "HEAD").changes]
            for r in (one, other)]  # fmt: skip
    assert told[0] == told[1]
    assert fsck(other).damages == ()


def reverted(repository: Repository, made: str) -> str:
    try:
        done = revert(repository, made)
        return f"{done.message} {done.edits} {done.conflicts}"
    except DataccError as error:
        return error.what


@settings(max_examples=about(2))
@given(side=st.lists(STEPS, min_size=1, max_size=4), main=st.lists(STEPS, max_size=3), by_git=st.booleans())
def test_a_branch_merges_as_before(template: Path, side: list[Step], main: list[Step], by_git: bool) -> None:
    """Both ways round, and by plain git with nothing configured, as a host does it."""
    one = find(restored(template) / "ann")
    git(one.root, "switch", "-q", "-c", "side")
    for step in side:
        do(one, step)
    git(one.root, "switch", "-q", "main")
    for step in main:
        do(one, step)
    other = copied(one, "other")
    really(other)
    for repository in (one, other):
        git(repository.root, "branch", "kept")
        merged(repository, "side", by_git=by_git)
    assert said(other) == said(one)
    assert (fsck(other).damages, check(other).problems) == ((), check(one).problems)
    for repository in (one, other):
        git(repository.root, "switch", "-q", "side")
        merged(repository, "kept", by_git=by_git)
    assert said(other) == said(one)


def merged(repository: Repository, name: str, *, by_git: bool) -> None:
    if by_git:
        git(repository.root, "merge", "-q", "--no-edit", name)
    else:
        merge(repository, name)


def test_what_git_took_back_on_a_branch_stays_so_when_datacc_merges(ann: Repository) -> None:
    made = git(ann.root, "log", "--format=%H", "-1", "--", "ops").strip()
    git(ann.root, "switch", "-q", "-c", "side")
    git(ann.root, "revert", "--no-edit", made)
    expected = said(ann)
    git(ann.root, "switch", "-q", "main")
    really(ann)
    assert said(ann) != expected
    merge(ann, "side")
    assert said(ann) == expected
    assert git(ann.root, "status", "--porcelain") == ""


@pytest.mark.parametrize("sizes", [(1, 1), (2, 1, 1), (8, 4, 1, 1, 1)])
def test_git_takes_nothing_for_renamed(empty: Repository, sizes: tuple[int, ...], tmp_path: Path) -> None:
    """Else what a branch adds to the folder of a day, or reverts, would be a conflict on a host."""
    import_examples(empty, drawn(tmp_path / "pictures"), ImportOptions(label="animal"))
    ids = addresses(empty)
    for number, size in enumerate(sizes):
        relabel(empty, *ids[:size])
        spread(empty, f"2026-01-{number + 1:02}")
    git(empty.root, "branch", "old")
    try:
        really(empty)
    except UsageError:
        assert max(sizes) >= 0.35 * sum(sizes)
        return
    assert not git(empty.root, "diff", "--find-renames", "--diff-filter=R", "--name-only", "old", "main")
    assert len(segments(empty)) < len(sizes)


def spread(repository: Repository, day: str) -> None:
    """The newest segment as if it were of another day."""
    [path] = git(repository.root, "diff", "--name-only", "HEAD~1", "--", "ops").split()
    new = f"ops/{day}/{Path(path).name}"
    (repository.root / new).parent.mkdir(parents=True)
    git(repository.root, "mv", path, new)
    git(repository.root, "commit", "-q", "--amend", "--no-edit")


def test_a_revert_can_be_reverted_when_its_segment_is_joined(ann: Repository) -> None:
    before, made = said(ann), git(ann.root, "log", "--format=%H", "-1", "--", "ops").strip()
    really(ann)
    first = revert(ann, made)
    assert said(ann) != before
    relabel(ann, *addresses(ann)[10:13])
    relabel(ann, *addresses(ann)[10:13])
    relabel(ann, *addresses(ann)[10:13])
    reverted_only = values_of(ann)
    second = revert(ann, first.commit)
    assert (first.edits, second.edits) == (1, 1)
    taken = {id: fields for id, fields in values_of(ann).items() if fields != reverted_only[id]}
    assert len(taken) == 1
    third = revert(ann, second.commit)
    really(ann)
    assert values_of(ann) == reverted_only
    assert [one.edits for one in log(ann, 8) if one.subject.startswith("Revert")] == [-1, 1, -1]
    with pytest.raises(UsageError, match="reverted already"):
        revert(ann, made)
    assert third.of == second.commit


def test_clones_follow_and_push_on(ann: Repository) -> None:
    bob = cloned(ann.root.parent)
    trust(bob, [contact((ann.root.parent / "store").as_uri())])
    relabel(bob, addresses(bob)[7])
    expected = said(bob)
    really(ann)
    push(ann)
    pull(bob)
    assert said(bob) == expected
    assert len(segments(bob)) == 2
    push(bob)
    pull(ann)
    assert said(ann) == expected
    assert collect(ann, really=True).files == ()
    assert (fsck(ann, deep=True).damages, check(ann).problems) == ((), ())


def test_two_clones_that_compact_apart(ann: Repository) -> None:
    bob = cloned(ann.root.parent)
    relabel(bob, addresses(bob)[7])
    expected = said(bob)
    really(bob)
    really(ann)
    push(ann)
    pull(bob)
    assert said(bob) == expected
    assert (fsck(bob).damages, check(bob).problems) == ((), ())
