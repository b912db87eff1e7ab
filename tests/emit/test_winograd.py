"""Convolutions in Winograd's form: right at odd edges, beside residuals, in strips, on every width of vectors."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.arrange import arrange
from datacc.emit import emit
from datacc.emit.bands import stretch
from datacc.emit.winograd import G, transformed
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.spec.cpus import CPUS
from tests.emit.compiled import CPU, compiled, interface_of, poisoned, written
from tests.emit.nets import Net, digits
from tests.emit.test_kernels import WIDTHS
from tests.ir.graphs import inputs_for

SHAPES = [
    (4, 4, 8, 8),
    (5, 7, 16, 16),
    (7, 4, 24, 40),  # a band of wide vectors and one of others
    (9, 9, 32, 32),
    (6, 34, 16, 48),  # more tiles in a row than in a block
    (35, 3, 8, 16),
    (8, 8, 64, 64),
    (3, 2, 20, 12),  # channels that fill no whole vectors
]


def blocks() -> Graph:
    """A residual block of each shape; pads that lean, and none at all."""
    net, outputs = Net(), {}
    for i, (height, width, channels, out) in enumerate(SHAPES):
        x = net.conv(f"first{i}", net.b.input(f"in{i}", "float32", (height, width, 3)), channels)
        inner = net.conv(f"inner{i}", x, out, relu=i % 2 == 0)
        outputs[f"out{i}"] = net.conv(f"last{i}", inner, out, add=inner, relu=i % 3 > 0)
        if min(height, width) > 3:
            outputs[f"bare{i}"] = bare(net, f"bare{i}", inner, 8, ((0, 0), (0, 0)))
            outputs[f"lean{i}"] = bare(net, f"lean{i}", inner, 8, ((2, 0), (0, 1)))
    return net.b.graph(outputs)


def bare(net: Net, name: str, x: str, out: int, pad: Any) -> str:
    weight = net.weight(f"{name}.weight", out, 3, 3, net.b.type(x).shape[-1])
    attrs = {"stride": (1, 1), "dilation": (1, 1), "groups": 1, "pad": pad}
    return net.b.op("conv", name, x, weight, net.weight(f"{name}.bias", out), **attrs)


def assert_near(got: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> None:
    """At most four millionths of the largest answer off."""
    assert np.abs(got - wanted).max() <= 4e-6 * np.abs(wanted).max()


@pytest.mark.parametrize("cpu", WIDTHS)
def test_all_edges(cpu: str, tmp_path: Path) -> None:
    graph = blocks()
    assert written(graph, cpu=cpu).c.count("kernel_winograd_out") > len(SHAPES)
    inputs = inputs_for(graph, 2)
    answers = poisoned(compiled(graph, tmp_path, cpu=cpu), inputs)
    for field, wanted in interpret(graph, inputs).items():
        assert_near(answers[field], wanted)


@pytest.mark.parametrize("cpu", WIDTHS)
def test_a_few_rows_at_a_time(cpu: str, tmp_path: Path) -> None:
    """The second convolution and its pool work in strips, and the strip's convolution in this form."""
    graph = digits((16, 32))
    plan = arrange(graph, cpu)
    inside = [part.step for step in plan.steps for part in step.parts if part.step.scratch]
    assert [step.nodes[0] for step in inside] == ["conv2"]
    inputs = inputs_for(graph, 3)
    answers = poisoned(compiled(graph, tmp_path, cpu=cpu), inputs)
    assert_near(answers["label_scores"], interpret(graph, inputs)["label_scores"])


def test_it_can_be_forbidden() -> None:
    graph = blocks()
    plan = arrange(graph, CPU, winograd=False)
    assert "winograd" not in emit(plan, interface_of(graph)).c
    assert not any(step.scratch for step in plan.steps)


def test_weights_are_those_of_the_paper() -> None:
    """Each plane holds one entry of G g Gᵀ for every pair of channels."""
    weight = np.random.default_rng(0).normal(size=(16, 3, 3, 5)).astype(np.float32)
    (band,) = stretch(16, CPUS[CPU], 2)
    planes = transformed(weight, band).reshape(4, 4, 5, 16)
    for o, c in ((0, 0), (15, 4), (7, 2)):
        np.testing.assert_allclose(planes[:, :, c, o], G @ weight[o, :, :, c] @ G.T, rtol=1e-6, atol=1e-7)
