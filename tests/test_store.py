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
def test_a_damaged_entry_is_absent_and_goes(tmp_path: Path, damage: object) -> None:
    store = Store(tmp_path)
    store.put(KEY, b"data")
    (entry,) = (path for path in tmp_path.rglob("*") if path.is_file())
    entry.write_bytes(damage(entry.read_bytes()))  # type: ignore[operator]
    assert store.get(KEY) is None
    assert not entry.exists()


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
