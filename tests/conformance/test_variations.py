"""What every variation promises, and that it does what it is called, by SciPy and by arithmetic."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from datacc.errors import SpecError
from datacc.registry import load, names
from datacc.variations import Variation
from tests.conformance.samples import INPUTS

NAMES = names("variations")
OPTIONS: dict[str, dict[str, Any]] = {
    "rotate": {"degrees": 30},
    "shift": {"pixels": 2},
    "brightness": {},
    "jitter": {"share": 0.1},
    "swap": {"column": "b"},
    "typo": {"share": 0.5},
    "case": {},
    "spacing": {"share": 0.5},
}


def opened(name: str) -> tuple[Variation, Any, Any, Any]:
    """The variation, its options, those of its input, and the sample of that type, encoded."""
    variation: Variation = load("variations", name)
    type_, sample = load("types", variation.varies), INPUTS[variation.varies]
    of = type_.options(**sample.options)
    return variation, variation.options(**OPTIONS[name]), of, type_.encode(sample.good, of)


def chance(count: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, n]) for n in range(count)]


def smooth(count: int = 8, h: int = 24, w: int = 20, channels: int = 1) -> Any:
    noise = np.random.default_rng(1).uniform(0, 255, (count, h, w, channels))
    return ndimage.gaussian_filter(noise, (0, 3, 3, 0), mode="nearest").clip(0, 255).astype(np.uint8)


def test_every_variation_is_tried() -> None:
    assert sorted(OPTIONS) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_the_type_and_the_batch_and_follows_its_chance(name: str) -> None:
    variation, options, of, batch = opened(name)
    before = batch.copy()
    variation.refuse(options, of)
    first, again = (variation.vary(batch, chance(len(batch)), options, of, batch) for _ in range(2))
    other = variation.vary(batch, chance(len(batch), seed=1), options, of, batch)
    np.testing.assert_array_equal(batch, before)
    np.testing.assert_array_equal(first, again)
    assert (first.dtype, first.shape) == (batch.dtype, batch.shape)
    assert not np.array_equal(first, batch)
    assert not np.array_equal(first, other)
    assert np.isfinite(first).all()
    assert variation.vary(batch[:0], [], options, of, batch).shape == batch[:0].shape


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_varied_the_same_in_any_company(name: str) -> None:
    variation, options, of, batch = opened(name)
    together = variation.vary(batch, chance(len(batch)), options, of, batch)
    for n in range(len(batch)):
        alone = variation.vary(batch[n : n + 1], chance(len(batch))[n : n + 1], options, of, batch)
        np.testing.assert_array_equal(alone[0], together[n])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_rotated_as_scipy_rotates_it(channels: int) -> None:
    rotate, batch = load("variations", "rotate"), smooth(channels=channels)
    found = rotate.vary(batch, chance(len(batch)), rotate.options(degrees=25), None, batch)
    for n, drawn in enumerate(chance(len(batch))):
        angle = drawn.uniform(-25, 25)
        wanted = [
            ndimage.rotate(batch[n].astype(float), sign * angle, order=1, mode="nearest", reshape=False)
            for sign in (1, -1)
        ]
        off = [np.abs(found[n] - one).max() for one in wanted]
        assert min(off) <= 2, "levels of 256: places are told in 64ths of a pixel"
        assert max(off) > 8, "the picture is no symmetric one"


def test_a_rotation_reaches_both_sides_and_never_goes_beyond() -> None:
    """A bright pixel at the right edge stays within the angle, above and below."""
    rotate = load("variations", "rotate")
    batch = np.zeros((200, 41, 41, 1), np.uint8)
    batch[:, 20, 40] = 255
    found = rotate.vary(batch, chance(200), rotate.options(degrees=10), None, batch)[..., 0].astype(float)
    columns = found[:, :, 36:].sum(axis=2)
    heights = (columns @ np.arange(41)) / columns.sum(axis=1) - 20
    angles = np.rad2deg(np.arcsin(heights / 20))
    assert np.abs(angles).max() < 11
    assert angles.min() < -8
    assert angles.max() > 8


def test_a_picture_is_shifted_as_scipy_shifts_it() -> None:
    shift, batch = load("variations", "shift"), smooth()
    found = shift.vary(batch, chance(len(batch)), shift.options(pixels=3), None, batch)
    for n, drawn in enumerate(chance(len(batch))):
        way = drawn.uniform(-3, 3, 2)
        wanted = ndimage.shift(batch[n].astype(float), (-way[0], -way[1], 0), order=1, mode="nearest")
        assert np.abs(found[n] - wanted).max() <= 2


def test_a_shift_out_of_the_picture_is_refused() -> None:
    shift, type_ = load("variations", "shift"), load("types", "image")
    with pytest.raises(SpecError, match="9 × 8"):
        shift.refuse(shift.options(pixels=8), type_.options(height=9, width=8))
    shift.refuse(shift.options(pixels=7.5), type_.options(height=9, width=8))


def test_brightness_is_one_factor_for_the_whole_picture() -> None:
    brightness = load("variations", "brightness")
    batch = np.random.default_rng(0).integers(1, 200, (50, 4, 5, 3), dtype=np.uint8)
    found = brightness.vary(batch, chance(50), brightness.options(share=0.25), None, batch)
    factors = (found.astype(float) / batch).reshape(50, -1)
    rounding = 0.51 / batch.reshape(50, -1)
    middle = (found.reshape(50, -1).sum(axis=1) / batch.reshape(50, -1).sum(axis=1))[:, None]
    assert (np.abs(factors - middle) <= rounding + 0.01).all()
    assert middle.min() < 0.85
    assert middle.max() > 1.15
    white = np.full((1, 2, 2, 1), 255, np.uint8)
    assert brightness.vary(white, chance(1), brightness.options(share=0.9), None, white).max() <= 255


@given(
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False), min_size=3, max_size=3),
    st.floats(0.001, 0.99),
)
def test_jitter_stays_within_its_share(row: list[float], share: float) -> None:
    variation, _, of, _ = opened("jitter")
    batch = np.array([row] * 20, np.float32)
    found = variation.vary(batch, chance(20), variation.options(share=share), of, batch).astype(float)
    assert (np.abs(found - batch) <= np.abs(batch.astype(float)) * share * 1.0001 + 1e-38).all()
    chosen = variation.vary(batch, chance(20), variation.options(share=share, columns=("c",)), of, batch)
    np.testing.assert_array_equal(chosen[:, :2], batch[:, :2])


def test_numbers_at_the_end_of_float32_stay_finite() -> None:
    variation, options, of, _ = opened("jitter")
    batch = np.full((20, 3), np.finfo(np.float32).max, np.float32)
    assert np.isfinite(variation.vary(batch, chance(20), options, of, batch)).all()


def test_a_swapped_value_is_one_that_learn_has() -> None:
    variation, options, of, _ = opened("swap")
    random = np.random.default_rng(0)
    batch, learn = (random.normal(size=(50, 3)).astype(np.float32) for _ in range(2))
    found = variation.vary(batch, chance(50), options, of, learn)
    np.testing.assert_array_equal(found[:, [0, 2]], batch[:, [0, 2]])
    assert set(found[:, 1]) <= set(learn[:, 1])
    assert len(set(found[:, 1])) > 15


TEXTS = st.lists(st.text(st.sampled_from("ab Z9\n\u00e9\U0001f600"), max_size=12), min_size=1, max_size=4)


def rows_of(texts: list[str], length: int = 64) -> tuple[Any, Any]:
    type_ = load("types", "text")
    of = type_.options(length=length)
    return of, type_.encode(texts, of)


def text_of(row: Any) -> str:
    return str(row.tobytes().decode().rstrip("\0"))


@given(TEXTS, st.integers(0, 2**31))
def test_texts_keep_what_they_say(texts: list[str], seed: int) -> None:
    """A typo keeps the letters of each word, one case keeps them but for their case, spacing the words."""
    of, batch = rows_of(texts)
    found = {}
    for name in ("typo", "case", "spacing"):
        one = load("variations", name)
        found[name] = one.vary(batch, chance(len(batch), seed), one.options(**OPTIONS[name]), of, batch)
    for n, text in enumerate(map(text_of, batch)):
        typo, case, spaced = (text_of(found[name][n]) for name in ("typo", "case", "spacing"))
        assert [sorted(word) for word in typo.split(" ")] == [sorted(word) for word in text.split(" ")]
        assert case in {"".join(f(c) if c.isascii() else c for c in text) for f in (str.lower, str.upper)}
        assert [word for word in spaced.split(" ") if word] == [word for word in text.split(" ") if word]


def test_a_slip_is_two_neighbours_and_about_as_frequent_as_asked() -> None:
    of, batch = rows_of(["abcdefghijklmnopqrstuvwxyz" * 2] * 200)
    typo = load("variations", "typo")
    found = typo.vary(batch, chance(200), typo.options(share=0.1), of, batch)
    moved = (found != batch).sum(axis=1)
    assert 6 < moved.mean() < 12, "two letters move for a tenth of fifty pairs, less those that touch"
    assert {abs(int(a) - int(b)) for a, b in zip(found[found != batch], batch[found != batch], strict=True)} <= {1, 25}


def test_blanks_push_out_whole_characters() -> None:
    of, batch = rows_of(["a b \u00e9"], length=6)
    spacing = load("variations", "spacing")
    [row] = spacing.vary(batch, chance(1), spacing.options(share=1), of, batch)
    assert row.tobytes() == b" a  b "
    of, batch = rows_of(["ab\u00e9"], length=4)
    [row] = spacing.vary(batch, chance(1), spacing.options(share=1), of, batch)
    assert row.tobytes() == b" ab\0"


@pytest.mark.parametrize(("name", "options"), [("swap", {"column": "bb"}), ("jitter", {"columns": ("a", "bb")})])
def test_an_unknown_column_comes_with_the_nearest(name: str, options: dict[str, Any]) -> None:
    variation, _, of, _ = opened(name)
    with pytest.raises(SpecError, match="column 'bb'") as caught:
        variation.refuse(variation.options(**options), of)
    assert "'b'" in caught.value.tries[0]
