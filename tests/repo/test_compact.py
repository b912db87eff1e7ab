"""compact: fewer files that say the same. The oracle is the repository as it was, asked and changed in the same way."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datacc.errors import DataccError, RepositoryError, UsageError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo import compact as compaction
from datacc.repo.blame import blame
from datacc.repo.branches import merge
from datacc.repo.changes import changes
from datacc.repo.check import check
from datacc.repo.commit import commit
from datacc.repo.compact import Compacted, compact
from datacc.repo.contents import read_contents
from datacc.repo.exchange import pull, push
from datacc.repo.find import MARKER, Repository, find
from datacc.repo.forget import forget
from datacc.repo.fsck.content import content_damages
from datacc.repo.fsck.perform import fsck
from datacc.repo.garbage import collect
from datacc.repo.journal import Journal
from datacc.repo.label import label
from datacc.repo.log import Asked, log
from datacc.repo.remotes import contact
from datacc.repo.remove import delete, restore
from datacc.repo.revert import revert
from datacc.repo.show import show
from datacc.repo.trust import trust
from datacc.repo.undo import undo
from datacc.repo.working import read_working
from tests.repo.conftest import drawn
from tests.repo.exchange import addresses, cloned, git, pushed, restored
from tests.repo.killed import START, STRIDE, killed_at

FEW = 5  # examples that the histories speak of
Step = tuple[str, int]
STEPS = st.tuples(
    st.sampled_from(["label", "label", "label", "verify", "delete", "restore", "revert", "undo"]), st.integers(0, 7)
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ann`, with 40 pictures and eight labelling commits, pushed to `origin.git`; packs lie in `store`."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "store").mkdir()
    ann = pushed(folder, drawn(folder / "pictures"), folder / "store")
    for number in range(8):
        relabel(ann, addresses(ann)[number % FEW])
    push(ann)
    return folder


def relabel(repository: Repository, *ids: str, message: str | None = None) -> str:
    states = {id: show(repository, id).values["animal"].value for id in ids}
    for id, value in states.items():
        label(repository, id, None, "dog" if value == "cat" else "cat")
    return commit(repository, message).commit


def do(repository: Repository, step: Step) -> None:
    """One step of a history, and a commit of it; one that makes no sense there changes nothing."""
    verb, number = step
    id = addresses(repository)[number % FEW]
    try:
        if verb == "revert":
            made = git(repository.root, "log", "--format=%H", "--no-merges", "--diff-filter=A", "--", "ops").split()
            revert(repository, made[number % len(made)])
            return
        if verb in ("label", "verify"):
            value = show(repository, id).values["animal"].value
            other = "cat" if value == "dog" else "dog"
            label(repository, id, None, value if verb == "verify" and value else other)
        elif verb == "undo":
            undo(repository)
        else:
            {"delete": delete, "restore": restore}[verb](repository, [id])
        commit(repository)
    except (DataccError, KeyError):
        assert Journal(repository.root).count() == 0


def copied(repository: Repository, name: str) -> Repository:
    """The repository once more; what was noted of files does not stop git."""
    other = repository.root.with_name(name)
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(repository.root, other)
    git(other, "update-index", "--refresh")
    return find(other)


def said(repository: Repository) -> dict[str, Any]:
    """What is said of each example, all sides of it, and by which operations."""
    return {id: repr(state) for id, state in read_working(repository).states.items()}


def answers(repository: Repository) -> dict[str, Any]:
    """What blame, show and log answer of those of which the histories speak."""
    ids = addresses(repository)[:FEW]
    told = {id: (blame(repository, id), show(repository, id)) for id in ids}
    asked = {id: log(repository, None, asked=Asked(example=id)) for id in ids}
    rewrites = {one.commit for one in log(repository, None) if one.subject.startswith("compact ")}
    listed = [one for one in log(repository, None) if one.commit not in rewrites]
    by_class = [one for one in log(repository, None, asked=Asked(classes=("dog",))) if one.commit not in rewrites]
    return {"told": told, "log": listed, "asked": asked, "class": by_class}


def same(one: Repository, other: Repository) -> None:
    assert said(other) == said(one)
    assert answers(other) == answers(one)
    assert (fsck(other).damages, check(other).problems == check(one).problems) == ((), True)


def really(repository: Repository) -> Compacted:
    return compact(repository, really=True)


def segments(repository: Repository) -> list[Path]:
    return sorted(repository.root.glob("ops/*/*.jsonl"))


def test_it_says_the_same_in_fewer_files(ann: Repository) -> None:
    before = copied(ann, "before")
    found = compact(ann)
    assert (found.commit, found.segments, found.joined, found.edits) == (None, 8, 1, 8)
    assert git(ann.root, "rev-parse", "HEAD") == git(before.root, "rev-parse", "HEAD")
    assert git(ann.root, "status", "--porcelain") == ""
    done = really(ann)
    assert len(segments(ann)) == 1 < len(segments(before)) == 8
    assert git(ann.root, "log", "--format=%H", "-1").strip() == done.commit
    assert git(ann.root, "rev-parse", "HEAD~1") == git(before.root, "rev-parse", "HEAD")
    same(before, ann)
    with pytest.raises(UsageError, match="nothing to join"):
        compact(ann)
    assert changes(ann, "HEAD~1", "HEAD").changes == ()


@settings(max_examples=settings.default.max_examples // 20)
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


def edits_of(repository: Repository) -> list[tuple[str, int]]:
    return [(one.subject, one.edits) for one in log(repository, None) if not one.subject.startswith("compact ")]


def reverted(repository: Repository, made: str) -> str:
    try:
        done = revert(repository, made)
        return f"{done.message} {done.edits} {done.conflicts}"
    except DataccError as error:
        return error.what


def values_of(repository: Repository) -> dict[str, Any]:
    states = read_working(repository).states
    fields = {id: {name: sorted(map(str, one.values)) for name, one in states[id].fields.items()} for id in states}
    return {id: (states[id].alive, states[id].conflict, fields[id]) for id in states}


@settings(max_examples=settings.default.max_examples // 20)
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


def test_a_compaction_is_not_taken_back(ann: Repository) -> None:
    done = really(ann)
    with pytest.raises(UsageError, match="says nothing"):
        revert(ann, done.commit or "")


def test_a_segment_that_came_back_beside_its_mark_counts_and_is_joined(ann: Repository) -> None:
    made = git(ann.root, "log", "--format=%H", "-1", "--", "ops").strip()
    before = said(ann)
    revert(ann, made)
    git(ann.root, "checkout", made, "--", "ops")  # by hand; the mark stays
    git(ann.root, "commit", "-q", "-m", "it counts again")
    assert said(ann) == before
    really(ann)
    assert said(ann) == before


def test_many_become_several_of_bounded_size(ann: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    before, sizes = said(ann), [path.stat().st_size for path in segments(ann)]
    monkeypatch.setattr(compaction, "LARGEST", 4 * max(sizes) + 10)
    monkeypatch.setattr(compaction, "_SMALL", max(sizes) + 1)
    done = really(ann)
    assert (done.segments, done.joined, len(segments(ann))) == (8, 2, 2)
    assert said(ann) == before
    with pytest.raises(UsageError, match="nothing to join"):
        really(ann)


def test_what_is_new_is_joined_later(ann: Repository) -> None:
    really(ann)
    for number in range(5):
        relabel(ann, *addresses(ann)[number : number + 3])
    before = copied(ann, "before")
    really(ann)
    assert len(segments(ann)) == 1
    same(before, ann)


def test_what_an_earlier_datacc_listed_is_listed_anew(ann: Repository) -> None:
    before = answers(ann)["told"]
    contents = read_contents(ann, really(ann).commit or "")
    schema = {path: (ann.root / path).read_text() for path in contents.tree if path.startswith("schema/")}
    contents.index.keep_listings({contents.commit: (contents.tree, schema)})
    assert answers(ann)["told"] == before


def test_compacted_and_forgotten_in_either_order(ann: Repository) -> None:
    first, *others = addresses(ann)
    kept = {id: (blame(ann, id).fields, show(ann, id).values) for id in others[:FEW]}
    other = copied(ann, "other")
    really(ann)
    forget(ann, [first], really=True)
    forget(other, [first], really=True)
    really(other)
    for repository in (ann, other):
        assert {id: (blame(repository, id).fields, show(repository, id).values) for id in others[:FEW]} == kept
        assert first not in read_working(repository).states
        assert (fsck(repository).damages, check(repository).problems) == ((), ())
    assert said(other) == said(ann)


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


def test_edits_that_wait_go_on_waiting(ann: Repository) -> None:
    id = addresses(ann)[0]
    label(ann, id, None, "dog" if show(ann, id).values["animal"].value == "cat" else "cat")
    before = said(ann)
    really(ann)
    assert (Journal(ann.root).count(), said(ann)) == (1, before)
    commit(ann)
    assert said(ann) == before


@pytest.mark.parametrize("step", START)
def test_killed_at_any_step_it_happens_or_not(template: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    ann = find(restored(template) / "ann")
    before, head = said(ann), git(ann.root, "rev-parse", "HEAD")
    states = set[tuple[bool, int]]()

    def work() -> None:
        really(ann)

    while killed_at(step, work, monkeypatch):
        step += STRIDE
        is_done = git(ann.root, "rev-parse", "HEAD") != head
        assert said(ann) == before
        label(ann, addresses(ann)[9], None, show(ann, addresses(ann)[9]).values["animal"].value or "cat")
        commit(ann)  # who takes the lock tidies up
        assert git(ann.root, "status", "--porcelain") == ""
        assert fsck(ann).damages == ()
        states.add((is_done, len(segments(ann))))
        ann = find(restored(template) / "ann")
    assert step >= STRIDE
    assert states <= {(False, 9), (True, 2)}


def test_what_does_not_say_the_same_is_not_committed(ann: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    head = git(ann.root, "rev-parse", "HEAD")
    text = compaction.origins_text
    monkeypatch.setattr(compaction, "origins_text", lambda rows: text([(rows[0][0], 2), *rows[2:]]))
    with pytest.raises(RepositoryError, match="do not say what"):
        really(ann)
    assert git(ann.root, "rev-parse", "HEAD") == head
    assert git(ann.root, "status", "--porcelain") == ""


def test_it_is_refused_where_it_would_do_harm(ann: Repository, empty: Repository) -> None:
    git(ann.root, "switch", "-q", "-c", "side")
    with pytest.raises(UsageError, match="branch 'side'"):
        really(ann)
    git(ann.root, "switch", "-q", "--detach")
    with pytest.raises(UsageError, match="detached"):
        really(ann)
    git(ann.root, "switch", "-q", "main")
    segments(ann)[0].unlink()
    with pytest.raises(RepositoryError, match="has changes"):
        really(ann)
    with pytest.raises(UsageError, match="nothing to join"):
        really(empty)


def test_a_hook_that_refuses_leaves_all_as_it_was(ann: Repository) -> None:
    before, files = said(ann), segments(ann)
    hook = ann.root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RepositoryError):
        really(ann)
    assert (said(ann), segments(ann), git(ann.root, "status", "--porcelain")) == (before, files, "")


def test_older_readers_are_told_to_update(ann: Repository) -> None:
    really(ann)
    assert '"format": 2' in (ann.root / MARKER).read_text()


def test_every_flipped_bit_is_found(ann: Repository) -> None:
    really(ann)
    tree = git(ann.root, "ls-files", "-z").split("\0")[:-1]
    texts = {path: (ann.root / path).read_bytes() for path in tree}
    assert list(content_damages(texts, lambda place: None)) == []
    for path in (path for path in tree if path.startswith(("ops/", "origins/"))):
        for bit in range(len(texts[path]) * 8):
            bad = bytearray(texts[path])
            bad[bit // 8] ^= 1 << bit % 8
            assert list(content_damages({path: bytes(bad), MARKER: texts[MARKER]}, lambda place: None)), (path, bit)


def test_the_command(ann: Repository) -> None:
    def told(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "datacc", "compact", *words], cwd=ann.root, capture_output=True,
                              text=True)  # fmt: skip

    shown = told()
    assert "8 segments would become 1" in shown.stdout
    assert told("--yes").returncode == 0
    again = told("--yes")
    assert (again.returncode, "nothing to join" in again.stderr) == (2, True)
