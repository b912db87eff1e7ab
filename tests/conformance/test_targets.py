"""What every target promises: it writes what it names, nothing else, and the same bytes again."""

from pathlib import Path

import pytest

from datacc.registry import load, names
from tests.targets.programs import PICTURE, Packed, packed


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("zoo"), PICTURE)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", names("targets"))
def test_a_target_writes_what_it_names_and_the_same_again(name: str, program: Packed, tmp_path: Path) -> None:
    target = load("targets", name)
    files = target.make(program.built, tmp_path)
    assert sorted(files) == _files(tmp_path)
    before = {path: path.read_bytes() for path in files}
    assert all(before.values())
    assert target.make(program.built, tmp_path) == files
    assert {path: path.read_bytes() for path in _files(tmp_path)} == dict(sorted(before.items()))


@pytest.mark.parametrize("name", names("targets"))
def test_no_target_carries_the_folder_it_was_made_in(name: str, program: Packed, tmp_path: Path) -> None:
    for path in load("targets", name).make(program.built, tmp_path):
        for folder in (str(tmp_path), str(Path.cwd()), str(program.built.library.path.parent)):
            assert folder.encode() not in path.read_bytes()
