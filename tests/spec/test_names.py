"""Names that every target language can carry."""

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import SpecError
from datacc.spec.names import check_name, identifier


@given(st.text())
def test_every_text_has_a_name_near_it(text: str) -> None:
    name = identifier(text, module=True)
    assert check_name(name, module=True) == name
    assert re.fullmatch("[a-z][a-z0-9_]*", name)
    assert not keyword.iskeyword(name)


@given(st.text(max_size=60))
def test_a_good_name_stays_as_it_is(text: str) -> None:
    try:
        good = check_name(text)
    except SpecError:
        return
    if len(good) <= 46 and not good.endswith("_") and "__" not in good:
        assert identifier(good) == good


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("Digits", "digits"),
        ("my digits", "my_digits"),
        ("7segment", "n7segment"),
        ("int", "int_1"),
        ("class", "class_1"),
        ("await", "await_1"),
        ("exp", "exp_1"),
        ("json", "json_1"),
        ("datacc", "datacc_1"),
        ("pip", "pip_1"),
        ("index", "index_1"),
        ("con", "con_1"),
        ("Größe", "gro"),
        ("../../etc/passwd", "etc_passwd"),
        ('x*/"\n', "x"),
        ("\u202etxt", "txt"),
        ("数字", "program"),
        ("a" * 10_000, "a" * 46),
        ("", "program"),
    ],
)
def test_a_bad_name_is_answered_with_a_good_one(name: str, better: str) -> None:
    with pytest.raises(SpecError) as caught:
        check_name(name, module=True)
    assert better in caught.value.tries[0]
    assert len(str(caught.value)) < 300


def test_a_field_may_be_called_like_a_python_module() -> None:
    assert check_name("queue") == "queue"
    with pytest.raises(SpecError, match="module of Python or Node"):
        check_name("queue", module=True)


def test_a_field_may_be_called_like_a_function_of_libc() -> None:
    assert check_name("index") == "index"
    with pytest.raises(SpecError, match="C library"):
        check_name("index", module=True)
