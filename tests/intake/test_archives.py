"""Archives: a good one is the folder that was packed; a hostile or damaged one is refused whole, and writes nothing."""

import io
import os
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datacc.errors import DataError
from datacc.intake import hostile
from datacc.intake.importing import ImportOptions, import_examples
from datacc.registry import load
from datacc.repo.contents import read_contents
from datacc.repo.create import create

TARS = ("tar", "tar.gz", "tar.bz2", "tar.xz")
KINDS = ("zip", *TARS)
NAMES = {
    "up": "../evil.png",
    "up in the middle": "cat/../../evil.png",
    "up at the end": "cat/..",
    "absolute": "/tmp/evil.png",
    "two slashes": "//host/share/evil.png",
    "drive": "C:/evil.png",
    "drive, relative": "c:evil.png",
    "drive in the middle": "cat/d:evil.png",
    "backslash": "cat\\..\\..\\evil.png",
    "backslash at the front": "\\evil.png",
    "stream": "cat/evil.png:hidden",
    "line end": "cat/evil\n.png",
    "escape": "cat/\x1b[31mevil.png",
    "delete": "cat/evil\x7f.png",
    "carriage return": "cat/evil\r.png",
    "tab": "cat/ev\til.png",
    "C1": "cat/evil\x85.png",
    "reversed": "cat/\u202egnp.live",
    "line separator": "cat/evil\u2028.png",
    "long name": "cat/" + "a" * 256 + ".png",
    "long path": "a/" * 2100 + "evil.png",
    "long in bytes": "cat/" + "ä" * 130 + ".png",
}  # fmt: skip
FAULTS = ("leads out", "absolute", "drive letter", "backslash", "a stream", "cannot be seen", "overlong")
CLASHES = {
    "twice": ("cat/1.png", "cat/1.png"),
    "twice, spelt differently": ("cat/1.png", "cat/./1.png"),
    "two slashes": ("cat/1.png", "cat//1.png"),
    "case": ("cat/1.png", "cat/1.PNG"),
    "case of the folder": ("cat/1.png", "Cat/2.png"),
    "sharp s": ("cat/straße.png", "cat/STRASSE.png"),
    "NFC and NFD": ("cat/\u00e9.png", "cat/e\u0301.png"),
    "NFC and NFD folders": ("\u00e9/1.png", "e\u0301/2.png"),
    "ligature": ("cat/ﬁ.png", "cat/fi.png"),
    "file and folder": ("cat", "cat/1.png"),
    "folder and file": ("cat/1.png", "cat"),
}
LINKS = {
    "symlink": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "character device": tarfile.CHRTYPE,
    "block device": tarfile.BLKTYPE,
    "fifo": tarfile.FIFOTYPE,
}  # fmt: skip
MODES = {
    "symlink": 0o120777,
    "character device": 0o020666,
    "block device": 0o060666,
    "fifo": 0o010666,
    "socket": 0o140666,
}


def png(seed: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (4, 4), dtype=np.uint8)).save(file, "png")
    return file.getvalue()


GOOD = [("cat/0.png", png(0)), ("dog/1.png", png(1)), ("cat/2.png", png(2))]


def pack(path: Path, members: list[tuple[str, bytes]]) -> Path:
    """The members under exactly these names, whatever they are."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                info = zipfile.ZipInfo("x")
                info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
    else:
        with tarfile.open(path, f"w:{mode(path)}") as archive:
            for name, data in members:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return path


def mode(path: Path) -> str:
    return "" if path.suffix == ".tar" else path.suffix[1:]


def refused(path: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> DataError:
    """The error of reading `path`; no file is made anywhere meanwhile."""
    made: list[str] = []

    def writing(*args: object, **kwargs: object) -> None:
        made.append(str(args[0]))

    before = sorted(path.parent.rglob("*")), sorted(os.listdir(tempfile.gettempdir()))
    with monkeypatch.context() as patched:
        for name in ("mkdir", "symlink", "link", "mkfifo", "mknod"):
            patched.setattr(os, name, writing)
        patched.setattr(Path, "write_bytes", writing)
        with pytest.raises(DataError) as caught:
            load("intake", "archive").read(path)
    assert not made
    assert sorted(path.parent.rglob("*")) == before[0]
    assert caught.value.where == str(path)
    assert "\n" not in caught.value.what
    assert all(word in caught.value.what for word in words), caught.value.what
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [0, 3], ids=["first", "last"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_hostile_name(name: str, place: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [*GOOD[:place], (name, png(9)), *GOOD[place:]]
    error = refused(pack(tmp_path / f"pets.{kind}", members), monkeypatch, "nothing of it was read")
    assert any(fault in error.what for fault in FAULTS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("names", CLASHES.values(), ids=CLASHES)
def test_names_that_clash(names: tuple[str, str], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(UserWarning, match="Duplicate") if kind == "zip" and names[0] == names[1] else nothing():
        path = pack(tmp_path / f"pets.{kind}", [(name, png(n)) for n, name in enumerate(names)])
    refused(path, monkeypatch)


class nothing:  # noqa: N801
    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...


@pytest.mark.parametrize("kind", TARS)
@pytest.mark.parametrize("target", ["1.png", "../../etc/passwd", "/etc/passwd"])
@pytest.mark.parametrize("type", LINKS.values(), ids=LINKS)
def test_links_and_devices_in_a_tar(
    type: bytes, target: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(tmp_path / f"pets.{kind}", f"w:{kind[4:]}") as archive:
        entry = tarfile.TarInfo("cat/1.png")
        entry.type, entry.linkname = type, target
        archive.addfile(entry)
    refused(tmp_path / f"pets.{kind}", monkeypatch, "not a plain file")


@pytest.mark.parametrize("bits", MODES.values(), ids=MODES)
def test_links_and_devices_in_a_zip(bits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        info = zipfile.ZipInfo("cat/1.png")
        info.external_attr = bits << 16
        archive.writestr(info, "/etc/passwd")
    refused(tmp_path / "pets.zip", monkeypatch, "link or a device")


def test_a_name_with_a_zero_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "pets.zip", [("cat/evil#.png", png(1))])
    path.write_bytes(path.read_bytes().replace(b"evil#", b"evil\0"))
    refused(path, monkeypatch, "cannot be seen")


def encrypted(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02") + 8
    return data[:at] + b"\x01" + data[at + 1 :]


def overlapping(data: bytes) -> bytes:
    """Both members of the directory at the first one's bytes."""
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 1)
    return data[: second + 42] + data[first + 42 : first + 46] + data[second + 46 :]


