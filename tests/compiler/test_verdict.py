"""Lines of a verdict: bounds against SciPy, what would close a gap, limits of the budget."""

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from datacc.compiler.verdict import Costs, Timing, Verdict, budget_lines, gap, rate_line, rows_at_rate
from datacc.goals import Figure, rate, slips
from datacc.spec.bounds import lower_bound
from datacc.spec.program import Budget

COSTS = Costs(work=900, size=2_000, arena=300, stack=40, weights=1_200)


def exact(right: int, total: int) -> float:
    return float(beta.ppf(0.05, right, total - right + 1)) if right else 0.0


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.999))
def test_a_rate_holds_exactly_when_the_clopper_pearson_bound_does(counts: tuple[int, int], at_least: float) -> None:
    right, total = counts
    line = rate_line("goal", "accuracy", at_least, rate(right, total))
    bound = exact(right, total)
    if abs(bound - at_least) > 1e-9:
        assert line.holds == (bound >= at_least)
    assert bool(line.closes) != line.holds


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.05, 0.995))
def test_the_right_answers_that_are_said_to_close_a_gap_do_and_no_fewer(counts: tuple[int, int], goal: float) -> None:
    right, total = counts
    if lower_bound(right, total) >= goal:
        return
    said = gap(rate(right, total), goal)
    if "cannot certify" in said:
        assert lower_bound(total, total) < goal
        return
    more = int(said.split(" more right")[0].replace(",", ""))
    assert exact(right + more, total) >= goal - 1e-9
    assert exact(right + more - 1, total) < goal + 1e-9


def test_more_examples_at_the_same_rate_close_a_gap() -> None:
    rows = rows_at_rate(0.98, 0.97)
    assert rows is not None
    assert exact(int(0.98 * rows), rows) >= 0.97
    assert exact(int(0.98 * rows * 0.7), int(rows * 0.7)) < 0.97
    assert rows_at_rate(0.96, 0.97) is None
    assert rows_at_rate(0.97, 0.97) is None


def test_a_share_of_one_is_never_promised() -> None:
    line = rate_line("goal", "accuracy", 1.0, rate(50, 50))
    assert not line.holds
    assert "below 1" in line.closes


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.001, 0.99))
def test_an_error_holds_when_its_upper_bound_does(counts: tuple[int, int], at_most: float) -> None:
    """And what is said to close its gap does, and no less."""
    wrong, total = counts
    line = rate_line("goal", "error", at_most, slips(wrong, total))
    bound = float(beta.ppf(0.95, wrong + 1, total - wrong)) if wrong < total else 1.0
    if abs(bound - at_most) > 1e-9:
        assert line.holds == (bound <= at_most)
    assert line.wanted.startswith("≤ ")
    assert f"({wrong:,} of {total:,})" in line.reached
    assert float(line.reached.split(" %")[0].removeprefix("≤ ")) >= 100 * bound - 1e-7
    if " more right" in line.closes:
        fewer = wrong - int(line.closes.split(" more right")[0].replace(",", ""))
        assert slips(fewer, total).bound <= at_most + 1e-9 < slips(fewer + 1, total).bound + 2e-9


@given(st.floats(0.3, 0.95), st.floats(0.005, 0.05), st.integers(30, 3000), st.floats(0.01, 0.05), st.floats(1.2, 2.2))
def test_the_examples_that_a_bootstrapped_metric_needs_bring_its_bound_there(
    value: float, spread: float, total: int, room: float, skew: float
) -> None:
    """Also where its samples lie askew, so that the bound is nearer or farther than those of a bell."""
    figure = Figure(value=value, bound=max(0.0, value - skew * spread), right=0, total=total, spread=spread)
    line = rate_line("goal", "auroc", value - room, figure)
    assert line.holds == (figure.bound >= value - room)
    if not line.holds and "too near" not in line.closes:
        wanted = int(line.closes.removeprefix("about ").split()[0].replace(",", ""))
        assert value - (value - figure.bound) * (total / wanted) ** 0.5 >= value - room - 1e-9
        assert "better" not in line.closes
    short = rate_line("goal", "auroc", value + 0.01, figure)
    assert short.closes.startswith("1.00 % more")


def test_no_example_is_said_in_words() -> None:
    line = rate_line("check", "recall of '9'", 0.9, rate(0, 0))
    assert (line.holds, line.reached) == (False, "no judge example")
    assert "29 without an error could" in line.closes  # 0.9 ** 29 < 0.05 < 0.9 ** 28


def test_limits_hold_up_to_the_last_byte() -> None:
    timing = Timing(median=1e-6, p99=2e-6, quiet=True)
    equal = budget_lines(Budget(latency=1e-6, size=2_000, memory=340, work=900), COSTS, timing)
    assert all(line.holds for line in equal)
    less = budget_lines(Budget(latency=0.9e-6, size=1_999, memory=339, work=899), COSTS, timing, "width 4 (900 B)")
    assert [line.what for line in less if not line.holds] == ["latency", "size", "memory", "work"]
    assert less[1].closes == "1 B less: width 4 (900 B)"
    none = budget_lines(Budget(), COSTS, timing)
    assert all(line.holds and not line.wanted for line in none)
    assert not Verdict(lines=(*equal, *less), timing=timing).holds
    assert Verdict(lines=(*equal, *less), timing=timing).missed == less


def test_a_busy_machine_is_named_before_a_smaller_program() -> None:
    timing = Timing(median=1e-3, p99=2e-3, quiet=False)
    (line, *_) = budget_lines(Budget(latency=1e-6), COSTS, timing, "width 4")
    assert "busy" in line.reached
    assert "quiet" in line.closes
    assert "width 4" not in line.closes
