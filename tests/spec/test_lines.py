"""The line of a key is that of the statement that brings it, whatever TOML lies around it."""

import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from datacc.spec.lines import line_of, place
from datacc.spec.read import read_program

TEXT = '''\
name = "digits"

# [budget] in a comment
note = """
[budget]
latency = 1
"""
list = [
  1,
  2,
]
[input.picture]
type = "image" # a comment
[[check]]
metric = "recall"
[[check]]
metric = "accuracy"
where = { source = "phone" }
a.b.c = 1
'''


def test_the_lines_of_keys_tables_and_array_tables() -> None:
    expected = {
        ("name",): 1,
        ("note",): 4,
        ("list",): 8,
        ("input",): 12,
        ("input", "picture"): 12,
        ("input", "picture", "type"): 13,
        ("check",): 14,
        ("check", 0, "metric"): 15,
        ("check", 1): 16,
        ("check", 1, "where", "source"): 18,
        ("check", 1, "a", "b", "c"): 19,
    }
    assert {keys: line_of(TEXT, keys) for keys in expected} == expected


def test_windows_line_ends() -> None:
    assert line_of(TEXT.replace("\n", "\r\n"), ("check", 1)) == 16


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=20), min_size=1, max_size=8))
def test_any_key_is_found_where_its_statement_begins(values: dict[str, Any]) -> None:
    text = tomlkit.dumps(values)
    for number, key in enumerate(values, 1):
        assert line_of(text, (key,)) == number
        assert key in tomllib.loads("\n".join(text.split("\n")[:number]))


def test_a_place_names_the_line_while_the_file_is_as_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "datacc.toml"
    fields = '[input.x]\ntype = "record"\ncolumns = ["a"]\n[output.y]\ntype = "label"\n'
    text = f'name = "p"\n{fields}[budget]\nwork = "5 MAC"\n'
    path.write_text(text)
    program = read_program(path)
    assert place(program, "budget", "work") == "datacc.toml:8"
    assert place(program, "goal", "accuracy") == "datacc.toml"
    path.write_text("not toml [")
    assert place(program, "budget", "work") == "datacc.toml"
    path.unlink()
    assert place(program, "budget", "work") == "datacc.toml"
