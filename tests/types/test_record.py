"""Records: standardised by what learn shows, with columns that vary wildly, hardly or not at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import DataError
from datacc.ir.interpret import interpret
from datacc.types.record import ENTRY as RECORD
from datacc.types.record import RecordOptions

OPTIONS = RecordOptions(columns=("a", "b"))


def features(learn: np.ndarray, rows: np.ndarray) -> np.ndarray:
    graph = RECORD.front("x", OPTIONS)
    return interpret(graph.fill(RECORD.data("x", learn, OPTIONS)), {"x": rows})["x.features"]


@given(st.integers(0, 2**32 - 1), st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_learn_rows_have_mean_nought_and_deviation_one(seed: int, mean: float, deviation: float) -> None:
    random = np.random.default_rng(seed)
    learn = (random.normal(size=(200, 2)) * max(deviation, 1e-4 * abs(mean)) + mean).astype(np.float32)
    found = features(learn, learn)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-2)
    np.testing.assert_allclose(found.std(axis=0), 1, atol=1e-2)


def test_a_constant_column_says_nothing() -> None:
    learn = np.array([[3, 1], [3, 2], [3, 3]], np.float32)
    found = features(learn, np.array([[3, 2], [1e30, 2], [-5, 2]], np.float32))
    assert found[:, 0].tolist() == [0, 0, 0]
    assert np.isfinite(found).all()


def test_tiny_and_huge_columns_stay_finite() -> None:
    learn = np.array([[1e-30, -3e38], [2e-30, 3e38], [3e-30, 0]], np.float32)
    assert np.isfinite(features(learn, learn)).all()


def test_columns_are_read_by_name() -> None:
    named = RECORD.encode([{"b": "2.5", "a": 1, "other": "x"}], OPTIONS)
    assert named.tolist() == RECORD.encode([[1, 2.5]], OPTIONS).tolist() == [[1, 2.5]]


def test_too_many_numbers_are_told_with_the_columns() -> None:
    with pytest.raises(DataError, match="3 numbers where 2 are expected") as caught:
        RECORD.encode([[1, 2, 3]], OPTIONS)
    assert caught.value.tries == ("the columns in their order: 'a', 'b'",)


def test_a_missing_cell_is_called_so() -> None:
    for cell in ("", None):
        with pytest.raises(DataError, match="column 'b' is missing"):
            RECORD.encode([[1, cell]], OPTIONS)


@pytest.mark.parametrize("cell", ["x", [1], 10**400])
def test_a_cell_that_is_no_number_is_named_by_its_column(cell: object) -> None:
    with pytest.raises(DataError, match=r"column 'b' holds .*, which is no number"):
        RECORD.encode([{"a": 1, "b": cell}], OPTIONS)


def test_missing_columns_are_counted_and_the_first_named() -> None:
    wide = RecordOptions(columns=tuple(f"c{n}" for n in range(2000)))
    with pytest.raises(DataError, match=r"it lacks 1,999 of 2,000 columns: 'c1', 'c2', .*…") as caught:
        RECORD.encode([{"c0": 1}], wide)
    assert len(caught.value.what) < 200
