"""What `table.v1` learns of few rows: what there is to know, and little of what chance put there."""

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from datacc.compiler.recipe import default_recipe
from datacc.fit import Examples
from datacc.fit.driver import fit
from datacc.fit.native import ENTRY as NATIVE
from datacc.ir.cost import work
from datacc.ir.interpret import interpret
from datacc.skeletons.table_v1 import ENOUGH
from datacc.skeletons.table_v1 import ENTRY as TABLE
from datacc.types.label import ENTRY as LABEL
from datacc.types.record import ENTRY as RECORD
from datacc.types.record import RecordOptions

COUNT, FRESH = 300, 4000  # rows to learn from, rows to ask
OPTIONS = RecordOptions(columns=tuple(f"c{k}" for k in range(8)), bins=8)


def rows() -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int32]]:
    """Numbers, of which three say how likely a row is of class 1; and of which it is."""
    random = np.random.default_rng(0)
    x = random.normal(size=(COUNT + FRESH, 8)).astype(np.float32)
    chance = 1 / (1 + np.exp(-(x[:, 0] + 0.5 * x[:, 1] - 0.5 * x[:, 2])))
    return x, chance, (random.random(len(x)) < chance).astype(np.int32)


@pytest.mark.parametrize(("width", "depth"), [(16, 1), (32, 2)])
def test_of_few_rows_a_net_learns_little_of_chance(width: int, depth: int) -> None:
    x, chance, labels = rows()
    answer = LABEL.answer("label", ("no", "yes"), LABEL.options())
    graph = TABLE.graph([RECORD.front("x", OPTIONS)], answer, {"width": width, "depth": depth, "bins": 2})
    graph = graph.fill(RECORD.data("x", x[:COUNT], OPTIONS))
    vary = {"x": partial(RECORD.augment, options=OPTIONS)}
    examples = Examples(inputs={"x": x}, targets=labels, augment=vary)
    recipe = default_recipe(COUNT, work(graph), TABLE)
    found = fit(NATIVE, graph, examples.rows(np.arange(COUNT)), examples.rows(np.arange(0)), recipe, seed=0)
    said = interpret(found.graph, {"x": x[COUNT:]})["label_scores"]
    best, area = (roc_auc_score(labels[COUNT:], scores) for scores in (chance[COUNT:], said[:, 1]))
    assert area > best - 0.03  # small steps and half the decay leave 0.034 and 0.060


def test_scores_are_shares_of_what_occurs_however_rare_a_class_is() -> None:
    """One in twelve is of class 1, by chance and the first number."""
    random = np.random.default_rng(1)
    x = random.normal(size=(2000 + FRESH, 8)).astype(np.float32)
    labels = (random.random(len(x)) < 1 / (1 + np.exp(3 - x[:, 0]))).astype(np.int32)
    answer = LABEL.answer("label", ("no", "yes"), LABEL.options())
    graph = TABLE.graph([RECORD.front("x", OPTIONS)], answer, {"width": 0, "depth": 0, "bins": 2})
    learn = Examples(inputs={"x": x[:2000]}, targets=labels[:2000], augment={})
    graph = graph.fill(RECORD.data("x", x[:2000], OPTIONS))
    found = fit(NATIVE, graph, learn, learn.rows(np.arange(0)), default_recipe(2000, work(graph), TABLE), seed=0)
    said = interpret(found.graph, {"x": x[2000:]})["label_scores"]
    assert said[:, 1].mean() == pytest.approx(labels[2000:].mean(), abs=0.015)  # by weights of classes 0.1 more
    assert (said.argmax(axis=1) == labels[2000:]).mean() >= (labels[2000:] == 0).mean() - 0.002


def test_many_rows_are_learnt_in_smaller_steps() -> None:
    few, many = (default_recipe(count, 1000, TABLE) for count in (ENOUGH - 1, ENOUGH))
    assert few.rate > many.rate
    assert few.decay > many.decay
    assert few.batch < many.batch
