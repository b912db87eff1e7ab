"""The folder of an artifact: another's files are never replaced."""

from pathlib import Path

import pytest

from datacc.compiler.artifact import replacing
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
