"""Laws of the arena: buffers that live together never overlap, and almost no byte is wasted."""

import random

from hypothesis import given
from hypothesis import strategies as st

from datacc.arrange.live import ALIGN, Life
from datacc.arrange.pack import pack, peak


def overlaps(lives: dict[str, Life], offsets: dict[str, int]) -> list[tuple[str, str]]:
    """Pairs of buffers that share a byte at one time."""
    return [
        (a, b)
        for a in lives
        for b in lives
        if a < b
        and max(lives[a].first, lives[b].first) <= min(lives[a].last, lives[b].last)
        and max(offsets[a], offsets[b]) < min(offsets[a] + lives[a].size, offsets[b] + lives[b].size)
    ]


@st.composite
def lifetimes(draw: st.DrawFn) -> dict[str, Life]:
    lives = {}
    for n in range(draw(st.integers(0, 12))):
        first = draw(st.integers(0, 10))
        size = draw(st.integers(1, 50)) * ALIGN
        lives[f"b{n}"] = Life(first=first, last=first + draw(st.integers(0, 6)), size=size)
    return lives


@given(lifetimes())
def test_buffers_that_live_together_do_not_overlap(lives: dict[str, Life]) -> None:
    offsets, arena = pack(lives)
    assert set(offsets) == set(lives)
    assert overlaps(lives, offsets) == []
    assert all(offset >= 0 and offset % ALIGN == 0 for offset in offsets.values())
    assert arena == max((offsets[name] + lives[name].size for name in lives), default=0)
    assert arena >= peak(lives)
    assert pack(lives) == (offsets, arena)


def test_random_lifetimes_come_within_a_tenth_of_the_lower_bound() -> None:
    chance = random.Random(7)
    ratios = []
    for _ in range(100):
        lives = {}
        for n in range(chance.randint(5, 30)):
            first = chance.randint(0, 25)
            last = first + min(25, int(chance.expovariate(0.4)))
            lives[f"b{n}"] = Life(first=first, last=last, size=chance.randint(1, 400) * ALIGN)
        offsets, arena = pack(lives)
        assert overlaps(lives, offsets) == []
        ratios.append(arena / peak(lives))
    assert max(ratios) <= 1.05
    assert sum(ratio == 1 for ratio in ratios) >= 97


def test_the_peak_is_the_largest_sum_at_one_time() -> None:
    lives = {
        "a": Life(first=0, last=1, size=100),
        "b": Life(first=1, last=2, size=50),
        "c": Life(first=2, last=3, size=120),
    }
    assert peak(lives) == 170
    assert peak({}) == 0
