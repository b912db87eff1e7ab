"""Names: what may be a class or a column, and how they are sorted."""

import pytest

from datacc.errors import DataError
from datacc.repo.names import check_name, natural

GOOD = ["cat", "a'b\"c", "*/", "../x", "a\\b", "Straße", "日本語", "👩‍👩‍👧", "é", "N/A", "x" * 200]
BAD = {
    "a\nb": "U+000A",
    "a\0b": "U+0000",
    "\u202eevil": "U+202E",
    "a\u2066b": "U+2066",
    "a\u2028b": "U+2028",
    "a\x7fb": "U+007F",
    "\udc80": "U+DC80",
    "": "empty",
    " cat": "blanks",
    "x" * 10_000: "10,000 bytes",
    "ü" * 101: f"{'ü' * 39}…' has 202 bytes",
}


@pytest.mark.parametrize("name", GOOD)
def test_good_names_stay_as_they_are(name: str) -> None:
    assert check_name(name, "class") == name


@pytest.mark.parametrize(("name", "why"), BAD.items(), ids=range(len(BAD)))
def test_bad_names_are_refused_and_shown_harmlessly(name: str, why: str) -> None:
    with pytest.raises(DataError) as caught:
        check_name(name, "class", "data.csv:7")
    text = str(caught.value)
    assert why in text
    assert text.startswith("data.csv:7: ")
    assert caught.value.tries
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text) < 400


def test_numbers_are_sorted_as_numbers() -> None:
    assert sorted(["10", "9", "a2", "a10", "a", "1"], key=natural) == ["1", "9", "10", "a", "a2", "a10"]
    assert sorted(["٣", "2", "²"], key=natural)[0] == "2"
