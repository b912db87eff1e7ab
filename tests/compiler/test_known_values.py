"""Numbers and several labels that abstain: intervals and limits against NumPy, and the laws that they follow."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import betabinom, kstest

from datacc.compiler.ask import ask_reference
from datacc.compiler.halves import calibrating
from datacc.compiler.knowing import Knowing, calibrated
from datacc.fit import Fitted
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.example import Example
from datacc.repo.snapshot import JUDGE, Snapshot, freeze
from datacc.spec.program import Field, Goal, Program
from datacc.store import Store, digest
from tests.compiler.made import PROGRAM, thirds

NAMES = ("east", "far", "north")
INTERVAL, WITHIN = 0.8, 2.0
OPTIONS: dict[str, dict[str, Any]] = {
    "number": {"abstain": True, "interval": INTERVAL, "within": WITHIN},
    "labels": {"abstain": True},
}
COVERAGE = (Goal(metric="coverage", limit=0.5),)


def program_of(form: str, goals: tuple[Goal, ...] = COVERAGE, **options: Any) -> Program:
    return replace(PROGRAM, outputs=(Field(name="side", type=form, options={**OPTIONS[form], **options}),), goals=goals)


def network(form: str, seed: int = 0) -> Graph:
    """A network for points with weights at random, its interval and limit not calibrated."""
    kind, front = load("types", form), load("types", "record")
    answer = kind.answer("side", NAMES if form == "labels" else (), kind.options(**OPTIONS[form]))
    graph: Graph = load("skeletons", "mlp.v1").graph(
        [front.front("point", front.options(columns=["x", "y"]))], answer, {"width": 8, "depth": 1}
    )
    random = np.random.default_rng(seed)
    open_ = {hole.name: random.uniform(0.1, 1, hole.type.shape) for hole in graph.holes}
    signs = {name: array * random.choice([-1, 1], array.shape) for name, array in open_.items() if "weight" in name}
    return graph.fill({**open_, **signs})


def frozen(store: Store, form: str, count: int, seed: int, spread: float = 3.0) -> tuple[Snapshot, NDArray[Any]]:
    """Points with labels of their own, and the labels of judge rows too, (N,) or (N, K)."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(count, 2)).round(3)
    labels: list[Any]
    if form == "number":
        labels = (points.sum(axis=1) + spread * np.abs(points[:, 0]) * random.normal(size=count)).tolist()
    else:
        labels = [
            [name for name, one in zip(NAMES, (x > 0, x * x + y * y > 2, y > 0), strict=True) if one] for x, y in points
        ]
    examples = [
        Example(
            id=digest("example", str(n)),
            content=digest("content", str(n)),
            inputs={"point": point.tolist()},
            labels={"side": label},
            columns={},
            name=f"row {n}",
            split=split,
        )
        for n, (point, label, split) in enumerate(zip(points, labels, thirds(count), strict=True))
    ]
    classes = {"side": NAMES if form == "labels" else ()}
    snapshot = freeze(store, program_of(form), examples, classes, f"commit {seed}", [])
    truth = {one.id: label for one, label in zip(examples, labels, strict=True)}
    return snapshot, load("types", form).encode([truth[id] for id in snapshot.ids], classes["side"])


def fitted(form: str, seed: int = 0) -> Fitted:
    return Fitted(graph=network(form, seed), tune=0.5, history=())


def told(graph: Graph, snapshot: Snapshot, rows: NDArray[Any]) -> dict[str, NDArray[Any]]:
    answers = ask_reference(graph, {"point": snapshot.inputs["point"][rows]})
    return {name: array[:, 0] if array.shape[1] == 1 else array for name, array in answers.items()}


