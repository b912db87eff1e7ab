"""Plans of nets as people use them: what is fused, what is placed where, how large the arena is, what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from datacc.arrange import arrange
from datacc.arrange.inside import is_inside
from datacc.emit.piece import Piece
from datacc.emit.table import KERNELS
from datacc.errors import GraphError, SpecError
from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Node
from datacc.ir.interpret import interpret
from datacc.ir.plan import Plan, Step
from tests.emit.compiled import CPU, compiled, poisoned
from tests.emit.nets import Net, digits, record, residual
from tests.ir.graphs import assert_alike, graphs, inputs_for


def forms(plan: Plan) -> list[str]:
    """Each step, or part of one, as op and what is fused to it."""
    steps = (step for whole in plan.steps for step in whole.simple)
    return [step.op + "+add" * bool(step.residual) + "+relu" * step.relu for step in steps]


@pytest.mark.parametrize("graph", [digits(), record(), residual()], ids=["digits", "record", "residual"])
def test_the_arena_of_a_real_net_is_its_largest_live_set(graph: Graph) -> None:
    plan = arrange(graph, CPU)
    assert plan.arena == plan.peak > 0


def test_layers_take_sums_and_thresholds_along() -> None:
    block = ["conv+relu", "conv+add+relu"]
    side = ["conv", "conv+relu", "conv+add+relu"]
    answer = ["meanpool", "dense", "maximum", "each", "dense", "each", "argmax", "maximum"]
    assert sorted(forms(arrange(residual(), CPU, winograd=False))) == sorted(
        ["each", "conv+relu", *block, *side, *block, *answer]
    )
    assert forms(arrange(record(), CPU)) == [
        "each",
        "dense+relu",
        "dense+relu",
        "dense",
        "maximum",
        "each",
        "dense",
        "each",
        "argmax",
        "maximum",
    ]


def test_a_value_that_something_else_reads_is_not_fused_away() -> None:
    net = Net()
    x = net.conv("conv", net.picture(6, 6, 1), 8, relu=False)
    y = net.b.op("relu", "relu", x)
    plan = arrange(net.b.graph({"before": x, "after": y}), CPU)
    assert [step.op for whole in plan.steps for step in whole.simple] == ["each", "conv", "each", "copy"]
    assert {"conv", "relu"} <= set(plan.places)


def test_a_picture_with_one_channel_is_not_spread_over_eight_lanes() -> None:
    net = Net()
    wide = net.dense("wide", net.conv("conv", net.picture(5, 5, 1), 16), 999)
    plan = arrange(net.b.graph({"y": net.dense("y", wide, 2)}), CPU)
    place = plan.places["scaled"]
    assert (place.pixel, place.halo, place.nbytes) == (1, (1, 1, 1, 1), 7 * 7 * 4)
    assert plan.places["conv.relu"].pixel == 16


def test_answers_are_written_where_the_caller_wants_them() -> None:
    plan = arrange(record(), CPU)
    assert {plan.places[node].home for _, node in plan.graph.outputs} == {"answer"}
    assert "copy" not in forms(plan)


def test_a_residual_that_dies_is_written_over() -> None:
    plan = arrange(residual(), CPU)
    assert plan.places["second1.relu"] == plan.places["stem.relu"]
    assert plan.places["second3.relu"] == plan.places["second2.relu"]


@given(graphs(states=False))
def test_steps_read_what_was_computed_before(graph: Graph) -> None:
    plan = arrange(graph, CPU)
    known = {node.name for node in graph.inputs}
    for step in plan.steps:
        assert set(step.values) <= known
        known.add(step.out)
        known |= {node.name for node in graph.nodes if node.op == "concat" and _is_put_together(plan, node, known)}
    assert all(plan.places[step.out].home != "input" for step in plan.steps)
    assert {place.buffer for place in plan.places.values() if place.home == "answer"} == dict(graph.outputs).keys()
    for name, place in plan.places.items():
        if place.home == "arena" and name in known:
            assert plan.offsets[place.buffer] + place.nbytes <= plan.arena


def _is_put_together(plan: Plan, concat: Node, known: set[str]) -> bool:
    """Whether all parts are known, and stand where the concatenation wants them: no step writes it."""
    return all(part in known and is_inside(plan.places, part, concat.name) for part in concat.inputs)


def test_nothing_that_no_answer_needs_is_computed() -> None:
    net = Net()
    x = net.b.input("x", "float32", (4,))
    net.dense("unused", x, 4)
    plan = arrange(net.b.graph({"y": net.dense("used", x, 3)}), CPU)
    assert [step.nodes[0] for step in plan.steps] == ["used", "used"]


def test_what_cannot_be_emitted_is_refused() -> None:
    net = Net()
    x = net.b.input("x", "float32", (4,))
    y = net.dense("y", x, 4)
    hole = net.b.op("add", "late", y, net.b.weight("w", (4,)))
    with pytest.raises(GraphError, match="still open"):
        arrange(net.b.graph({"y": hole}), CPU)
    filled = net.b.graph({"y": hole}).fill({"w": np.ones(4)})
    with pytest.raises(GraphError, match="value is wanted"):
        arrange(filled, CPU)
    with pytest.raises(GraphError, match="is a weight"):
        arrange(replace(record(), outputs=(("y", "logits.bias"),)), CPU)
    with pytest.raises(SpecError, match="another program on every machine"):
        arrange(record(), "native")


def test_the_scratch_of_a_kernel_lives_for_its_step_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that writes all over its scratch disturbs nothing; the arena has room for it while it runs."""
    wanted = 7200
    monkeypatch.setattr("datacc.arrange.scratch.SCRATCH", {"dense": lambda step, plan: wanted})
    kernel = KERNELS["dense"]

    def scribbling(step: Step, plan: Plan, name: str) -> Piece:
        piece = kernel(step, plan, name)
        return replace(piece, body=(f"kernel_zero(scratch, {wanted // 4});", *piece.body))

    monkeypatch.setattr("datacc.emit.source.KERNELS", {**KERNELS, "dense": scribbling})
    plan = arrange(record(), CPU)
    used = {step.scratch for step in plan.steps if step.scratch}
    assert len(used) == 4
    assert plan.arena == plan.peak <= wanted + 2 * 32 * 4 + 64
    inputs = inputs_for(record())
    answers = poisoned(compiled(record(), tmp_path), inputs)
    for field, expected in interpret(record(), inputs).items():
        assert_alike(answers[field], expected)


