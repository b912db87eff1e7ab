"""Packing buffers with lifetimes into one arena: best fit in good orders, then a short seeded climb."""

import random
from collections.abc import Mapping, Sequence

from datacc.arrange.live import Life

TRIES = 1000  # changes tried when the first orders do not reach the lower bound
WORK = 30_000  # tries times buffers, at most, so that many buffers take no longer


def peak(lives: Mapping[str, Life]) -> int:
    """The largest sum of buffers that live at one time: no arena can be smaller. Bytes."""
    starts = {life.first for life in lives.values()}
    return max((sum(v.size for v in lives.values() if v.first <= at <= v.last) for at in starts), default=0)


def pack(lives: Mapping[str, Life]) -> tuple[dict[str, int], int]:
    """An offset for every buffer, so that no two that live at one time overlap, and the arena's length. Bytes.

    The same lives give the same layout. Reaches `peak` on almost all inputs (the problem itself is NP-hard).
    """
    bound = peak(lives)
    order, length = min(((order, _length(order, lives)) for order in _orders(lives)), key=lambda pair: pair[1])
    chance = random.Random(0)
    for _ in range(min(TRIES, WORK // max(1, len(order)))):
        if length <= bound:
            break
        other = _changed(order, chance)
        if (shorter := _length(other, lives)) <= length:
            order, length = other, shorter
    offsets = _fit(order, lives)
    return {name: offsets[name] for name in lives}, length


def _orders(lives: Mapping[str, Life]) -> tuple[list[str], ...]:
    """Large first, large and long first, in order of birth, long first."""
    span = {name: life.last - life.first + 1 for name, life in lives.items()}
    names = sorted(lives)
    return (
        sorted(names, key=lambda name: -lives[name].size),
        sorted(names, key=lambda name: -lives[name].size * span[name]),
        sorted(names, key=lambda name: (lives[name].first, -lives[name].size)),
        sorted(names, key=lambda name: -span[name]),
    )


def _changed(order: Sequence[str], chance: random.Random) -> list[str]:
    """The order with one buffer elsewhere, and now and then two others exchanged."""
    other, count = list(order), len(order)
    other.insert(chance.randrange(count), other.pop(chance.randrange(count)))
    if chance.random() < 0.3:
        i, j = chance.randrange(count), chance.randrange(count)
        other[i], other[j] = other[j], other[i]
    return other


def _length(order: Sequence[str], lives: Mapping[str, Life]) -> int:
    offsets = _fit(order, lives)
    return max((offsets[name] + lives[name].size for name in order), default=0)


def _fit(order: Sequence[str], lives: Mapping[str, Life]) -> dict[str, int]:
    """Each buffer in the tightest gap between those placed before that live at the same time."""
    offsets: dict[str, int] = {}
    for name in order:
        life = lives[name]
        busy = sorted(
            (at, at + lives[other].size)
            for other, at in offsets.items()
            if lives[other].first <= life.last and life.first <= lives[other].last
        )
        offsets[name] = _gap(busy, life.size)
    return offsets


def _gap(busy: Sequence[tuple[int, int]], size: int) -> int:
    """The smallest gap of at least `size` bytes, or the end."""
    end, best = 0, None
    for low, high in busy:
        if low - end >= size and (best is None or low - end < best[0]):
            best = (low - end, end)
        end = max(end, high)
    return end if best is None else best[1]
