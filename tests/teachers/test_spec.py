"""`[teacher]` in `datacc.toml`: what is not there or wrong is told with its line, what is written reads back."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datacc.errors import SpecError
from datacc.sources.table import infer_program
from datacc.spec.program import Teacher
from datacc.spec.read import read_program
from datacc.spec.write import program_toml
from tests.laws import about
from tests.teachers.conftest import Place


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('function = "mine"', "no module and a function"),
        ('function = "nowhere_at_all:kind"', "no module nowhere_at_all is installed"),
        ('command = ""', "empty"),
        ("command = 'a \"b'", "quotation"),
        ('onnx = "none.onnx"', "there is no none.onnx"),
    ],
)
def test_teachers_that_are_not_there(place: Place, line: str, said: str) -> None:
    place.teacher(line)
    with pytest.raises(SpecError, match=f"(?i){said}"):
        place.snapshot()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("most = 3", "a teacher is one of command, function, onnx"),
        ('function = "a:b"\ncommand = "c"', "function and command"),
        ('function = "a:b"\nmost = 0', "between 1 and"),
        ('function = "a:b"\nprice = "cheap"', "no price"),
        ('functoin = "a:b"', "functoin"),
        ("function = 3", "must be text"),
    ],
)
def test_a_table_that_is_wrong_has_its_line(place: Place, lines: str, said: str) -> None:
    place.teacher(lines)
    with pytest.raises(SpecError, match=said) as raised:
        read_program(place.root / "datacc.toml")
    assert raised.value.where.startswith("datacc.toml:")


@given(
    st.sampled_from(["function", "command", "onnx"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20),
    st.integers(0, 10**9).map(lambda one: one / 10**4),
    st.none() | st.integers(1, 10**9),
    st.integers(1, 3600),
    st.lists(st.text("abc é\"'", min_size=1, max_size=5), max_size=3),
)
@settings(max_examples=about(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back(
    tmp_path: Path, kind: str, what: str, price: float, most: int | None, seconds: int, classes: list[str]
) -> None:
    teacher = Teacher(kind=kind, what=what, price=price, currency="EUR" if price else "", most=most, seconds=seconds,
                      classes=tuple(classes))  # fmt: skip
    program = infer_program(_table(tmp_path), "kind")
    (tmp_path / "datacc.toml").write_text(program_toml(replace(program, teacher=teacher)), encoding="utf-8")
    found = read_program(tmp_path / "datacc.toml").teacher
    assert found is not None
    assert found.price == pytest.approx(price)
    assert (found.kind, found.what, found.most, found.seconds, found.classes) == (
        kind, what, most, seconds, tuple(classes),
    )  # fmt: skip


def _table(folder: Path) -> Path:
    path = folder / "sticks.csv"
    if not path.exists():
        path.write_text("width,kind\n" + "".join(f"{n}.5,{'ab'[n % 2]}\n" for n in range(30)))
    return path
