"""What was measured beside other work says so: a clock and a library by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from datacc.runtime import measure

LONG = 500  # rows: more than a short block has, fewer than a long one


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize(("slower", "is_quiet"), [(1.0, True), (1.1, True), (4.0, False)])
def test_a_median_beyond_the_worst_stretches_was_disturbed(
    slower: float, is_quiet: bool, brief: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer takes a microsecond, in long blocks `slower` times as long; everything else is steady."""
    clock = Clock()
    monkeypatch.setattr(measure.time, "perf_counter", clock)
    found = measure.latency(clock.native(lambda rows: 1e-6 * (slower if rows > LONG else 1)), {}, brief=brief)  # type: ignore[arg-type]
    assert found.quiet is is_quiet
    assert found.median == pytest.approx(slower * 1e-6, rel=0.1)
    assert found.p99 == pytest.approx(slower * 1e-6, rel=0.1)
    assert found.p99 >= found.median


class Clock:
    """Each look at it takes a microsecond."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now

    def native(self, seconds: Callable[[int], float]) -> Any:
        """A library whose answers take so many seconds each, by how many are asked at once."""
        clock = self

        class Native:
            answer_row = np.dtype(np.uint8)

            def pack(self, inputs: Any) -> Any:
                return np.zeros(64, np.uint8)

            def run(self, rows: Any, answers: Any) -> None:
                clock.now += len(rows) * seconds(len(rows))

        return Native()
