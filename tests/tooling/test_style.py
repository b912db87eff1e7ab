"""The house style that no linter checks: sizes, forbidden module names, docstrings that say what a file is for."""

import ast
from pathlib import Path

import pytest

import datacc

SOURCES = Path(datacc.__file__).parent
FILES = sorted(SOURCES.rglob("*.py"))
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "base", "core", "manager", "misc"}


def ids(path: Path) -> str:
    return path.relative_to(SOURCES).as_posix()


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_file_is_small_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_functions_are_short(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > 40] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [ids(path) for path in FILES if path.stem.strip("_") in FORBIDDEN or path.parent.name in FORBIDDEN] == []


def test_imports_stand_at_the_top() -> None:
    """What is loaded on demand goes through `import_module`: verbs, lazy public names, the registry."""
    inside = set()
    for path in FILES:
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function)
            ):
                inside.add(ids(path))
    assert inside == set()
