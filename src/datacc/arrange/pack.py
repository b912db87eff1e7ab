"""Packing buffers with lifetimes into one arena: first fit in good orders, improved by a short seeded search."""

import random
from collections.abc import Iterator, Mapping, Sequence

from datacc.arrange.live import Life

TRIES = 300  # orders tried when the first ones do not reach the lower bound


def peak(lives: Mapping[str, Life]) -> int:
    """The largest sum of buffers that live at one time: no arena can be smaller. Bytes."""
    starts = {life.first for life in lives.values()}
    return max((sum(v.size for v in lives.values() if v.first <= at <= v.last) for at in starts), default=0)


def pack(lives: Mapping[str, Life]) -> tuple[dict[str, int], int]:
    """An offset for every buffer, so that no two that live at one time overlap, and the arena's length. Bytes.

    The same lives give the same layout. Reaches `peak` on almost all inputs (the problem itself is NP-hard).
    """
    bound = peak(lives)
    best: dict[str, int] = {}
    length = -1
    for order in _orders(lives):
        offsets = _fit(order, lives)
        end = max((offsets[name] + lives[name].size for name in order), default=0)
        if length < 0 or end < length:
            best, length = offsets, end
        if length <= bound:
            break
    return {name: best[name] for name in lives}, length


def _orders(lives: Mapping[str, Life]) -> Iterator[Sequence[str]]:
    """Large first, large and long first, in order of birth; then random changes to the first of these."""
    span = {name: life.last - life.first + 1 for name, life in lives.items()}
    names = sorted(lives)
    yield sorted(names, key=lambda name: -lives[name].size)
    yield sorted(names, key=lambda name: -lives[name].size * span[name])
    yield sorted(names, key=lambda name: (lives[name].first, -lives[name].size))
    yield sorted(names, key=lambda name: -span[name])
    chance = random.Random(0)
    for _ in range(TRIES):
        spread = chance.random()
        yield sorted(names, key=lambda name: -lives[name].size * span[name] ** spread * (1 + chance.random()))


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