def surety(answers: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """By the answers alone."""
    if "side_low" in answers:
        return np.asarray(answers["side_low"] - answers["side_high"])
    return np.asarray(np.maximum(answers["side_scores"], 1 - answers["side_scores"]).min(axis=1))


def wrong(answers: dict[str, NDArray[Any]], truth: NDArray[Any]) -> NDArray[np.bool_]:
    if truth.ndim == 1:
        return np.asarray(np.abs(truth.astype(float) - answers["side"]) > WITHIN)
    return np.asarray((truth != answers["side"]).any(axis=1))


@pytest.mark.parametrize("spread", [0.05, 1.0, 4.0])
@pytest.mark.parametrize("seed", range(4))
def test_an_interval_is_that_of_conformalised_quantiles(tmp_path: Path, spread: float, seed: int) -> None:
    """Split-conformal as Romano et al. have it where quantiles reach too little, else a share of their range."""
    snapshot, truth = frozen(Store(tmp_path), "number", 300, seed, spread)
    found, _ = calibrated(program_of("number"), snapshot, fitted("number", seed), Store(tmp_path))
    rows = calibrating(program_of("number"), snapshot)
    bare, after = (told(graph, snapshot, rows) for graph in (network("number", seed), found.graph))
    low, value, high, y = (
        part.astype(float) for part in (bare["side_low"], bare["side"], bare["side_high"], truth[rows])
    )
    assert ((low <= value) & (value <= high)).all()
    place = int(np.ceil((len(rows) + 1) * INTERVAL - 1e-9)) - 1
    outside = np.sort(np.maximum(np.maximum(low - y, y - high), 0))[place]
    with np.errstate(all="ignore"):
        inside = np.nan_to_num(np.where(y < value, (value - y) / (value - low), (y - value) / (high - value)))
    share = 1.0 if outside else np.sort(np.where((low <= y) & (y <= high), inside, 2.0))[place]
    np.testing.assert_allclose(after["side_low"], value - share * (value - low) - outside, atol=1e-4)
    np.testing.assert_allclose(after["side_high"], value + share * (high - value) + outside, atol=1e-4)
    np.testing.assert_array_equal(after["side"], bare["side"])


@pytest.mark.parametrize("form", OPTIONS)
@pytest.mark.parametrize("goals", [COVERAGE, (Goal(metric="error", limit=0.6), *COVERAGE)])
def test_what_is_known_follows_from_the_answers(tmp_path: Path, form: str, goals: tuple[Goal, ...]) -> None:
    store = Store(tmp_path)
    snapshot, truth = frozen(store, form, 900, 1)
    program = program_of(form, goals)
    found, (known,) = calibrated(program, snapshot, fitted(form), store)
    rows = calibrating(program, snapshot)
    answers = told(found.graph, snapshot, rows)
    assert known.limit == pytest.approx(float(np.float32(known.limit)), abs=0)
    sure = surety(answers) >= np.float32(known.limit) - (0 if form == "number" else 1e-6)
    np.testing.assert_array_equal(answers["side_known"] > 0, sure)
    assert known.unknown < len(rows)
    assert known.unknown or goals != COVERAGE
    assert (known.unknown, known.calibrating) == (int((~sure).sum()), len(rows))
    assert known.wrong == int(wrong(answers, truth[rows])[sure].sum())
    again, same = calibrated(program, snapshot, fitted(form), store)
    assert (again.graph.digest, same) == (found.graph.digest, (known,))
    unknown = f"{known.unknown:,} {'is' if known.unknown == 1 else 'are'} not known"
    assert f"of {len(rows):,} calibrating rows on tune {unknown}, {known.wrong:,} of the others" in known.told


@pytest.mark.parametrize("form", OPTIONS)
def test_without_a_goal_nothing_is_unknown(tmp_path: Path, form: str) -> None:
    snapshot, _ = frozen(Store(tmp_path), form, 300, 1)
    found, (known,) = calibrated(program_of(form, ()), snapshot, fitted(form), Store(tmp_path))
    assert known.unknown == 0
    assert told(found.graph, snapshot, snapshot.rows(JUDGE))["side_known"].all()


@pytest.mark.parametrize("widest", [4.0, 9.5, 1e-9, 1e30])
def test_what_has_too_wide_an_interval_is_not_known(tmp_path: Path, widest: float) -> None:
    snapshot, _ = frozen(Store(tmp_path), "number", 300, 1)
    program = program_of("number", (), widest=widest)
    found, (known,) = calibrated(program, snapshot, fitted("number"), Store(tmp_path))
    answers = told(found.graph, snapshot, np.arange(300))
    width = answers["side_high"] - answers["side_low"]
    np.testing.assert_array_equal(answers["side_known"] > 0, width <= np.float32(widest))
    rows = calibrating(program, snapshot)
    assert known.unknown == int((answers["side_known"][rows] == 0).sum())
    assert f"at most {widest:g} wide" in known.told.replace(",", "") or widest in (1e-9, 1e30)


@pytest.mark.parametrize("form", OPTIONS)
def test_over_a_hundred_snapshots_both_shares_follow_their_exact_laws(tmp_path: Path, form: str) -> None:
    """New points each time, counted on judge: how many are known, and how many truths lie in their interval."""
    random, ranks = np.random.default_rng(0), dict[str, list[float]](known=[], inside=[])
    for seed in range(100):
        store = Store(tmp_path / str(seed))
        snapshot, truth = frozen(store, form, 300, seed)
        found, (known,) = calibrated(program_of(form), snapshot, fitted(form), store)
        rows = snapshot.rows(JUDGE)
        answers = told(found.graph, snapshot, rows)
        counts = {"known": (int(answers["side_known"].sum()), _law(known))}
        if form == "number":
            place = int(np.ceil((known.calibrating + 1) * INTERVAL - 1e-9))
            within = (answers["side_low"] <= truth[rows]) & (truth[rows] <= answers["side_high"])
            counts["inside"] = int(within.sum()), betabinom(100, place, known.calibrating + 1 - place)
        for name, (count, law) in counts.items():
            assert law.ppf(5e-6) <= count <= law.ppf(1 - 5e-6)
            ranks[name].append(law.cdf(count - 1) + random.random() * law.pmf(count))  # uniform, where the law is right
    for found_ranks in filter(None, ranks.values()):
        assert kstest(found_ranks, "uniform").pvalue > 0.01


def _law(known: Knowing) -> Any:
    return betabinom(100, known.calibrating - known.unknown, known.unknown + 1)
