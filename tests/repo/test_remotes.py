"""Remotes of media: which URLs may name one, that packs go there, come back when read, and are what they claim."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import RemoteError, RepositoryError, TrustError, UsageError
from datacc.repo.find import Repository
from datacc.repo.identity import address
from datacc.repo.packs import Packs
from datacc.repo.remote_store import RemoteStore
from datacc.repo.remotes import Remote, add_remote, contact, read_remote, read_remotes, remove_remote
from datacc.repo.trust import trust, trusted
from tests.repo.exchange import addresses, all_media, begun, cloned, pushed, the_pack

REFUSED = [
    "simplecache::s3://bucket/x",
    "s3://bucket/x::file:///etc",
    "filecache::file:///x",
    "reference://x",
    "python://os",
    "http://example.org/x",
    "https://example.org/x",
    "ssh://host/x",
    "github://org:repo@/",
    "memory://x",
    "ext::sh -c id",
    "zip://x::file:///y.zip",
    "S3://bucket",
    "s3://key:secret@bucket/x",
    "s3://bucket/x?versionId=1",
    "s3://bucket/../other",
    "s3://bucket//x",
    "s3:///x",
    "s3://",
    "file://host/share",
    "file:///a?b",
    "file:///a*",
    "file:relative",
    "/plain",
    "",
]


@pytest.mark.parametrize("url", REFUSED)
def test_a_url_that_could_be_anything_else_is_refused(url: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        read_remote("remotes/x.json", json.dumps({"url": url, "packs": "outside"}).encode())
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["s3://bucket", "s3://our-bucket.data/a/b_c=d.e", "file:///srv/packs", "file:///C:/x"])
def test_a_folder_or_a_bucket_is_a_remote(url: str) -> None:
    text = json.dumps({"url": url, "packs": "both"}).encode()
    assert read_remote("remotes/x.json", text) == Remote(name="x", url=url, packs="both")


@given(st.binary(max_size=60) | st.from_regex(r'\{"url": "[a-z:/]*", "packs": [a-z"]*\}').map(str.encode))
def test_any_other_text_names_no_remote(text: bytes) -> None:
    with pytest.raises(RepositoryError, match=r"remotes/x\.json"):
        read_remote("remotes/x.json", text)


def test_a_remote_is_named_in_a_commit_and_trusted_by_who_named_it(empty: Repository, tmp_path: Path) -> None:
    (tmp_path / "a %20b").mkdir()
    remote = add_remote(empty, "store", str(tmp_path / "a %20b"), "outside", RemoteStore)
    assert (read_remotes(empty.git), remote.url) == ((remote,), (tmp_path / "a %20b").as_uri())
    assert Path(remote.folder) == tmp_path / "a %20b"
    assert trusted(empty) == {contact(remote.url)}
    assert empty.git.run("status", "--porcelain") == b""
    with pytest.raises(UsageError, match="already"):
        add_remote(empty, "store", str(tmp_path), "outside", RemoteStore)
    remove_remote(empty, "store")
    assert (read_remotes(empty.git), trusted(empty)) == ((), frozenset())
    assert empty.git.run("status", "--porcelain") == b""
    with pytest.raises(UsageError, match="no remote"):
        remove_remote(empty, "store")


@pytest.mark.parametrize("name", ["", "A", "../x", "a/b", "-a", "a" * 40, "a\n"])
def test_a_name_that_no_remote_can_have(empty: Repository, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        add_remote(empty, name, str(tmp_path), "outside", RemoteStore)


def test_a_remote_that_is_not_there_is_not_named(empty: Repository, tmp_path: Path) -> None:
    before = empty.git.commit_of("HEAD")
    with pytest.raises(RemoteError, match="no such folder"):
        add_remote(empty, "store", str(tmp_path / "nowhere"), "outside", RemoteStore)
    assert (empty.git.commit_of("HEAD"), trusted(empty)) == (before, frozenset())


def test_packs_lie_outside_git_and_are_read_from_here(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "store").mkdir()
    ann = begun(tmp_path, pictures, tmp_path / "store")
    assert not [path for path in ann.git.tree("HEAD") if path.endswith(".pack")]
    originals = {address(file.read_bytes()): file.read_bytes() for file in pictures.rglob("*.png")}
    assert all_media(ann) == originals
    assert not list((tmp_path / "store").iterdir())


def test_with_both_they_lie_in_git_and_are_copied(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "store").mkdir()
    ann = pushed(tmp_path, pictures, tmp_path / "store", "both")
    assert [path for path in ann.git.tree("HEAD") if path.endswith(f"{the_pack(ann)}.pack")]
    copy = tmp_path / "store" / "packs" / the_pack(ann)
    assert address(copy.read_bytes()) == copy.name


def test_a_clone_fetches_what_is_read_once_it_trusts(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "store").mkdir()
    ann = pushed(tmp_path, pictures, tmp_path / "store")
    bob = cloned(tmp_path)
    one = addresses(bob)[:1]
    with pytest.raises(TrustError, match="file:///"):
        all_media(bob, one)
    trust(bob, [contact(read_remotes(bob.git)[0].url)])
    assert all_media(bob, one) == all_media(ann, one)
    (tmp_path / "store").rename(tmp_path / "gone")  # what was read once is here
    assert all_media(bob) == all_media(ann)


def test_only_the_packs_that_are_needed_are_fetched(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datacc.repo.media.LARGEST_PACK", 600)
    (tmp_path / "store").mkdir()
    pushed(tmp_path, pictures, tmp_path / "store")
    bob = cloned(tmp_path)
    trust(bob, [contact(read_remotes(bob.git)[0].url)])
    assert len(list((tmp_path / "store" / "packs").iterdir())) > 4
    all_media(bob, addresses(bob)[:1])
    assert len(list((bob.root / ".datacc" / "packs").iterdir())) == 1


@pytest.mark.parametrize("data", [b"", b"half", None])
def test_a_pack_that_is_damaged_in_the_remote_is_refused(tmp_path: Path, pictures: Path, data: bytes | None) -> None:
    (tmp_path / "store").mkdir()
    ann = pushed(tmp_path, pictures, tmp_path / "store")
    pack = tmp_path / "store" / "packs" / the_pack(ann)
    if data is None:
        pack.unlink()
    else:
        pack.write_bytes(data)
    bob = cloned(tmp_path)
    trust(bob, [contact(read_remotes(bob.git)[0].url)])
    with pytest.raises(RemoteError, match="damaged" if data is not None else "in no remote"):
        all_media(bob)
    assert not list((bob.root / ".datacc").rglob("packs/*"))


def test_a_pack_that_is_damaged_here_is_fetched_again(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "store").mkdir()
    ann = pushed(tmp_path, pictures, tmp_path / "store")
    here = ann.root / ".datacc" / "packs" / the_pack(ann)
    good = here.read_bytes()
    here.write_bytes(good[:-1])
    assert Packs(ann).read(here.name) == good == here.read_bytes()


def test_a_damaged_pack_is_never_put(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="damaged"):
        RemoteStore(Remote(name="x", url=tmp_path.as_uri(), packs="outside")).put(address(b"a"), b"b")
    assert list(tmp_path.iterdir()) == []


def test_nothing_in_a_remote_is_overwritten(tmp_path: Path) -> None:
    store = RemoteStore(Remote(name="x", url=tmp_path.as_uri(), packs="outside"))
    data = b"some bytes"
    store.put(address(data), data)
    file = tmp_path / "packs" / address(data)
    before = file.stat()
    store.put(address(data), data)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    file.write_bytes(b"other bytes")
    with pytest.raises(RemoteError, match="damaged"):
        store.put(address(data), data)
    assert file.read_bytes() == b"other bytes"
    store.replace(address(data), data)
    assert store.get(address(data)) == data
    assert [path.name for path in (tmp_path / "packs").iterdir()] == [address(data)]