def test_convolutions_take_thresholds_with_an_upper_limit_along() -> None:
    net = Net()
    x = net.conv("conv", net.b.input("x", "float32", (6, 6, 8)), 8, relu=False)
    y = net.conv("add", net.b.op("clip", "six", x, low=0.0, high=6.0), 8, relu=False, add=x)
    plan = arrange(net.b.graph({"y": net.b.op("clip", "leaky", y, low=-1.0, high=6.0)}), CPU)
    steps = [step for whole in plan.steps for step in whole.simple]
    assert [step.op for step in steps if step.op != "copy"] == ["conv", "each", "conv", "each"]
    alone = net.b.graph({"y": net.b.op("clip", "end", net.conv("last", y, 8, relu=False), low=0.0, high=6.0)})
    assert (True, 6.0) in [(step.relu, step.most) for whole in arrange(alone, CPU).steps for step in whole.simple]


def test_bytes_that_are_read_four_at_a_time_do_not_end_in_the_callers_struct() -> None:
    """A product reads up to three bytes past a row: in the arena they are there, in an answer they are another's."""
    b = Builder()
    part = b.op("slice", "part", b.input("x", "uint8", (8, 9, 1)), axis=0, first=0, last=5)
    weight = b.weight("w", (4, 3, 3, 1), dtype="int8", role="fixed", value=np.ones((4, 3, 3, 1)))
    bias = b.weight("b", (4,), dtype="int32", role="fixed", value=np.zeros(4))
    y = b.op("conv", "y", part, weight, bias, stride=(1, 1), pad=((0, 0), (0, 0)), dilation=(1, 1))
    plan = arrange(b.graph({"part": part, "y": y}), "x86-64-v3")
    [conv] = [kernel for step in plan.steps for kernel in step.simple if kernel.op == "conv"]
    assert plan.places[conv.reads[0]].home == "arena"
