"""One linked program with two inputs for all tests of this folder, its wheel, and an empty environment."""

import subprocess
from pathlib import Path

import pytest

from datacc.registry import load
from tests.targets.programs import PICTURE, RECORD, Packed, packed
from tests.tools import PIP, empty_environment


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("zoo"), {**PICTURE, **RECORD})


@pytest.fixture(scope="session")
def wheel(zoo: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (path,) = load("targets", "wheel").make(zoo.built, tmp_path_factory.mktemp("wheel"))
    return Path(path)


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    found = empty_environment(folder, wheel)
    pip = [*PIP, "--python", str(found)]
    listed = subprocess.run([*pip, "list", "--format=freeze"], capture_output=True, text=True, check=True).stdout
    assert listed.split() == [f"zoo=={wheel.name.split('-')[1]}"]
    subprocess.run([*pip, "check"], check=True, stdout=subprocess.DEVNULL)
    return found
