"""What is pinned agrees with what is asked for, and set-up says the one line that mends what is missing."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = {
    pin.name: pin
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
    for pin in [Requirement(line)]
}
ASKED = [
    requirement
    for lines in [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for line in lines
    for requirement in [Requirement(line)]
    if requirement.name != "datacc"
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_every_range_holds_its_pin(asked: Requirement) -> None:
    [pin] = PINS[asked.name].specifier
    assert pin.operator == "=="
    assert pin.version in asked.specifier


def test_pins_can_be_installed_by_anybody() -> None:
    assert not [name for name, pin in PINS.items() if "+" in str(pin.specifier)]


def test_the_core_is_light() -> None:
    core = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert not core & {"torch", "onnx", "onnxruntime", "scipy", "scikit-learn", "pandas"}


@pytest.mark.parametrize(
    ("present", "advice"),
    [
        ([], "apt-get install python3 python3-venv"),
        (["python3"], "apt-get install git"),
        (["python3", "git"], "free some space"),
    ],
)
def test_set_up_says_what_mends_it(tmp_path: Path, present: list[str], advice: str) -> None:
    """A copy of the project on a machine that lacks something, down to a full disk (a `df` that says so)."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ["sh", "dirname", "awk", *present]:
        found = shutil.which(name)
        assert found
        (programs / name).write_text(f'#!/bin/sh\nPATH={os.environ["PATH"]} exec {found} "$@"\n')
        (programs / name).chmod(0o755)
    (programs / "df").write_text("#!/bin/sh\nprintf 'Filesystem 1024-blocks Used Available\\nx 9 9 1000000\\n'\n")
    (programs / "df").chmod(0o755)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "set-up", tmp_path / "tools")
    ran = subprocess.run(
        ["/bin/sh", str(tmp_path / "tools" / "set-up")], env={"PATH": str(programs)}, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert advice in ran.stderr
    assert ran.stderr.startswith("error: ")
    assert not (tmp_path / ".venv").exists()
