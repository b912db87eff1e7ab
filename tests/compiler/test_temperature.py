"""The sharpness against SciPy's and torch's minimisers of one loss; the calibration error against a plain count."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from datacc.compiler.temperature import BINS, LIMIT, calibration_error, sharpness


def drawn(seed: int, rows: int, temperature: float = 1.0, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Features whose classes were drawn by their soft-max at this temperature."""
    random = np.random.default_rng(seed)
    features = random.normal(0, 2, (rows, classes))
    chances = np.exp(log_softmax(features / temperature, axis=1))
    truth = (random.random((rows, 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(max=classes - 1)
    return features.astype(np.float32), truth.astype(np.int32)


def loss(features: np.ndarray, truth: np.ndarray, sharp: float) -> float:
    """The log-loss, of targets that are by one row in N + 1 a class at random."""
    logs = log_softmax(features.astype(np.float64) * sharp, axis=1)
    doubt = 1 / (len(truth) + 1)
    return -float((1 - doubt) * logs[np.arange(len(truth)), truth].mean() + doubt * logs.mean())


@pytest.mark.parametrize("seed", range(8))
def test_it_is_scipys_minimum(seed: int) -> None:
    features, truth = drawn(seed, 60 + 90 * seed, temperature=(0.3, 1.0, 2.5)[seed % 3])
    wanted = minimize_scalar(
        lambda power: loss(features, truth, float(np.exp(power))), bounds=(-4.8, 4.8), options={"xatol": 1e-9}
    )
    assert sharpness(features, truth) == pytest.approx(float(np.exp(wanted.x)), rel=1e-4)


def test_it_is_torchs_minimum() -> None:
    features, truth = drawn(11, 400, temperature=2.0)
    power = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([power], max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-14)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=1 / (len(truth) + 1))

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = criterion(torch.tensor(features, dtype=torch.float64) * power.exp(), torch.tensor(truth).long())
        value.backward()
        return value

    optimiser.step(closure)
    assert sharpness(features, truth) == pytest.approx(power.exp().item(), rel=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_many_rows_give_the_temperature_back(temperature: float) -> None:
    features, truth = drawn(5, 20_000, temperature)
    assert 1 / sharpness(features, truth) == pytest.approx(temperature, rel=0.05)


@given(st.integers(0, 10_000), st.integers(1, 40), st.floats(0.1, 5))
def test_nothing_near_is_better(seed: int, rows: int, scale: float) -> None:
    features, truth = drawn(seed, rows)
    features = features * np.float32(scale)
    found = sharpness(features, truth)
    best = loss(features, truth, found)
    assert 1 / LIMIT * 0.99 <= found <= LIMIT * 1.01
    for factor in (0.9, 1.1):
        if 1 / LIMIT < found * factor < LIMIT:
            assert loss(features, truth, found * factor) >= best - 1e-12


def test_a_faultless_half_does_not_ask_for_certainty() -> None:
    features, _ = drawn(0, 200)
    found = sharpness(features, features.argmax(axis=1).astype(np.int32))
    assert 1 < found < LIMIT / 2


def test_of_nothing_it_is_one() -> None:
    assert sharpness(np.zeros((0, 3), np.float32), np.zeros(0, np.int32)) == 1.0
    assert calibration_error(np.zeros(0, np.float32), np.zeros(0, bool)) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=80))
def test_the_calibration_error_is_that_of_a_plain_count(rows: list[tuple[float, bool]]) -> None:
    wanted = 0.0
    for b in range(BINS):
        inside = [(c, r) for c, r in rows if b / BINS <= c < (b + 1) / BINS or (b == BINS - 1 and c == 1)]
        if inside:
            confidence, right = np.mean([c for c, _ in inside]), np.mean([r for _, r in inside])
            wanted += len(inside) / len(rows) * abs(confidence - right)
    confidences, rights = zip(*rows, strict=True)
    found = calibration_error(np.array(confidences, np.float32), np.array(rights))
    assert found == pytest.approx(wanted, abs=1e-6)


def test_the_right_temperature_lowers_the_calibration_error() -> None:
    features, truth = drawn(2, 4000, temperature=3.0)
    right = features.argmax(axis=1) == truth

    def error(sharp: float) -> float:
        return calibration_error(np.exp(log_softmax(features * sharp, axis=1)).max(axis=1), right)

    assert error(sharpness(features, truth)) < 0.03 < 0.2 < error(1.0)
