"""The bench of builds: torch fits the net that we fit, and its rows have the names that readers rely on."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.sides.build_quality import module_of
from datacc.ir.graph import Graph, Type
from datacc.registry import load

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (28, 28, 1)


def graphs() -> list[tuple[str, Graph, tuple[int, ...]]]:
    """Every candidate of both skeletons, on a picture and on a record."""
    found = []
    for name, kind, options, shape in (
        ("conv.v1", "image", {"height": 28, "width": 28, "channels": 1}, SHAPE),
        ("mlp.v1", "record", {"columns": ["a", "b", "c"]}, (3,)),
    ):
        type_: Any = load("types", kind)
        front = type_.front("x", type_.options(**options))
        answer = load("types", "label").answer("y", tuple("abcd"))
        for sizes in load("skeletons", name).ladder([Type(dtype="float32", shape=shape)]):
            graph = load("skeletons", name).graph([front], answer, sizes)
            found.append((f"{name} {dict(sizes)}", graph, shape))
    return found


@pytest.mark.parametrize(("graph", "shape"), [one[1:] for one in graphs()], ids=[one[0] for one in graphs()])
def test_the_module_has_the_weights_and_the_answers_of_the_graph(graph: Graph, shape: tuple[int, ...]) -> None:
    module = module_of(graph).eval()
    learnt = sum(node.type.count for node in graph.holes if node.role == "learnt")
    assert sum(weight.numel() for weight in module.parameters()) == learnt
    answer = module(torch.zeros(2, *shape).movedim(-1, 1) if len(shape) > 1 else torch.zeros(2, *shape))
    assert answer.shape == (2, 4)


@pytest.mark.nightly
def test_rows() -> None:
    command = [sys.executable, "bench/build.py", "--quick", "--json"]
    rows = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    names = {"cold", "noop_build", "identical_builds", "search/cost", "search/fitting", "time_to_quality/torch"}
    names |= {"time_to_quality/sklearn_mlp", "time_to_quality/sklearn_hgb"}
    assert {f"digits8/{name}" for name in names} <= set(rows)
    assert rows["digits8/identical_builds"]["ours"] == 1
