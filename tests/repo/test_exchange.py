"""push, fetch, pull: packs before refs, nothing pushed without them, a broken push goes on where it stopped."""

from pathlib import Path

import pytest

from datacc.errors import RemoteError, RepositoryError, UsageError
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.exchange import fetch, pull, push
from datacc.repo.find import Repository
from datacc.repo.fold import fold
from datacc.repo.label import label
from datacc.repo.remote_store import RemoteStore
from datacc.repo.remotes import add_remote, contact, read_remotes, remove_remote
from datacc.repo.trust import trust
from tests.repo.exchange import addresses, all_media, begun, cloned, git, pushed, the_pack


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


def relabel(repository: Repository, number: int, name: str) -> str:
    id = addresses(repository)[number]
    label(repository, id, None, name)
    commit(repository)
    return id


def test_two_clones_exchange_labels_and_media(tmp_path: Path, pictures: Path, store: Path) -> None:
    ann = pushed(tmp_path, pictures, store)
    bob = cloned(tmp_path)
    trust(bob, [contact(store.as_uri())])
    one, other = relabel(ann, 0, "cat"), relabel(bob, 1, "dog")
    push(ann)
    with pytest.raises(RepositoryError, match="push") as caught:
        push(bob)
    assert caught.value.tries == ("datacc pull",)
    done = pull(bob)
    assert done.fetched.branches == {"main": ann.git.commit_of("HEAD")}
    push(bob)
    assert pull(ann).merged.commit == bob.git.commit_of("HEAD")
    ours, theirs = (fold(read_contents(side).operations()) for side in (ann, bob))
    assert [ours[id].fields for id in (one, other)] == [theirs[id].fields for id in (one, other)]
    assert all_media(bob) == all_media(ann)


def test_a_pack_is_there_before_the_branch_is(tmp_path: Path, pictures: Path, store: Path) -> None:
    ann = begun(tmp_path, pictures, store)
    hook = tmp_path / "origin.git" / "hooks" / "update"
    hook.write_text(f"#!/bin/sh\ntest -e '{store}/packs/{the_pack(ann)}'\n")
    hook.chmod(0o755)
    assert push(ann).put == {"store": (the_pack(ann),)}
    assert push(ann).put == {"store": ()}


def test_a_push_that_lacks_packs_is_refused_with_their_names(tmp_path: Path, pictures: Path, store: Path) -> None:
    ann = begun(tmp_path, pictures, store)
    name = the_pack(ann)
    (ann.root / ".datacc" / "packs" / name).rename(tmp_path / "kept")
    with pytest.raises(RepositoryError, match=name) as caught:
        push(ann)
    assert caught.value.tries
    assert (git(tmp_path / "origin.git", "for-each-ref"), list(store.iterdir())) == ("", [])
    (tmp_path / "kept").rename(ann.root / ".datacc" / "packs" / name)
    assert push(ann).put == {"store": (name,)}


def test_a_pack_that_is_needed_by_an_earlier_commit_counts(tmp_path: Path, pictures: Path, store: Path) -> None:
    ann = begun(tmp_path, pictures, store)
    name = the_pack(ann)
    git(ann.root, "rm", "-r", "-q", "media", "runs")
    git(ann.root, "commit", "-q", "-m", "take it all out")
    assert push(ann).put == {"store": (name,)}


def test_a_pack_without_any_remote_is_refused(tmp_path: Path, pictures: Path, store: Path) -> None:
    ann = begun(tmp_path, pictures, store)
    remove_remote(ann, "store")
    with pytest.raises(RepositoryError, match=f"no remote to put them into: '{the_pack(ann)}'"):
        push(ann)
    assert git(tmp_path / "origin.git", "for-each-ref") == ""


def test_a_half_written_pack_is_replaced_by_the_next_push(tmp_path: Path, pictures: Path, store: Path) -> None:
    ann = begun(tmp_path, pictures, store)
    (store / "packs").mkdir()
    (store / "packs" / the_pack(ann)).write_bytes(b"half")
    push(ann)
    assert (store / "packs" / the_pack(ann)).read_bytes() == (ann.root / ".datacc/packs" / the_pack(ann)).read_bytes()


def test_a_second_remote_is_made_whole_from_the_first(tmp_path: Path, pictures: Path, store: Path) -> None:
    pushed(tmp_path, pictures, store)
    bob = cloned(tmp_path)
    trust(bob, [contact(store.as_uri())])
    (tmp_path / "second").mkdir()
    add_remote(bob, "second", str(tmp_path / "second"), "outside", RemoteStore)
    assert push(bob).put == {"second": (the_pack(bob),), "store": ()}
    (store / "packs" / the_pack(bob)).unlink()
    cara = cloned(tmp_path, "cara")
    trust(cara, [contact(remote.url) for remote in read_remotes(cara.git)])
    assert len(all_media(cara)) == 40


def test_a_remote_that_fails_midway_leaves_the_branch_unpushed(
    tmp_path: Path, pictures: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datacc.repo.media.LARGEST_PACK", 600)
    ann = begun(tmp_path, pictures, store)
    whole, calls = RemoteStore.put, list[str]()

    def failing(self: RemoteStore, name: str, data: bytes) -> None:
        calls.append(name)
        if len(calls) == 3:
            raise RemoteError("it went away")
        whole(self, name, data)

    monkeypatch.setattr(RemoteStore, "put", failing)
    with pytest.raises(RemoteError):
        push(ann)
    assert git(tmp_path / "origin.git", "for-each-ref") == ""
    there = {path.name for path in (store / "packs").iterdir()}
    assert there == set(calls[:2])
    put = push(ann).put["store"]
    assert not there & set(put)
    assert {path.name for path in (store / "packs").iterdir()} == there | set(put)


def test_fetch_with_media_brings_all(tmp_path: Path, pictures: Path, store: Path) -> None:
    ann = pushed(tmp_path, pictures, store)
    bob = cloned(tmp_path)
    assert fetch(bob).untrusted == (store.as_uri(),)
    trust(bob, [contact(store.as_uri())])
    assert (fetch(bob, media=True).packs, fetch(bob, media=True).packs) == (1, 0)
    store.rename(tmp_path / "away")
    assert all_media(bob) == all_media(ann)


def test_plain_git_goes_on_working(tmp_path: Path, pictures: Path, store: Path) -> None:
    pushed(tmp_path, pictures, store)
    bob = cloned(tmp_path)
    relabel(bob, 2, "cat")
    git(bob.root, "push", "-q")
    git(tmp_path / "ann", "pull", "-q")
    assert git(tmp_path / "ann", "rev-parse", "HEAD") == git(bob.root, "rev-parse", "HEAD")


def test_what_cannot_be_exchanged(tmp_path: Path, pictures: Path, store: Path) -> None:
    ann = begun(tmp_path, pictures, store)
    with pytest.raises(UsageError, match="no branch"):
        pull(ann)
    with pytest.raises(UsageError, match="no remote 'nobody'; it knows origin"):
        push(ann, "nobody")
    git(ann.root, "checkout", "-q", "--detach")
    with pytest.raises(UsageError, match="detached"):
        push(ann)


def test_a_repository_without_remotes_of_media_is_pushed_as_it_is(tmp_path: Path, repository: Repository) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    git(repository.root, "remote", "add", "origin", "../origin.git")
    assert push(repository).put == {}
    assert len(all_media(cloned(tmp_path))) == 40
