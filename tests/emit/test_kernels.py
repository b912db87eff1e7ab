"""Kernels one by one, in shapes that random Graphs seldom reach: many channels, groups, edges of tiles, bad halos."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.ir.compose import softmax
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.runtime.native import Native
from datacc.runtime.toolchain import run
from tests.emit.compiled import CPU, compiled, interface_of, poisoned, written
from tests.emit.nets import Net, digits, record, residual
from tests.ir.graphs import assert_alike, inputs_for


def assert_agrees(graph: Graph, folder: Path, rows: int = 4, cpu: str = CPU) -> None:
    """The compiled Graph gives what the interpreter gives, each row on a poisoned arena."""
    inputs = inputs_for(graph, rows)
    answers = poisoned(compiled(graph, folder, cpu=cpu), inputs)
    for field, expected in interpret(graph, inputs).items():
        assert_alike(answers[field], expected)


@pytest.mark.parametrize("graph", [digits(), digits((3, 5), 13, 3), record(), residual()])
def test_whole_nets(graph: Graph, tmp_path: Path) -> None:
    assert_agrees(graph, tmp_path, 20)


CONVOLUTIONS: list[dict[str, Any]] = [
    {"shape": (7, 9, 8), "out": 16, "size": (3, 3), "groups": 8},  # depthwise with a multiplier
    {"shape": (7, 9, 24), "out": 24, "size": (3, 3), "groups": 24},  # depthwise
    {"shape": (7, 9, 56), "out": 56, "size": (3, 3), "groups": 56, "stride": (2, 2)},
    {"shape": (7, 9, 13), "out": 13, "size": (3, 2), "groups": 13, "pad": ((2, 0), (0, 1))},  # odd, leaning
    {"shape": (5, 6, 32), "out": 64, "size": (3, 3), "groups": 2},  # groups of two blocks
    {"shape": (5, 6, 16), "out": 32, "size": (1, 1), "groups": 4, "pad": ((0, 0), (0, 0))},  # half a block each
    {"shape": (5, 6, 12), "out": 24, "size": (3, 3), "groups": 4},  # groups that fill no whole vector
    {"shape": (5, 6, 24), "out": 24, "size": (3, 3), "groups": 6},
    {"shape": (5, 6, 16), "out": 8, "size": (1, 1), "groups": 1, "pad": ((0, 0), (0, 0))},
    {"shape": (14, 14, 16), "out": 40, "size": (3, 3)},  # whole blocks and a rest
    {"shape": (11, 13, 3), "out": 7, "size": (5, 3), "stride": (2, 3), "pad": ((4, 0), (1, 2))},
    {"shape": (11, 13, 3), "out": 9, "size": (3, 3), "dilation": (2, 3), "pad": ((2, 4), (0, 6))},
    {"shape": (7, 12, 3), "out": 8, "size": (3, 3), "stride": (2, 2)},  # two pixels in a wide vector
    {"shape": (5, 8, 12), "out": 5, "size": (3, 3), "stride": (2, 1), "dilation": (2, 1)},
    {"shape": (9, 7, 8), "out": 8, "size": (3, 3), "stride": (2, 1), "groups": 8},
    {"shape": (7, 10, 6), "out": 6, "size": (3, 4), "dilation": (1, 2), "pad": ((1, 1), (3, 3)), "groups": 6},
    {"shape": (64, 5), "out": 20, "size": (7,), "stride": (2,), "pad": ((6, 0),)},  # causal sequence
    {"shape": (50, 16), "out": 16, "size": (3,), "dilation": (4,), "pad": ((8, 0),), "groups": 16},
]


# The C of every processor is right on any other: only its speed depends on registers and their width.
WIDTHS = ["x86-64", CPU, "x86-64-v4"]


@pytest.mark.parametrize("cpu", WIDTHS)
def test_convolutions(cpu: str, tmp_path: Path) -> None:
    net, outputs = Net(), {}
    for i, case in enumerate(CONVOLUTIONS):
        rank = len(case["size"])
        x = net.b.input(f"in{i}", "float32", case["shape"])
        weight = net.weight(f"weight{i}", case["out"], *case["size"], case["shape"][-1] // case.get("groups", 1))
        attrs = {"pad": ((1, 1),) * rank, "stride": (1,) * rank, "dilation": (1,) * rank, "groups": 1, **case}
        chosen = {key: attrs[key] for key in ("pad", "stride", "dilation", "groups")}
        y = net.b.op("conv", f"conv{i}", x, weight, net.weight(f"bias{i}", case["out"]), **chosen)
        limited = net.b.op("clip", f"clip{i}", y, low=0.0, high=0.5)
        outputs[f"out{i}"] = [y, net.b.op("relu", f"relu{i}", y), limited][i % 3]
    assert_agrees(net.b.graph(outputs), tmp_path, cpu=cpu)


def test_eight_channels_fill_wide_vectors_with_two_pixels(tmp_path: Path) -> None:
    """Where rows have pixels in pairs; with residuals and halos, in strips and whole."""
    net, outputs = Net(), {}
    for width in (20, 21):
        x = net.b.input(f"x{width}", "float32", (24, width, 4))
        first = net.conv(f"first{width}", x, 8)
        own = net.conv(f"own{width}", first, 8, groups=8)
        outputs[f"y{width}"] = net.conv(f"last{width}", own, 8, add=first)
    graph = net.b.graph(outputs)
    bodies = {text.split("(")[0]: text for text in written(graph, cpu="x86-64-v4").c.split("STEP void ")}
    is_wide = {name.split("_")[-1]: "_wide(&" in body or "_abreast(&" in body for name, body in bodies.items()}
    assert [is_wide[name] for name in ("first20", "own20", "first21", "own21")] == [True, True, False, False]
    assert_agrees(graph, tmp_path, cpu="x86-64-v4")


@pytest.mark.parametrize("cpu", WIDTHS)
@pytest.mark.parametrize("out", [1, 8, 17, 33, 72])
def test_dense_layers_of_all_widths(out: int, cpu: str, tmp_path: Path) -> None:
    net = Net()
    x = net.b.input("x", "float32", (3, 5, 9))
    halo = net.conv("conv", x, 9)
    both = [net.dense("of_input", x, out), net.dense("of_halo", halo, out), net.conv("again", halo, 4)]
    total = net.b.op("relu", "relu", net.b.op("add", "sum", *both[:2]))
    assert_agrees(net.b.graph({"total": total, "conv": both[2]}), tmp_path, cpu=cpu)


@pytest.mark.parametrize("cpu", WIDTHS)
def test_pools_of_all_widths(cpu: str, tmp_path: Path) -> None:
    net, outputs = Net(), {}
    for channels in (5, 16, 24, 32):
        x = net.b.input(f"x{channels}", "float32", (7, 9, channels))
        for op in ("maxpool", "meanpool"):
            name = f"{op}{channels}"
            outputs[name] = net.b.op(op, name, x, size=(3, 2), stride=(2, 3))
    graph = net.b.graph(outputs)
    assert ("kernel_maxpool_wide" in written(graph, cpu=cpu).c) == (cpu == "x86-64-v4")
    assert_agrees(graph, tmp_path, cpu=cpu)


@pytest.mark.parametrize("shape", [(64,), (12,), (6, 5, 8), (20, 4)])
def test_dense_layers_four_inputs_at_a_time(shape: tuple[int, ...], tmp_path: Path) -> None:
    """Blocks of one to four wide vectors and a narrow one, with as many sums as the inputs allow."""
    net, outputs = Net(), {}
    x = net.b.input("x", "float32", shape)
    for out in (3, 16, 24, 56, 120):
        y = net.b.op("add", f"sum{out}", net.dense(f"dense{out}", x, out), net.b.input(f"more{out}", "float32", (out,)))
        outputs[f"y{out}"] = net.b.op("relu", f"relu{out}", y) if out % 16 else y
    graph = net.b.graph(outputs)
    text = written(graph, cpu="x86-64-v4").c
    assert "kernel_dense_fours_wide(&walk, 4, 1" in text
    assert "kernel_dense_fours(&walk, 1, " in text
    assert_agrees(graph, tmp_path, cpu="x86-64-v4")


@pytest.mark.parametrize("cpu", WIDTHS)
def test_dense_layers_with_few_outputs_of_many_inputs(cpu: str, tmp_path: Path) -> None:
    net, outputs = Net(), {}
    for shape in ((32, 8), (4, 9, 24), (5, 7, 16), (300,)):
        x = net.b.input(f"x{shape}", "float32", shape)
        for out in (1, 2, 3, 6, 10, 12):
            name = f"{out} of {shape}"
            y = net.b.op("add", f"sum {name}", net.dense(name, x, out), net.b.input(f"more {name}", "float32", (out,)))
            outputs[f"of {name}"] = (
                net.b.op("relu", f"relu {name}", y) if out % 3 else net.dense(f"bare {name}", x, out)
            )
    graph = net.b.graph(outputs)
    assert "kernel_dense_rows" in written(graph, cpu=cpu).c
    assert_agrees(graph, tmp_path, cpu=cpu)


def test_a_value_that_is_read_in_two_ways(tmp_path: Path) -> None:
    """One float input as picture, as vector and as answer; one answer under two names."""
    net = Net()
    x = net.b.input("x", "float32", (6, 6, 3))
    y = net.conv("y", x, 3)
    total = net.b.op("add", "total", y, x)
    mean = net.b.op("meanpool", "mean", total, size=(6, 6), stride=(6, 6))
    assert_agrees(net.b.graph({"x": x, "a": total, "b": total, "mean": mean}), tmp_path)


def test_ranks_over_pictures(tmp_path: Path) -> None:
    net = Net()
    x = net.b.input("x", "float32", (4, 5, 11))
    outputs = {op: net.b.op(op, op, x) for op in ("argmax", "maximum")} | {"softmax": softmax(net.b, "softmax", x)}
    outputs["joined"] = net.b.op("concat", "joined", outputs["softmax"], outputs["maximum"], axis=2)
    assert_agrees(net.b.graph(outputs), tmp_path)


def test_standardising_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    """A fused multiply-add would keep digits that the reference rounds away; large means would show it."""
    net = Net()
    x = net.b.input("x", "float32", (5,))
    scale = net.b.weight("scale", (5,), value=np.array([1 / 3, 1e3, 7e-3, 0.1, 1]))
    y = net.b.op("affine", "y", x, scale, net.b.weight("offset", (5,), value=np.array([-1e6, -1e9, 0.3, -7e5, 1e-8])))
    graph = net.b.graph({"y": y})
    inputs = {"x": np.random.default_rng(0).normal([3e6, 1e6, 1, 7e6, 0], 1, (200, 5)).astype(np.float32)}
    np.testing.assert_array_equal(compiled(graph, tmp_path).batch(inputs)["y"], interpret(graph, inputs)["y"])


@pytest.mark.parametrize("cpu", [CPU, "x86-64-v4"])
@pytest.mark.parametrize("graph", [residual(), record(32, (40, 24)), digits((8, 8), 12)])
def test_the_portable_form_agrees(graph: Graph, cpu: str, tmp_path: Path) -> None:
    source = written(graph, cpu=cpu)
    (tmp_path / "program.c").write_text(source.c)
    (tmp_path / "program.h").write_text(source.header)
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu", "-std=c99", "-DDATACC_PORTABLE"]
    run(
        [*command, "-O2", "-shared", "-fPIC", "-nostdlib", "-ffreestanding", "program.c", "-o", "portable.so"], tmp_path
    )
    inputs = inputs_for(graph)
    answers = poisoned(Native(tmp_path / "portable.so", interface_of(graph)), inputs)
    for field, expected in interpret(graph, inputs).items():
        assert_alike(answers[field], expected)


def test_extreme_scores_stay_finite(tmp_path: Path) -> None:
    net = Net()
    native = compiled(net.answers(net.b.input("x", "float32", (9,))), tmp_path)
    x = np.zeros((4, 9), np.float32)
    x[1, 3], x[2], x[3, :2] = 3e38, -3e38, (-1e30, 90)
    answers = native.batch({"x": x})
    np.testing.assert_allclose(answers["label_scores"].sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(answers["label"][:, 0], [0, 3, 0, 1])
    e = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True).astype(np.float64))
    np.testing.assert_allclose(answers["label_scores"], e / e.sum(axis=1, keepdims=True), atol=1e-7)


def test_a_missing_halo_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datacc.emit.function.clearing", lambda place, writes_lanes: ())
    graph = residual()
    with pytest.raises(AssertionError):
        poisoned(compiled(graph, tmp_path), inputs_for(graph))
