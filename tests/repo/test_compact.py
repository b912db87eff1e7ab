"""compact: fewer files that say the same. The oracle is the repository as it was, asked and changed in the same way."""

import subprocess
import sys
from pathlib import Path

import pytest

from datacc.errors import RepositoryError, UsageError
from datacc.repo import compact as compaction
from datacc.repo.blame import blame
from datacc.repo.changes import changes
from datacc.repo.check import check
from datacc.repo.commit import commit
from datacc.repo.compact import compact
from datacc.repo.contents import read_contents
from datacc.repo.find import MARKER, Repository, find
from datacc.repo.forget import forget
from datacc.repo.fsck.content import content_damages
from datacc.repo.fsck.perform import fsck
from datacc.repo.journal import Journal
from datacc.repo.label import label
from datacc.repo.revert import revert
from datacc.repo.show import show
from datacc.repo.working import read_working
from tests.repo.compacting import FEW, answers, copied, planted, really, relabel, said, same, segments
from tests.repo.exchange import addresses, git, restored
from tests.repo.killed import START, STRIDE, killed_at


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    planted(folder)
    return folder


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
