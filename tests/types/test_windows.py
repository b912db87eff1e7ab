"""Windows of long texts: whole characters, nothing left out, and one answer of those to all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.runtime.windows import join
from datacc.types.text import ENTRY as TEXT
from datacc.types.text import TextOptions
from datacc.types.windows import joined, windows

LETTERS = st.text(st.sampled_from("ab é€😀\0"), max_size=60)
LENGTHS = st.integers(8, 40)


@given(LETTERS, LENGTHS)
def test_windows_cover_the_text_and_hold_whole_characters(text: str, length: int) -> None:
    data, place = text.encode(), 0
    found = windows(data, length)
    for n, window in enumerate(found):
        window.decode()  # valid, whatever was cut
        assert len(window) <= length
        start = data.rfind(window, 0, place + len(window))
        assert start >= 0, f"bytes before window {n} are left out"
        place = max(place, start + len(window))
    assert place == len(data)
    assert data.endswith(found[-1])
    assert (len(found) == 1) == (len(data) <= length)


@given(LETTERS, LENGTHS)
def test_frozen_rows_are_the_windows(text: str, length: int) -> None:
    options = TextOptions(length=length, longer="windows")
    values = ["short", text, ""]
    first, (owners, more) = TEXT.encode(values, options), TEXT.further(values, options)
    found = [first[1].tobytes(), *(row.tobytes() for row in more)]
    assert found == [window.ljust(length, b"\0") for window in windows(text.encode(), length)]
    assert set(owners.tolist()) <= {1}


def test_what_is_cut_or_refused_has_one_row() -> None:
    for longer in ("cut", "refuse"):
        assert not len(TEXT.further(["x" * 99], TextOptions(length=16, longer=longer))[0])


def test_windows_have_room_for_a_character() -> None:
    with pytest.raises(ValueError, match="8 at least"):
        TextOptions(length=7, longer="windows")


@given(st.lists(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3), min_size=1, max_size=9))
def test_answers_are_joined_alike_in_lists_and_arrays(scores: list[list[float]]) -> None:
    """To the last bit, and as the mean that NumPy's exact sums give."""
    rows = [[int(np.argmax(one)), max(one), *one] for one in scores]
    label, confidence, *means = joined(rows, 0, 1, slice(2, 5))
    arrays = {"kind_scores": np.array(scores, np.float32)}
    found = join(arrays, "kind", np.zeros(len(scores), np.intp), 1)
    assert found["kind_scores"][0].tolist() == means
    assert (found["kind"].item(), found["kind_confidence"].item()) == (label, confidence)
    np.testing.assert_allclose(means, np.mean(scores, axis=0), atol=1e-12)
    assert means[label] == max(means) == confidence
    assert label == means.index(confidence)


def test_windows_of_several_texts_keep_apart() -> None:
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.1, 0.9]], np.float32)
    found = join({"kind_scores": scores}, "kind", np.array([0, 1, 1, 0]), 2)
    np.testing.assert_allclose(found["kind_scores"], [[0.5, 0.5], [0.3, 0.7]], atol=1e-7)
    assert found["kind"].reshape(-1).tolist() == [0, 1]
