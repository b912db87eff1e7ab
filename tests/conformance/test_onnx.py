"""The official tests of onnx through the compiled artifact, and the page that lists which are refused and why.

Weights, shapes and settings that a node test passes as inputs are baked in, as `datacc compile` has them.
"""

import os
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from datacc.errors import ModelError
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.onnx.convert import FORMS
from tests.emit.compiled import poisoned
from tests.emit.many import compiled_together
from tests.ir.onnx.suite import Case, node_cases, torch_cases

PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"
LEAST = {"node": 600, "torch": 90}
SUITES = {"node": node_cases, "torch": torch_cases}
TOGETHER = 40  # programs in one library
BOUNDED = 250  # node tests that are compiled outside the nightly tier


@cache
def sorted_out(suite: str) -> tuple[dict[str, tuple[Case, Graph]], dict[str, ModelError]]:
    """The cases that convert, with their Graphs, and those that are refused, with why."""
    taken, refused = {}, {}
    for name, case in SUITES[suite]().items():
        try:
            taken[name] = (case, case.converted().graph)
        except ModelError as error:
            refused[name] = error
    return taken, refused


@pytest.mark.parametrize("suite", SUITES)
def test_whatever_is_not_refused_means_what_the_test_says(suite: str) -> None:
    taken, _ = sorted_out(suite)
    assert len(taken) >= LEAST[suite]
    for case, graph in taken.values():
        case.check(interpret(graph, case.rows(graph)))


def compile_all(cases: dict[str, tuple[Case, Graph]]) -> int:
    names = list(cases)
    for start in range(0, len(names), TOGETHER):
        part = {f"case{k}": cases[name] for k, name in enumerate(names[start : start + TOGETHER])}
        with tempfile.TemporaryDirectory() as folder:
            natives = compiled_together({key: graph for key, (_, graph) in part.items()}, Path(folder))
            for key, (case, graph) in part.items():
                case.check(poisoned(natives[key], case.rows(graph)))
    return len(names)


def test_the_compiled_artifact_passes_node_tests() -> None:
    taken, _ = sorted_out("node")
    own = {name: pair for name, pair in taken.items() if "_expanded" not in name}
    step = len(own) / BOUNDED
    chosen = [list(own)[int(k * step)] for k in range(BOUNDED)]
    assert compile_all({name: own[name] for name in chosen}) >= 230


def test_the_compiled_artifact_passes_the_tests_from_pytorch() -> None:
    taken, _ = sorted_out("torch")
    assert compile_all(dict(list(taken.items())[::2])) >= 40


@pytest.mark.nightly
@pytest.mark.parametrize("suite", SUITES)
def test_the_compiled_artifact_passes_every_test(suite: str) -> None:
    assert compile_all(sorted_out(suite)[0]) >= LEAST[suite]


def test_the_page_says_what_is_taken_and_what_is_refused() -> None:
    head = PAGE.read_text(encoding="utf-8").split("<!-- below: written by tests/conformance/test_onnx.py -->")[0]
    page = f"{head}<!-- below: written by tests/conformance/test_onnx.py -->\n\n{tables()}"
    if os.environ.get("DATACC_GOLDEN") == "write":
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page


def tables() -> str:
    """The ops that are taken, and the official tests that are refused, by op and reason."""
    taken = ", ".join(f"`{name}`" for name in sorted(FORMS))
    counts = "\n".join(f"| {suite} | {len(sorted_out(suite)[0])} | {len(sorted_out(suite)[1])} |" for suite in SUITES)
    reasons = Counter(_reason(error) for suite in SUITES for error in sorted_out(suite)[1].values())
    rows = "\n".join(f"| {what} | {why} | {n} |" for (what, why), n in sorted(reasons.items()))
    return (
        f"## Ops\n\n{taken}; and whatever is known while the model is read, such as the arithmetic of shapes.\n\n"
        f"## Official tests of onnx\n\n| suite | pass | refused |\n|---|---|---|\n{counts}\n\n"
        f"### Refused\n\n| where | why | tests |\n|---|---|---|\n{rows}\n"
    )


def _reason(error: ModelError) -> tuple[str, str]:
    """The op, or the kind of thing, and the reason without what is of one test alone."""
    where = error.where.split("(")[1].split(",")[0] if "(" in error.where else error.where.split(" ")[0]
    what = error.what.split(":")[0] if where != "output" else error.what.split(",")[0]
    said = "".join("N" if c.isdigit() and not w.isalnum() else c for w, c in zip(f" {what}", what, strict=False))
    return where or "file", said.replace("|", "/").replace("<", "&lt;")[:110]
