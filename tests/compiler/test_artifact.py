"""The folder of an artifact: another's files are never replaced, and an exchange is whole or undone."""

import errno
import json
import os
from pathlib import Path

import pytest

from datacc.compiler.artifact import recover, replacing
from datacc.errors import UsageError


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="other files"), replacing(home):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["home", "thesis.txt"]


def test_a_file_or_a_link_is_no_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        with pytest.raises(UsageError, match="folder of its own"), replacing(tmp_path / name):
            pass
    with pytest.raises(UsageError, match="cannot be made"), replacing(tmp_path / "file" / "below"):
        pass


def test_an_artifact_or_an_empty_folder_is_replaced(tmp_path: Path) -> None:
    place = tmp_path / "program"
    place.mkdir()
    for text in ("one", "two"):
        with replacing(place) as fresh:
            (fresh / "interface.json").write_text(text)
    assert (place / "interface.json").read_text() == "two"
    assert (place / "previous" / "interface.json").read_text() == "one"


def test_an_exchange_cut_off_half_way_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "flowers"
    folder.mkdir(parents=True)
    (folder / "graph.dcc").write_bytes(b"good")
    folder.rename(folder.with_name(".flowers.old"))  # as if the process had died between the two renames
    recover(folder)
    assert (folder / "graph.dcc").read_bytes() == b"good"
    assert not folder.with_name(".flowers.old").exists()


def test_an_interruption_between_the_two_renames_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "build" / "flowers"
    folder.mkdir(parents=True)
    (folder / "graph.dcc").write_bytes(b"good")
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if path.name.startswith(".flowers.new"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), replacing(folder):
        pass
    assert (folder / "graph.dcc").read_bytes() == b"good"
    assert [path.name for path in folder.parent.iterdir()] == ["flowers"]


def test_two_builds_at_a_time_do_not_meet_and_a_killed_one_is_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "build" / "flowers"
    killed = folder.with_name(".flowers.new-1")
    killed.mkdir(parents=True)
    os.utime(killed, (0, 0))
    with replacing(folder) as first:
        (first / "graph.dcc").write_text("first")
        monkeypatch.setattr(os, "getpid", lambda: 2)
        with replacing(folder) as second:
            (second / "graph.dcc").write_text("second")
        assert (folder / "graph.dcc").read_text() == "second"
    assert (folder / "graph.dcc").read_text() == "first"
    assert [path.name for path in folder.parent.iterdir()] == ["flowers"]


def test_the_artifact_before_is_kept_until_the_program_changes_again(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "flowers"
    for text in ("one", "two", "two"):
        with replacing(folder) as fresh:
            (fresh / "graph.dcc").write_text(text)
            (fresh / "interface.json").write_text("{}")
    assert (folder / "previous" / "graph.dcc").read_text() == "one"
    assert not (folder / "previous" / "previous").exists()


def test_other_examples_are_another_build_even_of_the_same_graph(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "flowers"
    for examples in ("before", "relabelled", "relabelled"):
        build(folder, examples)
    assert digest(folder / "previous") == "before"


@pytest.mark.parametrize("damaged", ["", '{"data":', '{"data": 3}', "[]"])
def test_what_was_damaged_is_not_kept_to_be_compared_with(tmp_path: Path, damaged: str) -> None:
    """Damaged itself, an artifact gives way to the one that it replaced; if that is damaged, nothing is kept."""
    folder = tmp_path / "build" / "flowers"
    build(folder, "first")
    build(folder, "second")
    (folder / "report.json").write_text(damaged)
    build(folder, "third")
    assert digest(folder / "previous") == "first"
    (folder / "previous" / "report.json").write_text(damaged)
    build(folder, "third")
    assert not (folder / "previous").exists()
    build(folder, "fourth")
    assert digest(folder / "previous") == "third"


def build(folder: Path, examples: str) -> None:
    with replacing(folder) as fresh:
        (fresh / "graph.dcc").write_text("graph")
        (fresh / "report.json").write_text(json.dumps({"data": {"digest": examples}}))


def digest(folder: Path) -> object:
    return json.loads((folder / "report.json").read_text())["data"]["digest"]


def test_a_disk_that_fills_up_is_named_by_the_folder(tmp_path: Path) -> None:
    """What a write raises names no file; what an open raises does, and keeps it."""
    for given, named in ((None, "build/.flowers.new-"), ("elsewhere", "elsewhere")):
        with pytest.raises(OSError, match="No space left") as caught, replacing(tmp_path / "build" / "flowers"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), given)
        assert named in caught.value.filename