def lying(data: bytes) -> bytes:
    """A directory that claims a few bytes where there are many."""
    at = data.index(b"PK\x01\x02") + 24
    return data[:at] + struct.pack("<I", 7) + data[at + 4 :]


def unknown_method(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02") + 10
    return data[:at] + struct.pack("<H", 99) + data[at + 2 :]


@pytest.mark.parametrize("change", [encrypted, overlapping, lying, unknown_method])
def test_a_zip_that_was_tampered_with(
    change: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / "pets.zip", GOOD)
    path.write_bytes(change(path.read_bytes()))
    refused(path, monkeypatch)


@pytest.mark.parametrize("kind", ["zip", *TARS[1:]])
def test_a_decompression_bomb(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / f"pets.{kind}", [*GOOD, ("cat/bomb.png", bytes(24 << 20))])
    refused(path, monkeypatch, "decompression bomb")


@pytest.mark.parametrize("kind", TARS[1:])
def test_a_bomb_in_a_header(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / f"pets.{kind}", f"w:{kind[4:]}", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("cat/1.png")
        entry.pax_headers = {"comment": "x" * (24 << 20)}
        archive.addfile(entry)
    refused(tmp_path / f"pets.{kind}", monkeypatch, "decompression bomb")


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_members_or_bytes(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / f"pets.{kind}", GOOD)
    with monkeypatch.context() as patched:
        patched.setattr(hostile, "MOST_MEMBERS", 2)
        refused(path, monkeypatch, "more than 2 members")
    with monkeypatch.context() as patched:
        patched.setattr(hostile, "LARGEST_MEMBER", 10)
        refused(path, monkeypatch, "10 are allowed")
    with monkeypatch.context() as patched:
        patched.setattr(hostile, "LARGEST", 100)
        refused(path, monkeypatch, "more than 100 bytes")


def cuts(size: int) -> Iterator[int]:
    yield from (0, 1, 100, size // 4, size // 2, 3 * size // 4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", range(6))
def test_a_truncated_archive(kind: str, part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pack(tmp_path / f"pets.{kind}", [(f"cat/{n}.png", png(n)) for n in range(30)])
    data = whole.read_bytes()
    whole.write_bytes(data[: list(cuts(len(data)))[part]])
    refused(whole, monkeypatch)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [png(0), b"a,b\n1,2\n", os.urandom(3000)], ids=["picture", "table", "noise"])
def test_what_is_no_archive(kind: str, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"pets.{kind}"
    path.write_bytes(data)
    refused(path, monkeypatch)


@pytest.mark.parametrize("top", ["", "pets/"], ids=["bare", "in one folder"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_good_archive_is_the_folder(kind: str, top: str, tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.zip", GOOD).read_bytes()
    members = [*GOOD, ("cat/more.zip", inner), ("__MACOSX/cat/._0.png", b"x"), (".DS_Store", b"x")]
    path = pack(tmp_path / f"pets.{kind}", [(top + name, data) for name, data in members])
    found = load("intake", "archive").read(path)
    assert [(row.where, row.label, row.read()) for row in found.rows] == sorted(
        (name, name[:3], data) for name, data in GOOD
    )
    assert "more.zip" in found.notes[0]
    repository = create(tmp_path / "repo", "pets").repository
    assert import_examples(repository, path, ImportOptions()).examples == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_in_an_archive(kind: str, tmp_path: Path) -> None:
    path = pack(tmp_path / f"rows.{kind}", [("deep/rows.csv", b"x,label\n1,a\n2,b\n")])
    found = load("intake", "archive").read(path)
    assert [dict(row.cells) for row in found.rows] == [{"x": "1", "label": "a"}, {"x": "2", "label": "b"}]


def test_a_bad_table_in_an_archive_is_named(tmp_path: Path) -> None:
    path = pack(tmp_path / "rows.zip", [("deep/rows.csv", b"x,x\n1,a\n")])
    with pytest.raises(DataError, match="two columns") as caught:
        load("intake", "archive").read(path)
    assert caught.value.where == f"{path}:deep/rows.csv:1"


def test_a_hostile_import_changes_nothing(tmp_path: Path) -> None:
    repository = create(tmp_path / "repo", "pets").repository
    read_contents(repository)  # so that the local index is there
    before = sorted(repository.root.rglob("*"))
    path = pack(tmp_path / "pets.zip", [*GOOD, ("../evil.png", png(5))])
    with pytest.raises(DataError, match="leads out"):
        import_examples(repository, path, ImportOptions(skip_bad=True))
    assert sorted(repository.root.rglob("*")) == before
    assert not (tmp_path / "evil.png").exists()
