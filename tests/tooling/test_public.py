"""The public names: the list is exact, every one is lazily importable, documented, and explains itself."""

import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import datacc

ROOT = Path(__file__).parents[2]
PUBLIC = ["Graph", "Program", "Snapshot", "__version__", "build", "errors", "load", "port"]


def test_the_list_is_exact() -> None:
    assert sorted(datacc.__all__) == PUBLIC
    assert dir(datacc) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_exists_and_explains_itself(name: str) -> None:
    value = getattr(datacc, name)
    if name != "__version__":
        assert inspect.getdoc(value)


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__version__"])
def test_a_public_name_is_documented(name: str) -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    assert any(f"datacc.{name}" in page.read_text(encoding="utf-8") for page in pages)


def test_a_name_that_is_not_public() -> None:
    with pytest.raises(AttributeError, match="Grph"):
        _ = datacc.Grph


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["version"]["path"] == "src/datacc/__init__.py"
    shown = subprocess.run([sys.executable, "-m", "datacc", "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout == f"datacc {datacc.__version__}\n"
