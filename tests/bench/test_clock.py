"""The clock: sides take turns, each begins equally often, and a median is per answer, whatever a batch holds."""

import pytest

from bench.sides.clock import BATCH, batch_size, per_answer, turns


class Pretend:
    """A clock that only moves when a side works; every call of a side is noted."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[tuple[str, int]] = []

    def side(self, name: str, each: float, once: float = 0.0):
        def answer(count: int) -> None:
            self.calls.append((name, count))
            self.now += once + each * count

        return answer


def test_sides_take_turns_and_each_is_first_equally_often() -> None:
    order: list[str] = []
    taken = turns({name: lambda name=name: order.append(name) for name in "abc"}, rounds=6)
    rounds = ["".join(order[k : k + 3]) for k in range(0, 18, 3)]
    assert rounds == ["abc", "bca", "cab"] * 2
    assert {name: len(seconds) for name, seconds in taken.items()} == {"a": 6, "b": 6, "c": 6}


def test_seconds_are_those_of_the_side() -> None:
    clock = Pretend()
    work = {"slow": clock.side("slow", 3.0), "fast": clock.side("fast", 1.0)}
    taken = turns({name: lambda side=side: side(2) for name, side in work.items()}, 3, lambda: clock.now)
    assert taken == {"slow": [6.0] * 3, "fast": [2.0] * 3}


def test_a_median_is_per_answer() -> None:
    clock = Pretend()
    sides = {"ours": clock.side("ours", 5e-6), "peer": clock.side("peer", 4e-4)}
    found = per_answer(sides, rounds=5, clock=lambda: clock.now)
    assert found == {"ours": pytest.approx(5e-6), "peer": pytest.approx(4e-4)}
    assert [name for name, _ in clock.calls[-10:]] == ["ours", "peer", "peer", "ours"] * 2 + ["ours", "peer"]


@pytest.mark.parametrize("each", [1e-8, 7e-8, 5e-6, 4e-4, 0.5])
def test_a_batch_takes_about_as_long_as_it_should(each: float) -> None:
    clock = Pretend()
    count = batch_size(clock.side("one", each), 20_000, lambda: clock.now)
    assert 1 <= count <= 20_000
    assert count in (1, 20_000) or 0.5 * BATCH <= count * each <= 3 * BATCH
