"""The interval of a number holds the truth as often as it says, by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.interval import needed, order_statistic


@pytest.mark.parametrize(("interval", "count"), [(0.9, 50), (0.9, 9), (0.5, 20), (0.8, 333), (0.95, 40)])
def test_a_new_error_is_within_it_as_often_as_asked(interval: float, count: int) -> None:
    random = np.random.default_rng(1)
    inside, worlds = [], 4000
    for _ in range(worlds):
        errors = np.abs(random.standard_t(3, size=count + 1))
        inside.append(errors[-1] <= order_statistic(errors[:-1], interval))
    share, error = np.mean(inside), np.sqrt(interval * (1 - interval) / worlds)
    assert interval - 3 * error <= share <= interval + 1 / (count + 1) + 3 * error


@given(st.lists(st.floats(0, 1e6, width=32), min_size=1, max_size=60), st.floats(0.5, 0.99))
def test_it_is_an_order_statistic(errors: list[float], interval: float) -> None:
    found = order_statistic(np.array(errors), interval)
    covered = sum(error <= found for error in errors)
    if len(errors) >= needed(interval):
        assert covered >= (len(errors) + 1) * interval - 1e-6
    else:
        assert covered == len(errors)
        assert len(errors) < (len(errors) + 1) * interval


def test_no_error_gives_no_width() -> None:
    assert order_statistic(np.zeros(0), 0.9) == 0
