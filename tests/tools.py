"""Programs that some tests compare with: without one the test is skipped and says why; in CI it fails instead."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest


def need(program: str) -> str:
    """The path of `program`."""
    found = shutil.which(program)
    if found is None:
        lacking(f"there is no {program} on this machine")
    return str(found)


def lacking(what: str) -> None:
    """Skip the test that lacks something, unless this is CI, which must have everything."""
    said = f"{what}\n  try: make deps"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def installed(wheel: Path, site: Path) -> Path:
    """The folder `site`, into which the wheel is installed and nothing else."""
    subprocess.run(
        [*PIP, "install", "-q", "--no-index", "--no-deps", "--target", str(site), str(wheel)],
        check=True,
        capture_output=True,
    )
    return site


def empty_environment(folder: Path, wheel: Path) -> Path:
    """The interpreter of an environment in `folder` that holds the wheel and nothing else."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    subprocess.run([*PIP, "--python", str(python), "install", "--no-index", "-q", str(wheel)], check=True, cwd=folder)
    return python
