"""The formats: what each reads, and what it calls bad."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import DataError
from datacc.intake import Format, Found
from datacc.registry import load, names


def read(path: Path) -> Found:
    (format,) = [load("intake", name) for name in names("intake") if load("intake", name).matches(path)]
    assert isinstance(format, Format)
    return format.read(path)


def table(tmp_path: Path, text: str | bytes, name: str = "data.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def cells(found: Found) -> list[dict[str, Any]]:
    return [dict(row.cells) for row in found.rows]


def test_every_format_claims_its_own_kind_of_path_alone(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name in ("a.csv", "a.tsv", "a.CSV", "a.jsonl", "a.npz", "a.exe"):
        (tmp_path / name).write_bytes(b"")
    claims = {p.name: [n for n in names("intake") if load("intake", n).matches(p)] for p in tmp_path.iterdir()}
    assert claims == {
        "folder.csv": ["folder"], "a.csv": ["table"], "a.tsv": ["table"], "a.CSV": ["table"],
        "a.jsonl": ["jsonl"], "a.npz": ["npz"], "a.exe": [],
    }  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["width", 'say, "what"; you|like\tit', "kind"], ["1.5", "a,b", "x"], ["2", "c;d", "y"]]
    text = "\r\n".join(delimiter.join('"' + c.replace('"', '""') + '"' for c in row) for row in rows)
    found = read(table(tmp_path, text))
    assert found.columns == tuple(rows[0])
    assert cells(found) == [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(tmp_path: Path, encoding: str) -> None:
    found = read(table(tmp_path, "größe,kind\n1,a\n".encode(encoding)))
    assert found.columns == ("größe", "kind")


def test_a_wrong_byte_is_named_by_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(table(tmp_path, b"a,b\n1,2\n3,caf\xe9\n"))
    assert caught.value.where.endswith("data.csv:3:6")
    assert "byte 6 of the line, 0xE9, is not UTF-8; in Windows-1252 it would be '3,café'" in caught.value.what
    assert "iconv" in caught.value.tries[0]


def test_ragged_rows_are_named_by_their_line(tmp_path: Path) -> None:
    found = read(table(tmp_path, 'a,b\n1,2\n\n"x\ny",3\n4\n5,6,7\n8,9\n'))
    assert [row.where for row in found.rows] == ["data.csv:2", "data.csv:4", "data.csv:8"]
    assert [(bad.where, bad.why) for bad in found.bad] == [
        ("data.csv:6", "has 1 cell; the header has 2: column 'b' is the first without one"),
        ("data.csv:7", "has 3 cells; the header has 2: '7' is one too many, after column 'b'"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "empty"), ("a,b,a\n1,2,3\n", "two columns are named 'a': 1, 3"), ('a,b\n"1,2\n3,4\n', "2:1: .*never closed")],
)
def test_a_hopeless_table_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(DataError, match=why):
        read(table(tmp_path, text))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_an_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("t") / "data.csv"
    path.write_bytes(data)
    try:
        found = read(path)
    except DataError:
        return
    assert all(set(row.cells) == set(found.columns) for row in found.rows)


def test_json_lines(tmp_path: Path) -> None:
    lines = ['{"size": 1, "x": [1, 2.5], "kind": "a"}', "", '{"kind": "b", "ok": true, "size": null}']
    found = read(table(tmp_path, "\n".join(lines), "d.jsonl"))
    assert found.columns == ("size", "x[0]", "x[1]", "kind", "ok")
    assert cells(found)[1] == {"size": None, "x[0]": None, "x[1]": None, "kind": "b", "ok": True}
    assert [row.where for row in found.rows] == ["d.jsonl:1", "d.jsonl:3"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b'{"a": {"b": 1}}', "is nested"),
        (b'{"a": "\xff"}', "byte 8 of the line is not UTF-8"),
        (b'{"a":' + b"[" * 100_000, "is nested too deeply"),
        (b'{"a": "\\ud800 alone"}', "half of a surrogate pair"),
    ],
)
def test_bad_json_lines_are_named(tmp_path: Path, line: bytes, why: str) -> None:
    found = read(table(tmp_path, b'{"a": 1}\n' + line + b"\n", "d.jsonl"))
    assert len(found.rows) == 1
    assert found.bad[0].where == "d.jsonl:2"
    assert why in found.bad[0].why


@pytest.mark.parametrize(("shape", "head"), [((3, 4, 5), b"P5\n5 4\n255\n"), ((3, 4, 5, 3), b"P6\n5 4\n255\n")])
def test_picture_arrays_become_files_that_say_the_same(tmp_path: Path, shape: tuple[int, ...], head: bytes) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.savez(tmp_path / "d.npz", images=pixels, labels=np.array([3, 1, 2]), source=np.array(["a", "b", "c"]))
    found = read(tmp_path / "d.npz")
    assert [row.read() for row in found.rows] == [head + picture.tobytes() for picture in pixels]
    assert [row.label for row in found.rows] == ["3", "1", "2"]
    assert cells(found) == [{"source": "a"}, {"source": "b"}, {"source": "c"}]
    image = load("types", "image")
    options = image.options(height=4, width=5, channels=shape[3] if len(shape) > 3 else 1)
    decoded = image.encode([row.read() for row in found.rows], options)
    np.testing.assert_array_equal(decoded.reshape(shape), pixels)


def test_rows_of_numbers_become_columns(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=np.array([[1.5, 2], [3, np.nan]]), y=np.array(["a", "b"]))
    found = read(tmp_path / "d.npz")
    assert found.columns == ("X0", "X1")
    assert found.rows[0].cells == {"X0": 1.5, "X1": 2.0}
    assert [row.where for row in found.rows] == ["d.npz[0]", "d.npz[1]"]


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    np.savez(tmp_path / "d.npz", x=np.array([Trap()], dtype=object))
    with pytest.raises(DataError, match="Python objects"):
        read(tmp_path / "d.npz")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"z": np.zeros(3)}, "has no array"),
        ({"x": np.zeros((3, 4, 5))}, "pictures are uint8"),
        ({"x": np.zeros((3, 4, 5, 2), np.uint8)}, "pictures are uint8"),
        ({"x": np.zeros((3, 2)), "y": np.zeros(4)}, "3 examples but labels of shape"),
    ],
)
def test_hopeless_archives_are_refused(tmp_path: Path, arrays: dict[str, Any], why: str) -> None:
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(DataError, match=why):
        read(tmp_path / "d.npz")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 torn", b"no archive"])
def test_a_damaged_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(DataError, match="is not a NumPy archive"):
        read(table(tmp_path, data, "d.npz"))


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "d.npz", x=np.zeros((1000, 100)))
    monkeypatch.setattr("datacc.intake.npz.LARGEST", 500_000)
    with pytest.raises(DataError, match="unpacks to 800"):
        read(tmp_path / "d.npz")


def test_a_folder_per_class(tmp_path: Path) -> None:
    for path in (
        "cat/1.png",
        "cat/deep/er/2.png",
        "dog/3.png",
        "loose.png",
        ".hidden/x",
        "cat/.DS_Store",
        "cat/Thumbs.db",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(path.encode())
    found = read(tmp_path)
    assert {row.where: row.label for row in found.rows} == {
        "cat/1.png": "cat", "cat/deep/er/2.png": "cat", "dog/3.png": "dog", "loose.png": None,
    }  # fmt: skip
    assert {row.split for row in found.rows} == {None}


def test_split_folders_above_the_classes(tmp_path: Path) -> None:
    for path in ("train/cat/1", "train/dog/2", "val/cat/3", "test/cat/4"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    assert {row.where: (row.split, row.label) for row in read(tmp_path).rows} == {
        "train/cat/1": ("learn", "cat"), "train/dog/2": ("learn", "dog"),
        "val/cat/3": ("tune", "cat"), "test/cat/4": ("judge", "cat"),
    }  # fmt: skip


def test_classes_called_like_splits_are_classes_beside_others(tmp_path: Path) -> None:
    for path in ("train/1", "bus/2"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_bytes(b"")
    assert {(row.split, row.label) for row in read(tmp_path).rows} == {(None, "train"), (None, "bus")}


def test_odd_things_in_a_folder_are_bad_or_harmless(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    os.mkfifo(tmp_path / "cat" / "pipe")
    (tmp_path / "cat" / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "cat" / "loop").symlink_to(tmp_path / "cat")
    Path(os.fsdecode(os.fsencode(tmp_path / "cat") + b"/caf\xe9")).write_bytes(b"x")
    found = read(tmp_path)
    assert [row.where for row in found.rows] == ["cat/caf\\xe9"]
    assert sorted(bad.where for bad in found.bad) == ["cat/gone", "cat/loop", "cat/pipe"]
    json.dumps([row.where for row in found.rows]).encode()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no files"):
        read(tmp_path)
