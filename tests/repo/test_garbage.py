"""gc: what a ref or its past needs stays, what is young stays, remotes are marked first and emptied days later."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from datacc.errors import RemoteError, RepositoryError
from datacc.repo.exchange import push
from datacc.repo.find import Repository
from datacc.repo.garbage import LOCAL_GRACE, REMOTE_GRACE, collect
from datacc.repo.identity import address
from datacc.repo.remote_store import RemoteStore
from datacc.repo.remotes import Remote, contact
from datacc.repo.trust import trust
from tests.repo.conftest import drawn
from tests.repo.exchange import all_media, cloned, git, pushed, the_pack

NOW = datetime.now(UTC)
LATER = NOW + REMOTE_GRACE + timedelta(hours=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that is pushed; `ann`, `origin.git` and `store` lie in it."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "store").mkdir()
    pushed(folder, drawn(folder / "pictures"), folder / "store")
    return folder


def orphan(store: Path) -> str:
    data = b"nobody needs this"
    RemoteStore(Remote(name="store", url=store.as_uri(), packs="outside")).put(address(data), data)
    return address(data)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_nothing_that_is_needed_goes_however_late_it_is(ann: Repository, store: Path) -> None:
    name = the_pack(ann)
    found = collect(ann, really=True, now=LATER)
    assert (found.files, found.mark, found.delete) == ((), (), ())
    git(ann.root, "rm", "-r", "-q", "media", "runs")
    git(ann.root, "commit", "-q", "-m", "take it all out")
    git(ann.root, "branch", "old", "HEAD~1")
    for _ in range(2):
        collect(ann, really=True, now=LATER)
    assert (names(store / "packs"), names(ann.root / ".datacc" / "packs")) == ({name}, {name})


def test_the_past_of_a_branch_counts(ann: Repository, store: Path) -> None:
    """A commit that only the reflog knows can come back, so its packs stay."""
    name = the_pack(ann)
    git(ann.root, "reset", "-q", "--hard", "HEAD~1")
    git(ann.root, "push", "-q", "--force", "origin", "main")
    collect(ann, really=True, now=LATER)
    collect(ann, really=True, now=LATER + REMOTE_GRACE + timedelta(days=1))
    assert (names(store / "packs"), names(ann.root / ".datacc" / "packs")) == ({name}, {name})
    git(ann.root, "reset", "-q", "--hard", "HEAD@{1}")
    assert len(all_media(ann)) == 40


def test_a_dry_run_changes_nothing(ann: Repository, store: Path) -> None:
    lost, loose = orphan(store), ann.root / ".datacc" / "packs" / ("0" * 32)
    loose.write_bytes(b"x")
    os.utime(loose, (0, 0))
    found = collect(ann)
    assert (found.files, found.mark) == ((f".datacc/packs/{loose.name}",), (("store", lost),))
    assert loose.exists()
    assert names(store / "tombstones") == set()


def test_files_here_go_when_they_are_a_day_old(ann: Repository) -> None:
    loose = ann.root / ".datacc" / "packs" / ("0" * 32)
    loose.write_bytes(b"x")
    assert collect(ann, really=True, now=NOW).files == ()
    found = collect(ann, really=True, now=NOW + LOCAL_GRACE + timedelta(hours=1))
    assert (found.files, found.size, loose.exists()) == ((f".datacc/packs/{loose.name}",), 1, False)


def test_a_remote_is_marked_and_emptied_days_later(ann: Repository, store: Path) -> None:
    lost = orphan(store)
    assert collect(ann, really=True, now=NOW).mark == (("store", lost),)
    early = collect(ann, really=True, now=NOW + REMOTE_GRACE - timedelta(hours=1))
    assert (early.mark, early.delete, lost in names(store / "packs")) == ((), (), True)
    assert collect(ann, really=True, now=LATER).delete == (("store", lost),)
    assert (names(store / "packs"), names(store / "tombstones")) == ({the_pack(ann)}, set())


def test_what_is_needed_again_is_not_deleted(ann: Repository, store: Path, work: Path) -> None:
    """Somebody whose branch was not pushed yet is marked against, pushes, and keeps everything."""
    bob = cloned(work)
    trust(bob, [contact(store.as_uri())])
    git(bob.root, "reset", "-q", "--hard", "HEAD~1")
    remote = RemoteStore(Remote(name="store", url=store.as_uri(), packs="outside"))
    remote.mark(the_pack(ann), NOW)
    assert collect(bob, really=True, now=LATER).unmark == (("store", the_pack(ann)),)
    remote.mark(the_pack(ann), NOW)
    push(ann)
    assert names(store / "tombstones") == set()
    assert names(store / "packs") == {the_pack(ann)}


def test_a_damaged_mark_counts_as_none(ann: Repository, store: Path) -> None:
    lost = orphan(store)
    (store / "tombstones").mkdir()
    (store / "tombstones" / lost).write_bytes(b'{"marked": "19')
    assert collect(ann, really=True, now=LATER).delete == ()
    assert lost in names(store / "packs")


def test_a_remote_that_others_use_is_left_alone(ann: Repository, store: Path) -> None:
    lost = orphan(store)
    RemoteStore(Remote(name="store", url=store.as_uri(), packs="outside")).claim("f" * 40)
    found = collect(ann, really=True, now=LATER)
    assert (found.skipped, found.mark) == (("store",), ())
    assert lost in names(store / "packs")


def test_a_remote_that_nobody_trusted_is_not_opened(ann: Repository, store: Path, work: Path) -> None:
    orphan(store)
    bob = cloned(work)
    assert collect(bob, really=True, now=LATER).skipped == ("store",)
    assert names(store / "tombstones") == set()


def test_without_the_newest_branches_nothing_goes(ann: Repository, store: Path, work: Path) -> None:
    orphan(store)
    (work / "origin.git").rename(work / "away.git")
    with pytest.raises(RepositoryError, match="fetch"):
        collect(ann, really=True, now=LATER)
    (work / "away.git").rename(work / "origin.git")
    store.rename(work / "gone")
    with pytest.raises(RemoteError, match="no such folder"):
        collect(ann, really=True, now=LATER)
