"""The judge: every row, one opening of the sealed labels, logged before; figures against a count by hand."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from datacc.compiler import judge as module
from datacc.compiler.ask import Answering
from datacc.compiler.assemble import interface
from datacc.compiler.judge import judge
from datacc.compiler.ledger import log_opening
from datacc.compiler.produce import build_library, write
from datacc.compiler.remembering import Remembering
from datacc.compiler.verdict import Openings, Verdict
from datacc.errors import ParityError
from datacc.ir.interpret import interpret
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.runtime.measure import Latency
from datacc.runtime.native import Native
from datacc.spec.program import Budget, Check, Goal, Program
from datacc.store import Store
from tests.compiler.made import CLASSES, COSTS, PROGRAM, Standing, graph_for, points, snapshot_of, thirds

COUNT = 150
VALUES, NAMES = points(COUNT)
GRAPH = graph_for()
ASKED = replace(
    PROGRAM,
    goals=(Goal(metric="accuracy", limit=0.2),),
    checks=(
        Check(metric="recall", at_least=0.9, of_class="far"),
        Check(metric="accuracy", at_least=0.1, where={"source": "phone"}),
    ),
    budget=Budget(size=1_999),
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    measured = Latency(median=1e-6, p99=2e-6, quiet=True, reference=1e-6, spread=1.0, rows=1)
    monkeypatch.setattr(module, "latency", lambda native, inputs, brief: measured)
    return Store(tmp_path / "cache")


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    sources = ["phone" if n % 2 else "scan" for n in range(COUNT)]
    return snapshot_of(store, VALUES, NAMES, thirds(COUNT), {"source": sources})


def verdict(
    store: Store, snapshot: Snapshot, ledger: Path | None, *, program: Program = ASKED, native: Any = None
) -> Verdict:
    native = native or Standing(GRAPH)
    asked = asked_of(native, store)
    return judge(program, snapshot, GRAPH, native, COSTS, store, ledger, asked=asked, cheaper="w 4")


def asked_of(native: Answering, store: Store) -> Remembering:
    return Remembering(native=native, library="abc", store=store, again=True)


def test_figures_are_counted_on_every_judge_row(store: Store, snapshot: Snapshot) -> None:
    native = Standing(GRAPH)
    found = verdict(store, snapshot, None, native=native)
    rows = [n for n in range(COUNT) if n % 3 == 2]
    answers = interpret(GRAPH, {"point": np.array(VALUES, np.float32)})["side"].reshape(-1)
    right = {n: NAMES[n] == CLASSES[answers[n]] for n in rows}
    figures = [line.figure for line in found.lines if line.figure is not None]
    counted = [
        list(right.values()),
        [right[n] for n in rows if NAMES[n] == "far"],
        [right[n] for n in rows if n % 2],
    ]
    assert [(figure.right, figure.total) for figure in figures] == [(sum(part), len(part)) for part in counted]
    assert native.seen == len(rows)
    assert [line.what for line in found.lines] == [
        "same answers as the reference",
        "accuracy",
        "recall of 'far'",
        "accuracy where source = 'phone'",
        "latency",
        "size",
        "memory",
        "work",
    ]
    assert found.lines[5].closes == "1 B less: w 4"
    assert not found.holds


def test_metrics_of_scores_are_those_of_scikit_learn_on_what_the_program_answers(
    store: Store, snapshot: Snapshot
) -> None:
    limits = {"balanced_accuracy": 0.1, "f1": 0.1, "auroc": 0.1, "average_precision": 0.1, "log_loss": 9.0}
    goals = tuple(Goal(metric=name, limit=limit) for name, limit in limits.items())
    check = Check(metric="f1", at_least=0.1, of_class="far")
    found = verdict(store, snapshot, None, program=replace(ASKED, goals=goals, checks=(check,)))
    rows = [n for n in range(COUNT) if n % 3 == 2]
    told = interpret(GRAPH, {"point": np.array(VALUES, np.float32)[rows]})
    truth, answer = np.array([CLASSES.index(NAMES[n]) for n in rows]), told["side"].reshape(-1)
    scores = told["side_scores"]
    wanted = [
        metrics.balanced_accuracy_score(truth, answer),
        metrics.f1_score(truth, answer, average="macro", zero_division=0),
        np.mean([metrics.roc_auc_score(truth == k, scores[:, k]) for k in range(3)]),
        metrics.average_precision_score(np.eye(3)[truth], scores),
        metrics.log_loss(truth, scores),
        metrics.f1_score(truth, answer, labels=[2], average="macro", zero_division=0),
    ]
    figures = [line.figure for line in found.lines if line.figure is not None]
    assert [figure.value for figure in figures] == pytest.approx(wanted, abs=1e-6)
    assert [line.wanted for line in found.lines[1:7]] == ["≥ 10 %"] * 4 + ["≤ 9"] + ["≥ 10 %"]
    assert all(f"(on {len(rows)})" in line.reached for line in found.lines[1:7])


def test_the_opening_is_in_the_ledger_before_a_label_is_seen(
    store: Store, snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, opened, real = tmp_path / "judged", [], module.open_labels

    def opening(store: Store, snapshot: Snapshot) -> Mapping[str, Any]:
        opened.append(len((ledger / "abc.jsonl").read_text().splitlines()))
        return real(store, snapshot)

    monkeypatch.setattr(module, "open_labels", opening)
    counted = [verdict(store, snapshot, ledger).opened]
    first = (ledger / "abc.jsonl").read_bytes()
    counted.append(verdict(store, snapshot, ledger).opened)
    assert opened == [1, 2]
    assert counted == [Openings(times=1, programs=1), Openings(times=2, programs=1)]
    assert (ledger / "abc.jsonl").read_bytes().startswith(first), "append-only"
    line = json.loads(first)
    assert (line["artifact"], line["rows"], line["sealed"]) == ("abc", 50, snapshot.sealed)
    assert line["goals"] == {"accuracy": 0.2}
    assert not any(snapshot.ids[row] in first.decode() for row in snapshot.rows(JUDGE))


def test_without_a_repository_nothing_is_written(store: Store, snapshot: Snapshot, tmp_path: Path) -> None:
    verdict(store, snapshot, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache"]


def test_a_row_that_differs_opens_no_label(
    store: Store, snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(answers: dict[str, Any], seen: int) -> None:
        answers["side_confidence"][11] += 1e-3

    monkeypatch.setattr(module, "open_labels", lambda *_: pytest.fail("opened"))
    with pytest.raises(ParityError) as caught:
        verdict(store, snapshot, tmp_path / "judged", native=Standing(GRAPH, spoil))
    assert caught.value.where == f"example {snapshot.ids[snapshot.rows(JUDGE)[11]]}"
    assert not (tmp_path / "judged").exists()


def test_a_torn_last_line_of_the_ledger_spoils_no_opening(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "abc.jsonl"
    path.write_bytes(b'{"rows":1}\n{"versi')
    for rows in (2, 3):
        log_opening(path, PROGRAM, snapshot, rows)
    assert [json.loads(line)["rows"] for line in path.read_text().splitlines()] == [1, 2, 3]


def test_the_linked_library_is_judged_row_by_row(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    snapshot = snapshot_of(store, VALUES, NAMES, thirds(COUNT))
    port = interface(PROGRAM, snapshot, GRAPH)
    product = build_library(write(GRAPH, port), PROGRAM.target.cpu, tmp_path)
    native = Native(product.library.path, port)
    found = judge(PROGRAM, snapshot, GRAPH, native, product.costs, store, None, asked=asked_of(native, store))
    figure = found.lines[1].figure
    answers = interpret(GRAPH, {"point": np.array(VALUES, np.float32)})["side"].reshape(-1)
    assert figure is not None
    assert figure.right == sum(NAMES[n] == CLASSES[answers[n]] for n in range(2, COUNT, 3))
    assert "50 rows" in found.lines[0].reached
    assert 0 < found.timing.median <= found.timing.p99 < 1

    scale = GRAPH.by_name["point.scale"].value
    assert scale is not None
    other = GRAPH.fill({"point.scale": scale * 1.01})  # the reference of a slightly different program
    with pytest.raises(ParityError):
        judge(PROGRAM, snapshot, other, native, product.costs, store, None, asked=asked_of(native, store))


@pytest.mark.parametrize(("value", "shown"), [(4.0e-7, "4e-7"), (3.14e-7, "3.1e-7"), (1e-5, "1e-5"), (0.0, "0")])
def test_a_small_number_is_shown_in_two_digits(value: float, shown: str) -> None:
    assert module._small(value) == shown
