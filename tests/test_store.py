"""The store: what was put is got back, whole or not at all."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import ResourceError
from datacc.store import Store, digest, write_atomically

KEY = digest("key")


def test_it_gives_back_what_was_put(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.get(KEY) is None
    for data in (b"", b"one", b"two" * 1000):
        store.put(KEY, data)
        assert Store(tmp_path).get(KEY) == data


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: raw[:5], lambda raw: raw[:-1] + b"x"])
def test_a_damaged_entry_is_absent_and_goes(tmp_path: Path, damage: object, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(tmp_path)
    store.put(KEY, b"data")
    (entry,) = (path for path in tmp_path.rglob("*") if path.is_file())
    entry.write_bytes(damage(entry.read_bytes()))  # type: ignore[operator]
    assert store.get(KEY) is None
    assert not entry.exists()
    assert "damaged entries, which are removed and made anew" in caplog.text


def test_a_fresh_one_knows_only_its_own(tmp_path: Path) -> None:
    Store(tmp_path).put(KEY, b"before")
    fresh = Store(tmp_path, fresh=True)
    assert fresh.get(KEY) is None
    fresh.put(KEY, b"now")
    assert fresh.get(KEY) == Store(tmp_path).get(KEY) == b"now"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_atomically(tmp_path / "file", b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError):
        write_atomically(tmp_path / "file", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"old"}


class Disk:
    """Takes so many bytes below a folder, and refuses the next file as a full disk does."""

    def __init__(self, root: Path, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.room = root, room
        replace = os.replace
        monkeypatch.setattr(os, "replace", lambda old, new: self._refuse() or replace(old, new))

    def used(self) -> int:
        return sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file())

    def _refuse(self) -> None:
        if self.used() > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_drops_the_oldest_that_was_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    keys = [digest(str(n)) for n in range(9)]
    big = bytes(100_000)
    Disk(tmp_path, 450_000, monkeypatch)
    before = Store(tmp_path)
    for age, key in enumerate(keys[:4]):
        before.put(key, big)
        os.utime(before._path(key), (age, age))
    store = Store(tmp_path)
    assert store.get(keys[0]) == big
    for key in keys[4:6]:
        store.put(key, big)
    assert [Store(tmp_path).get(key) is not None for key in keys[:6]] == [True, False, False, True, True, True]
    assert [record.message.split(":")[-1] for record in caplog.records] == [" its oldest entries are removed"]


def test_what_the_disk_has_no_room_for_stays_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Disk(tmp_path, 1000, monkeypatch)
    store = Store(tmp_path)
    store.put(KEY, b"small")
    store.put("0" * 32, bytes(5000))
    store.put("1" * 32, bytes(6000))
    assert (store.get(KEY), store.get("0" * 32), store.get("1" * 32)) == (b"small", bytes(5000), bytes(6000))
    assert Store(tmp_path).get("0" * 32) is None
    assert ["cannot be written (the disk is full)" in record.message for record in caplog.records] == [True]
    store.put("0" * 32, b"fits")
    assert Store(tmp_path).get("0" * 32) == store.get("0" * 32) == b"fits"


def test_a_folder_that_cannot_be_made_costs_time_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache").write_text("a file in its place")
    store = Store(tmp_path / "cache" / "1")
    store.put(KEY, b"data")
    assert store.get(KEY) == b"data"
    store.drop(KEY)
    assert store.get(KEY) is None
    assert "cannot be written" in caplog.text


def test_what_is_dropped_is_gone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("0" * 32, b"value")
    store.drop("0" * 32)
    assert store.get("0" * 32) is None
    store.drop("0" * 32)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_the_digest_tells_where_parts_end(one: list[bytes], other: list[bytes]) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)
