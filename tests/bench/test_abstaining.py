"""Programs that abstain, of new examples each: their counts against scipy's law, and fresh examples that are fresh."""

import numpy as np
import pytest
from scipy.stats import betabinom

from bench.sides.abstaining import BANDS, FRESH, NAMES, WAYS, Counted, counted, labels_of, points, told
from datacc.spec.program import Goal

LAW = betabinom(200, 40 - 3, 3 + 1)


def one(known: int, wrong: int = 0) -> Counted:
    return Counted(known=known, fresh=200, calibrating=40, unknown=3, wrong=wrong)


@pytest.mark.parametrize("known", [0, 120, 150, 185, 199, 200])
def test_tails_are_those_of_a_beta_binomial_draw(known: int) -> None:
    np.testing.assert_allclose(one(known).tails, (LAW.cdf(known), LAW.sf(known - 1)), atol=1e-9)


@pytest.mark.parametrize("band", BANDS)
def test_a_band_holds_at_least_its_share_of_the_law(band: float) -> None:
    inside = [known for known in range(201) if one(known).inside(band)]
    assert inside == [*range(inside[0], inside[-1] + 1)]
    assert LAW.pmf(inside).sum() >= band
    assert LAW.cdf(inside[0]) > (1 - band) / 2 >= LAW.cdf(inside[0] - 1)
    assert one(0).law == pytest.approx(LAW.mean() / 200)


def test_rows_tell_bands_and_means_of_all_and_of_those_without_an_error() -> None:
    rows = {row.name: row for row in told("it", [one(185), one(170, wrong=2), one(100)])}
    assert rows["it/95.0%"].ours == pytest.approx(2 / 3)
    assert rows["it/coverage/law"].ours == pytest.approx(455 / 600)
    assert rows["it/wrong/law"].ours == pytest.approx(0.85)
    assert rows["it/faultless/law"].peer == pytest.approx(37 / 41)


def test_examples_differ_from_seed_to_seed_and_fresh_ones_are_no_learnt_ones() -> None:
    rows = points(1, 50)
    assert not (rows == points(2, 50)).any()
    assert not {*map(tuple, points(1, 50 + FRESH)[50:])} & {*map(tuple, rows)}
    assert labels_of("labels", 1, rows) == labels_of("labels", 1, rows)
    assert labels_of("labels", 1, rows) != labels_of("labels", 2, rows)
    assert {name for label in labels_of("labels", 1, rows) for name in label} <= {*NAMES}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["labels", "number"])
def test_a_program_is_counted_on_fresh_rows(form: str, way: str) -> None:
    found = counted(WAYS[way], form, 0, (Goal(metric="coverage", limit=0.5),), rows=300, fresh=100)
    assert 0 < found.known <= found.fresh == 100
    assert 0 <= found.unknown < found.calibrating < 30
    assert found.inside(0.99999)
