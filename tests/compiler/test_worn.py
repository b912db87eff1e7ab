"""How often judge was opened is counted over all ledgers, and what that costs is what a simulation finds it to cost."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from datacc.compiler.ledger import log_opening, openings
from datacc.compiler.verdict import Line, Openings, Timing, Verdict, rate_line
from datacc.compiler.worn import worn
from datacc.goals import Figure, rate, slips
from datacc.repo.snapshot import Snapshot
from datacc.store import Store
from tests.compiler.made import PROGRAM, points, snapshot_of, thirds

ROWS, BEST = 200, 20
TIMING = Timing(median=1e-6, p99=2e-6, quiet=True)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    values, names = points(30)
    return snapshot_of(Store(tmp_path / "cache"), values, names, thirds(30))


def said(lines: list[Line], opened: Openings | None) -> str:
    return worn(Verdict(lines=tuple(lines), timing=TIMING, opened=opened))


def accuracy(right: int, limit: float = 0.5) -> Line:
    return rate_line("goal", "accuracy", limit, rate(right, ROWS))


def test_openings_of_the_same_labels_are_counted_over_all_ledgers(tmp_path: Path, snapshot: Snapshot) -> None:
    folder, mended = tmp_path / "judged", replace(snapshot, sealed="0" * 32)
    assert openings(folder, snapshot.sealed) == Openings(times=0, programs=0)
    for name, frozen in [("aa", snapshot), ("aa", snapshot), ("bb", snapshot), ("cc", mended)]:
        log_opening(folder / f"{name}.jsonl", PROGRAM, frozen, 10)
    assert openings(folder, snapshot.sealed) == Openings(times=3, programs=2)
    assert openings(folder, mended.sealed) == Openings(times=1, programs=1)


def test_a_line_that_nobody_can_read_or_that_was_cut_off_is_no_opening(tmp_path: Path, snapshot: Snapshot) -> None:
    folder = tmp_path / "judged"
    log_opening(folder / "aa.jsonl", PROGRAM, snapshot, 10)
    whole = (folder / "aa.jsonl").read_bytes()
    (folder / "aa.jsonl").write_bytes(b"[]\n\xff\nnull\n{}\n<<<<<<< ours\n" + whole + whole.rstrip(b"\n"))
    assert openings(folder, snapshot.sealed) == Openings(times=1, programs=1)


def test_nothing_is_said_while_judge_saw_one_program_or_keeps_no_ledger() -> None:
    assert [
        said([accuracy(190)], opened) for opened in (None, Openings(times=1, programs=1), Openings(times=9, programs=1))
    ] == ["", "", ""]


def test_the_bound_that_is_left_holds_for_the_best_of_many_where_the_usual_one_fails() -> None:
    true, draws = 0.9, np.random.default_rng(0).binomial(ROWS, 0.9, (2_000, BEST)).max(1)
    right, times = np.unique(draws, return_counts=True)
    left = np.where(right < ROWS, beta.ppf(0.05 / BEST, right, ROWS - right + 1), (0.05 / BEST) ** (1 / ROWS))
    usual = np.array([rate(int(count), ROWS).bound for count in right])
    assert times[left <= true].sum() / 2_000 >= 0.95 > times[usual <= true].sum() / 2_000
    (told,) = re.findall(
        "accuracy ≥ ([0-9.]+) % is certified", said([accuracy(190)], Openings(times=25, programs=BEST))
    )
    assert float(told) == pytest.approx(100 * beta.ppf(0.05 / BEST, 190, 11), abs=0.01)


def test_what_errors_cost_is_a_bound_from_above_and_a_limit_that_is_missed_is_named() -> None:
    line = rate_line("goal", "error", 0.09, slips(10, ROWS))
    assert line.holds
    told = said([line], Openings(times=2, programs=2))
    assert f"error ≤ {100 * beta.ppf(1 - 0.025, 11, 190):.2f}"[:-1] in told
    assert told.endswith("which misses ≤ 9 %")
    assert "misses" not in said([accuracy(190)], Openings(times=2, programs=2))


def test_bounds_that_cannot_be_had_again_are_told_by_what_is_left_of_their_certainty() -> None:
    figure = Figure(value=0.9, bound=0.85, right=0, total=ROWS, spread=0.02)
    line = rate_line("goal", "auroc", 0.5, figure)
    assert "85 % certain, not 95 %" in said([line], Openings(times=3, programs=3))
    assert "0 % certain, not 95 %" in said([line], Openings(times=90, programs=90))
