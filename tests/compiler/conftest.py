"""A store of its own for each test, and one program that was built, to be copied."""

import shutil
from pathlib import Path

import pytest

from datacc.compiler.build import build
from datacc.store import Store
from tests.compiler.tables import program_in


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the inferred program was built, made once; nobody may change it."""
    folder = tmp_path_factory.mktemp("once")
    build(program_in(folder), folder)
    return folder


@pytest.fixture
def built(once: Path, tmp_path: Path) -> Path:
    """A copy of such a folder, cache included."""
    return Path(shutil.copytree(once, tmp_path / "built"))
