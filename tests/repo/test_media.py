"""Media: packed, found again byte for byte, damage and loss noticed."""

import io
from pathlib import Path

import pytest

from datacc.errors import DataError, RepositoryError
from datacc.repo import media
from datacc.repo.create import create
from datacc.repo.find import Repository
from datacc.repo.identity import address
from datacc.repo.media import read_media, write_packs
from datacc.repo.place import commit_new
from datacc.repo.staging import staging

FILES = [bytes([n]) * (n * 37 % 200) for n in range(30)]


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setattr(media, "LARGEST_PACK", 500)
    repository = create(tmp_path / "repo", "sounds").repository
    with staging(repository.root) as folder:
        named = sorted((address(data), io.BytesIO(data)) for data in FILES)
        commit_new(repository, write_packs(folder / "m", "media/run", named), "media")
    return repository


def test_media_come_back_byte_for_byte_from_several_packs(packed: Repository) -> None:
    tree = packed.git.tree("HEAD")
    assert len([path for path in tree if path.endswith(".pack")]) > 3
    wanted = [address(data) for data in FILES]
    assert read_media(packed.git, tree, wanted) == {address(data): data for data in FILES}


def test_no_pack_is_larger_than_it_may_be(packed: Repository) -> None:
    assert all(path.stat().st_size <= 500 for path in packed.root.rglob("*.pack"))


def test_a_missing_medium_is_an_error(packed: Repository) -> None:
    with pytest.raises(RepositoryError, match="1 file missing"):
        read_media(packed.git, packed.git.tree("HEAD"), [address(b"never seen")])


def test_a_damaged_medium_is_an_error(packed: Repository) -> None:
    pack = next(packed.root.glob("media/run/*.pack"))
    pack.write_bytes(bytes(byte ^ 1 for byte in pack.read_bytes()))
    packed.git.commit([pack.relative_to(packed.root).as_posix()], "damage")
    with pytest.raises(RepositoryError, match="is damaged"):
        read_media(packed.git, packed.git.tree("HEAD"), [address(data) for data in FILES])


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="changed while"):
        write_packs(tmp_path / "m", "media/run", [(address(b"before"), io.BytesIO(b"after"))])
