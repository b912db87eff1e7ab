"""Texts: any string or bytes become a row of valid UTF-8 in the composed form, cut between characters or refused."""

import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import DataError
from datacc.types._typos import CASE_BIT, leave_out, misspell, shorten, swap
from datacc.types.text import ENTRY as TEXT
from datacc.types.text import TextOptions

SHORT = TextOptions(length=16)
ANY = st.text(st.characters(exclude_categories=()))  # lone surrogates included


def row(value: Any, options: TextOptions = SHORT) -> bytes:
    return TEXT.encode([value], options)[0].tobytes()


@given(st.one_of(ANY, st.binary()))
def test_a_row_is_a_beginning_of_the_text(value: str | bytes) -> None:
    found = row(value).decode()  # valid, whatever came in
    text = value if isinstance(value, str) else value.decode("utf-8", "replace")
    whole = unicodedata.normalize("NFC", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    kept = found[: len(whole)] if len(whole.encode()) <= 16 else found.rstrip("\0")
    assert whole.startswith(kept)
    assert set(found[len(kept) :]) <= {"\0"}
    if len(whole.encode()) > 16 and "\0" not in whole:
        assert len(whole[: len(kept) + 1].encode()) > 16, "one character more would not fit"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("e\u0301", "é".encode()),
        (b"e\xcc\x81", "é".encode()),
        ("\ud83d\ude00", "😀".encode()),
        ("a\ud83d", "a\ufffd".encode()),
        (b"a\xffb", "a\ufffdb".encode()),
        ("a\0b", b"a\0b"),
        ("שלום", "שלום".encode()),
        ("👩‍👩‍👧", "👩‍👩‍".encode()),
        (["one", "two"], b"one\ntwo"),
        ("", b""),
    ],
)
def test_a_text_in_any_form(value: Any, wanted: bytes) -> None:
    assert row(value) == wanted.ljust(16, b"\0")


def test_columns_are_lines() -> None:
    options = TextOptions(length=16, columns=("title", "body"))
    assert row({"body": "b", "title": "t", "other": "o"}, options).rstrip(b"\0") == b"t\nb"
    with pytest.raises(DataError, match="lacks the column 'body'"):
        row({"title": "t"}, options)


def test_long_texts_are_cut_or_refused() -> None:
    assert row("x" * 10_000_000) == b"x" * 16
    assert row("é" * 5_000_000) == ("é" * 8).encode()
    with pytest.raises(DataError, match="10,000,000 bytes; the program takes 16") as caught:
        row("x" * 10_000_000, TextOptions(length=16, longer="refuse"))
    assert 'longer = "cut"' in caught.value.tries


def test_the_inferred_length_holds_nearly_all() -> None:
    texts = ["x" * 40] * 97 + ["x" * 5000] * 3
    assert TEXT.infer(texts) == {"length": 64}
    assert TEXT.infer(["x" * 5000]) == {"length": 512}
    assert TEXT.infer([["one", "two"]]) == {"length": 32}


@given(st.lists(st.text(max_size=16), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_slips_keep_letters_and_all_other_bytes(texts: list[str], seed: int) -> None:
    batch = TEXT.encode(texts, TextOptions(length=64))
    found = misspell(batch, np.random.default_rng(seed))
    small = [np.sort(rows | CASE_BIT, axis=1) for rows in (batch, found)]
    np.testing.assert_array_equal(*small)
    others = batch >= 0x80
    np.testing.assert_array_equal(found[others], batch[others])
    for one in found:
        one.tobytes().decode()


def test_neighbours_change_places_and_none_moves_twice() -> None:
    batch = TEXT.encode(["abcd e1f"], SHORT)
    assert swap(batch, np.ones(batch.shape, bool))[0].tobytes().rstrip(b"\0") == b"bacd e1f"
    assert (swap(batch, np.zeros(batch.shape, bool)) == batch).all()


@given(st.lists(st.text(alphabet="ab é", max_size=20), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_pieces_are_whole_words_of_the_text(texts: list[str], seed: int) -> None:
    batch = TEXT.encode(texts, TextOptions(length=32))
    for one, text in zip(shorten(batch, np.random.default_rng(seed)), texts, strict=True):
        piece = one.tobytes().rstrip(b"\0").decode()
        assert one.tobytes() == piece.encode().ljust(32, b"\0")
        assert f" {piece} " in f" {text} "
        assert 3 * len(piece.encode()) >= len(text.encode()) - 2


@given(st.lists(st.text(alphabet="ab \u00e9", max_size=20), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_words_are_left_out_whole(texts: list[str], seed: int) -> None:
    batch = TEXT.encode(texts, TextOptions(length=64))
    for one, text in zip(leave_out(batch, np.random.default_rng(seed)), texts, strict=True):
        left = one.tobytes().rstrip(b"\0").decode()
        assert len(left.encode()) == len(text.encode())
        kept, words = left.split(" "), text.split(" ")
        assert all(word in words for word in kept if word)
        assert sum(map(bool, kept)) <= sum(map(bool, words))


def test_about_a_quarter_of_the_words_is_left_out() -> None:
    batch = TEXT.encode(["one two three four five six"] * 500, TextOptions(length=32))
    found = leave_out(batch, np.random.default_rng(0))
    words = sum(len(row.tobytes().rstrip(b"\0").split()) for row in found)
    assert 0.7 * 3000 < words < 0.8 * 3000
    assert TEXT.augment(batch, np.random.default_rng(0), TextOptions(length=32, augment="words")).shape == batch.shape


def test_no_augmentation_where_none_is_wanted() -> None:
    batch = TEXT.encode(["hello"], SHORT)
    assert TEXT.augment(batch, np.random.default_rng(0), TextOptions(length=16, augment="none")) is batch
