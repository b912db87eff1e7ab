"""Names as people and shells read them."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.shown import amount, label_command, part, seconds, shown, size

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(TEXTS)
def test_nothing_hidden_is_shown(text: str) -> None:
    plain = shown(text)
    assert all(c.isprintable() or c in "\u200c\u200d\u3000\xa0" or c.isspace() for c in plain)
    assert "\n" not in plain
    assert "\x1b" not in plain


def test_long_names_are_cut() -> None:
    assert len(shown("x" * 10_000)) == 60
    assert shown("x" * 10_000).endswith("…")


@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_a_shell_reads_back_the_very_class(names: list[str]) -> None:
    lines = "\n".join(f"printf '%s\\0' {label_command('0' * 32, name)}" for name in names)
    done = subprocess.run(["bash", "-c", lines], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    words = done.stdout.decode().split("\0")
    for name in names:
        command, words = words[: 4 + name.startswith("-")], words[4 + name.startswith("-") :]
        assert command == ["datacc", "label", *(["--"] if name.startswith("-") else []), "0" * 32, name]


@pytest.mark.parametrize("name", ["a\x1b[201~\nrm -rf ~", "x\u202ey", "$(touch x)", "`id`", "';id;'", "\r"])
def test_a_command_has_no_character_that_a_terminal_obeys(name: str) -> None:
    assert label_command("0" * 32, name).isprintable()


def test_amounts_have_three_digits() -> None:
    assert [amount(n) for n in (0, 812, 1_000, 31_416, 1_423_000, 2e9)] == [
        "0",
        "812",
        "1 k",
        "31.4 k",
        "1.42 M",
        "2 G",
    ]
    assert [size(n) for n in (812, 187_412)] == ["812 B", "187 kB"]
    assert [part(1, 3), part(0, 0)] == ["33.3 %", "–"]
    assert seconds(14.2345e-6) == "14.2 µs"
