"""Finds the line of a TOML file on which a key or table stands, for messages."""

import tomllib
from typing import Any

from datacc.spec.program import Program

Keys = tuple[str | int, ...]


def line_of(text: str, keys: Keys) -> int:
    """The 1-based line on which the statement that brings `keys` begins; keys are names and array indices.

    A prefix of whole statements is itself TOML, so the statement is found by parsing prefixes: nothing of TOML's
    grammar is repeated here. `keys` must be in the file.
    """
    lines = text.split("\n")
    without, within = 0, len(lines)
    while within - without > 1:
        middle = (without + within) // 2
        if _holds(_whole_statements(lines, middle)[1], keys):
            within = middle
        else:
            without = middle
    return _whole_statements(lines, within - 1)[0] + 1


def place(program: Program, *keys: str | int) -> str:
    """Where `keys` stand in the program's file, as "datacc.toml:25"; only the file's name when they do not."""
    try:
        text = program.path.read_text(encoding="utf-8") if program.path is not None else ""
        known = _holds(tomllib.loads(text), keys)
    except (OSError, ValueError):  # the file has gone or changed since it was read
        known = False
    return f"{program.file}:{line_of(text, keys)}" if known else program.file


def _whole_statements(lines: list[str], count: int) -> tuple[int, dict[str, Any]]:
    """The longest prefix of at most `count` lines that parses: its length and its content."""
    for length in range(count, 0, -1):
        try:
            return length, tomllib.loads("\n".join(lines[:length]) + "\n")
        except tomllib.TOMLDecodeError:
            continue
    return 0, {}


def _holds(value: Any, keys: Keys) -> bool:
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True
