"""What benches and gallery scripts take from datacc is there: no tool checks their types, and they run rarely."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted([*ROOT.glob("bench/**/*.py"), *ROOT.glob("gallery/**/*.py")])


def taken(script: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of each import from datacc."""
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "datacc":
            yield from ((node.module or "", alias.name) for alias in node.names)


def is_there(module: str, name: str) -> bool:
    return hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_script_takes_from_datacc_is_there(script: Path) -> None:
    missing = [f"{module}.{name}" for module, name in taken(script) if not is_there(module, name)]
    assert not missing
