"""Every row of the linked program against the interpreter: whatever differs is found and named."""

from typing import Any

import numpy as np
import pytest

from datacc.compiler import parity
from datacc.compiler.ask import MOST_ROWS, batch_rows
from datacc.compiler.parity import TOLERANCE, compare, tolerance
from datacc.errors import ParityError
from tests.compiler.made import Standing, graph_for
from tests.compiler.test_quantise import NETS, integers
from tests.ir.graphs import inputs_for

ROWS = 10
GRAPH = graph_for()
INPUTS = {"point": np.random.default_rng(1).normal(size=(ROWS, 2)).astype(np.float32)}
IDS = [f"example{n}" for n in range(ROWS)]


def spoiled(field: str, row: int, value: Any) -> Standing:
    """A library that answers `value` in `field` of one row."""

    def spoil(answers: dict[str, Any], seen: int) -> None:
        if seen <= row < seen + len(answers[field]):
            answers[field][row - seen] = value

    return Standing(GRAPH, spoil)


def test_equal_answers_come_back_whole_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "batch_rows", lambda graph: 3)
    found = compare(GRAPH, Standing(GRAPH), INPUTS, IDS)
    assert found.difference <= 1e-6  # 0 where NumPy adds up three rows at a time as it does ten
    np.testing.assert_array_equal(found.values["side"], Standing(GRAPH).batch(INPUTS)["side"])
    assert {name: len(value) for name, value in found.values.items()} == dict.fromkeys(found.values, ROWS)


@pytest.mark.parametrize("row", [0, 4, 9])
def test_another_class_is_named_with_its_row(monkeypatch: pytest.MonkeyPatch, row: int) -> None:
    monkeypatch.setattr(parity, "batch_rows", lambda graph: 3)
    right = int(Standing(GRAPH).batch(INPUTS)["side"][row, 0])
    with pytest.raises(ParityError) as caught:
        compare(GRAPH, spoiled("side", row, (right + 1) % 3), INPUTS, IDS)
    assert caught.value.where == f"example example{row}"
    assert f"side is {(right + 1) % 3} in the compiled program and {right} in the reference" in caught.value.what


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0])
def test_a_score_that_is_wrong_or_not_finite_is_named(value: float) -> None:
    with pytest.raises(ParityError) as caught:
        compare(GRAPH, spoiled("side_scores", 7, value), INPUTS, IDS)
    assert caught.value.where == "example example7"
    assert "side_scores[" in caught.value.what


def test_both_sides_wrong_in_the_same_way_is_still_wrong() -> None:
    broken = GRAPH.fill({"top.bias": np.full(3, np.nan, np.float32)})
    with pytest.raises(ParityError, match="nan in the compiled program and nan"):
        compare(broken, Standing(broken), INPUTS, IDS)


@pytest.mark.parametrize(("by", "agrees"), [(0.9e-5, True), (1.2e-5, False)])
def test_scores_may_differ_by_a_hundred_thousandth(by: float, agrees: bool) -> None:
    confidence = Standing(GRAPH).batch(INPUTS)["side_confidence"][2, 0]
    library = spoiled("side_confidence", 2, np.float32(confidence + by))
    if agrees:
        assert compare(GRAPH, library, INPUTS, IDS).difference == pytest.approx(by, rel=0.01)
    else:
        with pytest.raises(ParityError):
            compare(GRAPH, library, INPUTS, IDS)


def test_batches_are_bounded() -> None:
    assert 1 <= batch_rows(GRAPH) <= MOST_ROWS


def test_a_graph_of_integers_allows_no_difference() -> None:
    whole = integers(NETS["digits"])
    assert tolerance(NETS["digits"]) == TOLERANCE
    assert tolerance(whole) == 0
    inputs = inputs_for(whole, 2)

    def nearly(answers: dict[str, Any], seen: int) -> None:
        answers["label_scores"] = np.nextafter(answers["label_scores"], np.float32(2))

    assert compare(whole, Standing(whole), inputs, ["a", "b"]).difference == 0
    with pytest.raises(ParityError, match="label_scores"):
        compare(whole, Standing(whole, nearly), inputs, ["a", "b"])
