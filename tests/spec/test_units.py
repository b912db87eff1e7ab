"""Quantities: every shown text reads back as the same number, and a wrong unit is answered with a right one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import SpecError
from datacc.spec import units


@given(st.integers(1, 10**15))
def test_bytes_round_trip(count: int) -> None:
    assert units.parse_bytes(units.show_bytes(count)) == count


@given(st.integers(1, 10**15))
def test_work_round_trip(count: int) -> None:
    assert units.parse_work(units.show_work(count)) == count


@given(st.floats(1e-12, 1e6, allow_nan=False))
def test_seconds_round_trip(seconds: float) -> None:
    assert units.parse_seconds(units.show_seconds(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [("200 kB", 200_000), ("32 KiB", 32_768), ("1.5 KiB", 1536), ("41,472 B", 41_472), ("2MiB", 2_097_152)],
)
def test_bytes_of_known_texts(text: str, count: int) -> None:
    assert units.parse_bytes(text) == count


@pytest.mark.parametrize(("text", "seconds"), [("50 us", 5e-5), ("50 µs", 5e-5), ("2ms", 2e-3), ("800 ns", 8e-7)])
def test_seconds_of_known_texts(text: str, seconds: float) -> None:
    assert units.parse_seconds(text) == seconds


@pytest.mark.parametrize(
    ("count", "text"), [(32_768, "32 KiB"), (250_000, "250 kB"), (3 * 2**20, "3 MiB"), (1_000_001, "1000001 B")]
)
def test_bytes_are_shown_in_the_largest_whole_unit(count: int, text: str) -> None:
    assert units.show_bytes(count) == text


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("200 KB", "200 kB"),
        ("200 KB", "200 KiB"),
        ("200 kb", "200 KiB"),
        ("200 mb", "200 MB"),
        ("200", "200 B"),
        ("1.5", "1.5 kB"),
    ],
)
def test_a_wrong_unit_is_answered_with_a_right_one(text: str, suggestion: str) -> None:
    with pytest.raises(SpecError) as caught:
        units.parse_bytes(text)
    assert f'"{suggestion}"' in caught.value.tries
    for one in caught.value.tries:
        units.parse_bytes(one.strip('"'))


@pytest.mark.parametrize("text", ["0 B", "-5 B", "1.5 B", "", "kB", "1e3 B", "nan B", "٣ B", "5 B B"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        units.parse_bytes(text)


@pytest.mark.parametrize("text", ["1", "1.5", "2000", "0", "1 XB", "no", "1.5 B", ""])
def test_what_is_to_be_tried_is_read(text: str) -> None:
    for parse in (units.parse_bytes, units.parse_seconds, units.parse_work):
        with pytest.raises(SpecError) as caught:
            parse(text)
        assert caught.value.tries
        for one in caught.value.tries:
            parse(one.strip('"'))
