"""Small hand-made things to judge: a program, a frozen snapshot, a Graph, a stand-in library, a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.evidence import Evidence
from datacc.compiler.report import Candidate, Data, Digests, Provenance, Report, tune_of
from datacc.compiler.verdict import Costs, Timing, Verdict, budget_lines, rate_line
from datacc.goals import rate
from datacc.ir.cost import node_costs
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.registry import load
from datacc.repo.example import Example
from datacc.repo.snapshot import Snapshot, freeze
from datacc.spec.program import Budget, Field, Goal, Program
from datacc.spec.write import program_toml
from datacc.store import Store, digest

CLASSES = ("low", "high", "far")
COSTS = Costs(work=100, size=2_000, arena=300, stack=40, weights=1_200)
TIMING = Timing(median=1e-6, p99=2e-6, quiet=True)
PROGRAM = Program(
    name="points",
    inputs=(Field(name="point", type="record", options={"columns": ["x", "y"]}),),
    outputs=(Field(name="side", type="label"),),
    goals=(Goal(metric="accuracy", limit=0.5),),
)


def points(count: int, seed: int = 0) -> tuple[list[list[float]], list[str]]:
    """Points in the plane with the class of their place."""
    values = np.random.default_rng(seed).normal(size=(count, 2)).round(3)
    names = ["far" if x * x + y * y > 3 else "high" if y > 0 else "low" for x, y in values]
    return values.tolist(), names


def snapshot_of(
    store: Store,
    values: Sequence[Sequence[float]],
    names: Sequence[str],
    splits: Sequence[str],
    columns: Mapping[str, Sequence[Any]] | None = None,
    classes: tuple[str, ...] = CLASSES,
) -> Snapshot:
    """A snapshot frozen as every source freezes one; ids follow the position."""
    examples = [
        Example(
            id=digest("example", str(n)),
            content=digest("content", str(n)),
            inputs={"point": list(value)},
            labels={"side": name},
            columns={key: column[n] for key, column in (columns or {}).items()},
            name=f"row {n}",
            split=split,
        )
        for n, (value, name, split) in enumerate(zip(values, names, splits, strict=True))
    ]
    return freeze(store, PROGRAM, examples, {"side": classes}, "commit 0123abcd", ["one note"])


def thirds(count: int) -> list[str]:
    """learn, tune, judge in turn."""
    return [("learn", "tune", "judge")[n % 3] for n in range(count)]


def graph_for(classes: tuple[str, ...] = CLASSES, seed: int = 0) -> Graph:
    """A complete network for points, with weights at random."""
    (field,), kind = PROGRAM.inputs, load("types", "record")
    front = kind.front(field.name, kind.options(**field.options))
    answer = load("types", "label").answer("side", classes)
    graph: Graph = load("skeletons", "mlp.v1").graph([front], answer, {"width": 8, "depth": 1})
    random = np.random.default_rng(seed)
    return graph.fill({hole.name: random.uniform(0.2, 1.5, hole.type.shape) for hole in graph.holes})


@dataclass
class Standing:
    """What a linked library would be: the interpreter, with a place to spoil answers."""

    graph: Graph
    spoil: Any = None
    seen: int = 0

    def batch(self, inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        answers = {name: value.copy() for name, value in interpret(self.graph, inputs).items()}
        if self.spoil is not None:
            self.spoil(answers, self.seen)
        self.seen += len(next(iter(inputs.values())))
        return answers


@dataclass
class Oracle:
    """A library that answers what a function of the inputs says, with full confidence."""

    answer: Any
    field: str = "side"

    def batch(self, inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        found = np.array([[self.answer(row)] for row in inputs["point"]], np.int32).reshape(-1, 1)
        return {self.field: found, f"{self.field}_confidence": np.ones(found.shape, np.float32)}


def evidence_of(
    classes: tuple[str, ...] = CLASSES,
    truth: Sequence[int] = (0, 1, 2, 1, 0, 0),
    answer: Sequence[int] = (0, 1, 2, 2, 0, 1),
    *,
    names: Sequence[str | None] | None = None,
    ids: Sequence[str] | None = None,
    pictures: bool = False,
) -> Evidence:
    """Evidence by hand: points or 4 × 5 grey pictures."""
    count, random = len(truth), np.random.default_rng(0)
    inputs: dict[str, NDArray[Any]] = {"point": random.normal(size=(count, 2)).astype(np.float32)}
    if pictures:
        inputs = {"point": random.integers(0, 256, (count, 4, 5, 1), dtype=np.uint8)}
    return Evidence(
        field="side",
        classes=classes,
        ids=tuple(ids) if ids is not None else tuple(digest(str(n)) for n in range(count)),
        names=tuple(names) if names is not None else tuple(f"row {n}" for n in range(count)),
        inputs=inputs,
        truth=np.array(truth, np.int32),
        answer=np.array(answer, np.int32),
        confidence=np.linspace(0.5, 1, count, dtype=np.float32),
    )


def report_of(evidence: Evidence, *, program: Program = PROGRAM, notes: tuple[str, ...] = ("one note",)) -> Report:
    """A report by hand that misses its budget of size."""
    budget = Budget(size=1_000, latency=5e-6)
    candidate = Candidate(
        skeleton="mlp.v1", sizes={"width": 8}, work=100, size=2_000, memory=340, tune=0.9, chosen=True
    )
    return Report(
        name=program.name,
        program=program_toml(replace(program, path=Path("datacc.toml"))),
        data=Data(
            digest="d" * 32,
            origin="commit 0123abcd",
            notes=notes,
            rows={"learn": 70, "tune": 10, "judge": 20},
            classes={evidence.field: evidence.classes},
        ),
        tried=(candidate, replace(candidate, chosen=False, tune=None, note="not needed")),
        verdict=Verdict(
            lines=(
                rate_line("goal", "accuracy", 0.5, rate(18, 20)),
                rate_line("check", "recall of 'far'", 0.9, rate(0, 0)),
                *budget_lines(budget, COSTS, TIMING),
            ),
            timing=TIMING,
        ),
        costs=COSTS,
        ops=node_costs(graph_for()),
        tune=(tune_of(evidence),),
        provenance=Provenance(
            datacc="0.1.0", toolchain={"zig": "0.15.1"}, cpu="x86-64-v3", commit="0123abcd", lock=None
        ),
        digests=Digests(graph="a" * 32, source="b" * 32, library="c" * 32),
    )
