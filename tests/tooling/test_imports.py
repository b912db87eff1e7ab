"""What is never imported: torch by anything but its back end, torchvision by nobody, the root package by its parts."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import datacc

SOURCES = Path(datacc.__file__).parent
ROOT = SOURCES.parents[1]


def imported(path: Path) -> Iterator[str]:
    """Every module that the file at `path` names in an import, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def modules_after(code: str, folder: Path) -> set[str]:
    """The modules that a fresh Python has loaded after `code`."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    return set(found.stdout.split("\n"))


def test_only_the_back_end_torch_imports_torch() -> None:
    using = {path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.py") if "torch" in imported_roots(path)}
    assert using == {"fit/torch.py"}


def imported_roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def test_torchvision_is_absent() -> None:
    assert importlib.util.find_spec("torchvision") is None
    assert not any("torchvision" in imported_roots(path) for path in SOURCES.rglob("*.py"))


def test_no_part_imports_names_from_the_root() -> None:
    guilty = []
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "datacc":
                names = {alias.name for alias in node.names}
                guilty += [(path.name, name) for name in names & set(datacc._HOMES)]
    assert guilty == []


@pytest.mark.parametrize(
    "code",
    [
        "import datacc",
        "import datacc.cli.app as app\nassert app.call(['--help']) == 0",
        "import datacc\ndatacc.load",
        "import datacc.cli.app as app\nassert app.call(['log', '--json']) == 5",
    ],
)
def test_torch_is_not_loaded(code: str, tmp_path: Path) -> None:
    loaded = modules_after(code, tmp_path)
    assert "datacc" in loaded
    assert not loaded & {"torch", "torchvision", "onnx", "scipy", "sklearn", "pandas"}


def test_help_loads_next_to_nothing(tmp_path: Path) -> None:
    loaded = modules_after("import datacc.cli.app as app\nassert app.call(['--help']) == 0", tmp_path)
    assert not loaded & {"numpy", "rich", "PIL", "tomlkit"}


def test_a_build_loads_no_pillow_before_there_is_a_picture_to_decode(tmp_path: Path) -> None:
    loaded = modules_after("import datacc.cli.build", tmp_path)
    assert "numpy" in loaded
    assert "PIL" not in loaded


@pytest.mark.parametrize("verb", ["run", "trust", "log", "status"])
def test_verbs_that_read_no_datacc_toml_load_nothing_that_reads_it(verb: str, tmp_path: Path) -> None:
    loaded = modules_after(f"import datacc.cli.{verb}", tmp_path)
    assert f"datacc.cli.{verb}" in loaded
    assert not loaded & {"datacc.spec.read"}


def test_the_import_contract_holds(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", ROOT / "pyproject.toml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stdout
    assert "Contracts: 3 kept, 0 broken." in ran.stdout


def test_the_contract_would_notice(tmp_path: Path) -> None:
    """The contract fails for a copy of the package in which a lower layer imports a higher one, or torch."""
    shutil.copytree(SOURCES, tmp_path / "src" / "datacc", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "src/datacc/store.py").open("a", encoding="utf-8") as file:
        file.write("\nimport torch\nimport datacc.repo.sealed\n")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert ran.returncode == 1
    assert "Contracts: 0 kept, 3 broken." in ran.stdout
