"""Programs with states: a stream in blocks gives what the whole sequence gives; states may even change places."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from datacc.arrange import arrange
from datacc.ir.build import Builder
from datacc.ir.compose import tanh
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from tests.emit.compiled import CPU, compiled, poisoned
from tests.emit.nets import Net
from tests.ir.graphs import LOOSE, assert_alike, graphs, inputs_for

BLOCK = 64


def wavenet(length: int, layers: int = 8, channels: int = 16, *, states: bool) -> Graph:
    """Causal layers of growing dilation: by padding over a whole sequence, or by windows that a state completes."""
    net = Net()
    b = net.b
    x = b.op("affine", "scaled", b.input("sound", "float32", (length, 1)), net.weight("s", 1), net.weight("o", 1))
    x = b.op("conv", "front", x, net.weight("front.w", channels, 1, 1), net.weight("front.b", channels),
             stride=(1,), pad=((0, 0),), dilation=(1,))  # fmt: skip
    kept = []
    for i in range(layers):
        far = 2**i
        source, pad = x, far
        if states:
            old = b.input(f"kept{i}", "float32", (far, channels))
            source, pad = b.op("concat", f"window{i}", old, x, axis=0), 0
            left = b.op("slice", f"left{i}", source, axis=0, first=length, last=length + far - 1, step=1)
            kept.append((old, left))
        weights = net.weight(f"w{i}", channels, 2, channels), net.weight(f"b{i}", channels)
        y = b.op("conv", f"conv{i}", source, *weights, stride=(1,), pad=((pad, 0),), dilation=(far,))
        one = net.weight(f"w{i}.out", channels, 1, channels), net.weight(f"b{i}.out", channels)
        y = b.op("conv", f"out{i}", tanh(b, f"gate{i}", y), *one, stride=(1,), pad=((0, 0),), dilation=(1,))
        x = b.op("add", f"sum{i}", y, x)
    return b.graph({"y": x}, states=tuple(kept))


@pytest.mark.parametrize("cpu", [CPU, "x86-64-v4"])  # of which the latter takes chains sixteen floats at a time
def test_a_stream_in_blocks_gives_what_the_whole_sequence_gives(cpu: str, tmp_path: Path) -> None:
    blocks = 9
    sound = np.random.default_rng(1).normal(size=(1, blocks * BLOCK, 1)).astype(np.float32)
    whole = interpret(wavenet(blocks * BLOCK, states=False), {"sound": sound})["y"]
    native = compiled(wavenet(BLOCK, states=True), tmp_path, cpu=cpu)
    stream = native.stream()
    parts = []
    for rows in (1, 3, 5):
        at = sum(len(part) for part in parts) * BLOCK
        block = sound[0, at : at + rows * BLOCK].reshape(rows, BLOCK, 1)
        native.scratch[:] = np.nan
        parts.append(native.batch({"sound": block}, stream)["y"])
    assert_alike(np.concatenate(parts).reshape(whole.shape), whole)
    assert any(array.any() for array in (stream[0][port.name] for port in native.interface.states))


def threaded(graph: Graph, inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """What the interpreter gives for rows one after the other, states handed on, zero at first."""
    kept = {given: np.zeros((1, *graph.by_name[given].type.shape), graph.by_name[given].type.dtype)
            for given, _ in graph.states}  # fmt: skip
    found = []
    for i in range(len(next(iter(inputs.values())))):
        values = interpret(graph, {**{name: array[i : i + 1] for name, array in inputs.items()}, **kept})
        kept = {given: values[given] for given in kept}
        found.append(values)
    return found


def agrees(graph: Graph, folder: Path, rows: int = 4) -> None:
    names = {node.name for node in graph.given}
    inputs = {name: array for name, array in inputs_for(graph, rows).items() if name in names}
    native = compiled(graph, folder)
    answers = native.batch(inputs)
    for i, expected in enumerate(threaded(graph, inputs)):
        for field, _ in graph.outputs:
            if field != "best":
                assert_alike(answers[field][i : i + 1], expected[field], LOOSE)


def swapped() -> Graph:
    """Two states that change places, one of which is an answer as well; a third is the input of the call before."""
    b = Builder()
    x, one, other = (b.input(name, "float32", (5,)) for name in ("x", "one", "other"))
    before = b.input("before", "float32", (5,))
    count = b.input("count", "float32", (1,))
    more = b.op("affine", "more", count, *(b.weight(n, (1,), value=np.array([1.0]), role="fixed") for n in "so"))
    total = b.op("add", "total", b.op("add", "sum", x, one), b.op("add", "rest", other, before))
    states = (("one", "other"), ("other", "total"), ("before", "x"), ("count", "more"))
    return b.graph({"y": total, "old": "other", "z": before, "n": more}, states=states)


def test_bound_memory_goes_on_with_one_stream(tmp_path: Path) -> None:
    graph = counter()
    x = inputs_for(graph, 4)["x"]
    bound = compiled(graph, tmp_path).bind()
    for row, expected in zip(x, threaded(graph, {"x": x}), strict=True):
        bound.inputs["x"][...] = row
        assert_alike(bound()["y"][None], expected["y"])
        assert_alike(bound.states["total"][None], expected["total"])


def test_states_that_change_places(tmp_path: Path) -> None:
    agrees(swapped(), tmp_path, 6)


def counter() -> Graph:
    """A state that replaces itself where it lies."""
    b = Builder()
    x, total = b.input("x", "float32", (3, 11)), b.input("total", "float32", (3, 11))
    new = b.op("add", "new", x, total)
    return b.graph({"y": b.op("exp", "y", b.op("clip", "c", new, low=-2.0, high=2.0))}, states=(("total", new),))


def test_a_state_that_replaces_itself(tmp_path: Path) -> None:
    agrees(counter(), tmp_path, 6)


def test_a_window_that_moves_on_is_written_once() -> None:
    """Each state is read into its window, and what it leaves is sliced to where it lies: no other copies."""
    plan = arrange(wavenet(BLOCK, states=True), CPU)
    assert "copy" not in [step.op for step in plan.steps][:-1]
    kept = [plan.places[step.out].home for step in plan.steps if step.op == "slice"]
    assert kept == ["state"] * 8
    joined = [step for step in plan.steps if step.op == "concat"]
    assert [len(step.reads) for step in joined] == [1] * 8  # the new block is written where it belongs


def pure(length: int, layers: int) -> Graph:
    """The same with one state for all layers, which is an input and an answer."""
    net = Net()
    b, at, tails = net.b, 0, []
    x, state = b.input("x", "float32", (length, 8)), b.input("state", "float32", (2**layers - 1, 8))
    for i in range(layers):
        far = 2**i
        past = b.op("slice", f"past{i}", state, axis=0, first=at, last=at + far - 1)
        window = b.op("concat", f"window{i}", past, x, axis=0)
        tails.append(b.op("slice", f"tail{i}", window, axis=0, first=length, last=length + far - 1))
        y = b.op("conv", f"conv{i}", window, net.weight(f"w{i}", 8, 2, 8), net.weight(f"b{i}", 8),
                 stride=(1,), pad=((0, 0),), dilation=(far,))  # fmt: skip
        x, at = b.op("add", f"sum{i}", tanh(b, f"gate{i}", y), x), at + far
    return b.graph({"y": x, "next": b.op("concat", "next", *tails, axis=0)})


def test_parts_are_written_where_they_stand_side_by_side(tmp_path: Path) -> None:
    """Pieces of the state go into windows, what they leave goes into the answer; the input alone must be copied."""
    graph = pure(16, 4)
    steps = arrange(graph, CPU).steps
    assert {step.op for step in steps} == {"slice", "conv", "each", "concat"}
    assert [step.reads for step in steps if step.op == "concat"] == [("x",)]
    inputs = inputs_for(graph, 5)
    answers = poisoned(compiled(graph, tmp_path), inputs)
    for field, expected in interpret(graph, inputs).items():
        assert_alike(answers[field], expected)


def both_ways() -> Graph:
    """Parts that are read elsewhere too, stand in two concatenations, or twice in one; an answer among them."""
    net = Net()
    b = net.b
    x, z = b.input("x", "float32", (5, 8)), b.input("z", "float32", (3, 8))
    one, other = b.op("exp", "one", b.op("clip", "c", x, low=-1.0, high=1.0)), b.op("relu", "other", z)
    first = b.op("concat", "first", one, other, one, axis=0)
    second = b.op("concat", "second", other, first, axis=0)
    third = b.op("concat", "third", b.op("relu", "r", one), other, axis=0)
    total = b.op("add", "total", one, b.op("slice", "s", second, axis=0, first=2, last=6))
    changed = b.op("sin", "changed", b.op("clip", "c2", third, low=-2.0, high=2.0))
    return b.graph(
        {"second": second, "other": other, "total": total, "changed": changed, "one": b.op("sqrt", "q", one)}
    )


def test_parts_that_are_read_elsewhere_too(tmp_path: Path) -> None:
    graph = both_ways()
    inputs = inputs_for(graph, 5)
    answers = poisoned(compiled(graph, tmp_path), inputs)
    for field, expected in interpret(graph, inputs).items():
        assert_alike(answers[field], expected)


@given(graphs(most=6))
def test_random_graphs(tmp_path_factory: pytest.TempPathFactory, graph: Graph) -> None:
    if graph.states and graph.given:
        agrees(graph, tmp_path_factory.mktemp("states"))


def test_the_scratch_holds_nothing_from_call_to_call(tmp_path: Path) -> None:
    graph = counter()
    native = compiled(graph, tmp_path)
    inputs = {"x": inputs_for(graph, 1)["x"]}
    assert poisoned(native, inputs).keys() == {"y"}
