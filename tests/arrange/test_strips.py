"""Chains of layers that work in strips: which are chosen, how many rows, and what the arena of known nets takes."""

from dataclasses import replace

import pytest

from bench.nets import NETS
from datacc.arrange import arrange
from datacc.arrange.live import lifetimes
from datacc.arrange.trail import trails
from datacc.ir.plan import Plan, Step
from tests.emit.compiled import CPU
from tests.emit.nets import Net, digits

# Bytes are the same on every machine: a change of these figures is a change of the planner.
ARENAS = {"mlp": 384, "digits": 16_896, "dscnn": 38_656, "resnet8": 117_888, "vww": 58_816, "board": 22_528}
WINOGRAD = {"digits": 22_528, "resnet8": 132_480, "board": 46_336}  # with the scratch of that form


def chains(plan: Plan) -> list[list[str]]:
    """The ops of each step that works in strips."""
    return [[part.step.op for part in step.parts] for step in plan.steps if step.parts]


@pytest.mark.parametrize("name", ARENAS)
def test_the_arena_of_a_known_net(name: str) -> None:
    plan = arrange(NETS[name](), CPU, winograd=False)
    assert (plan.arena, plan.peak) == (ARENAS[name], ARENAS[name])
    plan = arrange(NETS[name](), CPU)
    assert (plan.arena, plan.peak) == (WINOGRAD.get(name, ARENAS[name]), plan.peak)


@pytest.mark.parametrize("cpu", ["x86-64", "x86-64-v4", "aarch64"])
@pytest.mark.parametrize("name", NETS)
def test_the_arena_is_the_largest_live_set_on_every_processor(name: str, cpu: str) -> None:
    for winograd in (True, False):
        plan = arrange(NETS[name](), cpu, winograd=winograd)
        assert plan.arena == plan.peak > 0


def test_the_arena_of_a_net_of_digits_with_pixels_of_bytes() -> None:
    plan = arrange(digits(), CPU, winograd=False)
    assert plan.arena == plan.peak == 16_896
    assert chains(plan) == [["each", "conv", "maxpool", "conv", "maxpool"]]


def test_windows_hold_the_rows_that_one_call_needs() -> None:
    (step,) = (step for step in arrange(digits(), CPU, winograd=False).steps if step.parts)
    assert [(part.rows, part.calls, part.lead) for part in step.parts] == [
        (1, 28, 0),  # the cast
        (1, 28, 1),  # a convolution reads one row ahead
        (1, 14, 0),  # a pool reads what is its own
        (1, 14, 1),
        (1, 7, 0),
    ]
    assert [part.source.rows for part in step.parts] == [1, 3, 2, 3, 2]


def test_a_window_is_a_ring_where_a_convolution_makes_single_rows_and_reads_some_again() -> None:
    (step,) = (step for step in arrange(digits(), CPU, winograd=False).steps if step.parts)
    assert [part.source.ring for part in step.parts] == [False, True, False, True, False]
    assert [part.moved for part in step.parts] == [0] * 5
    (step,) = (step for step in arrange(digits(), CPU).steps if step.parts)
    assert [part.rows for part in step.parts] == [1, 1, 1, 2, 1]  # two rows at a time make tiles of that form
    assert [part.source.ring for part in step.parts] == [False, True, False, False, False]
    assert [part.moved for part in step.parts] == [0, 0, 0, 2, 0]


def test_what_lowers_no_peak_stays_whole() -> None:
    net = Net()
    x = net.conv("conv", net.picture(16, 16, 1), 8)
    wide = net.dense("wide", net.b.op("maxpool", "pool", x, size=(8, 8), stride=(8, 8)), 5_000)
    assert chains(arrange(net.b.graph({"y": net.dense("y", wide, 4)}), CPU)) == []


def test_a_residual_block_is_written_over_what_it_reads() -> None:
    """The block reads rows ahead of those that it writes, so one picture holds both."""
    plan = arrange(NETS["resnet8"](), CPU, winograd=False)
    block = next(step for step in plan.steps if step.parts)
    assert [part.step.residual for part in block.parts] == ["", "conv1.relu"]
    assert block.reads == ("conv1.relu",)
    assert plan.places[block.out] == plan.places["conv1.relu"]


def test_what_reads_rows_that_are_written_already_is_written_elsewhere() -> None:
    plan = arrange(NETS["resnet8"](), CPU, winograd=False)
    block = next(step for step in plan.steps if step.parts)
    first, last = block.parts
    assert trails(block, "conv1.relu")
    far = replace(first, source=replace(first.source, halo=(9, 1, 1, 1)))  # a window that reaches far back
    assert not trails(replace(block, parts=(far, last)), "conv1.relu")
    assert not trails(replace(block, parts=(first, replace(last, lead=0))), "conv1.relu")


def steps_of(plan: Plan) -> list[Step]:
    return [step for whole in plan.steps for step in whole.simple]


def test_strips_compute_what_whole_steps_compute() -> None:
    """Nothing is computed twice, nothing is left out: each part's rows add up to its picture."""
    for net in NETS.values():
        plan = arrange(net(), CPU)
        for step in (step for step in plan.steps if step.parts):
            for part in step.parts:
                height = plan.graph.by_name[part.step.nodes[-1]].type.shape[0]
                assert part.rows * part.calls == height
        outs = [step.out for step in steps_of(plan)]
        assert len(outs) == len(set(outs))


def test_rows_that_live_for_a_moment_share_memory() -> None:
    """What the first convolution hands to its pool is gone when the second one hands rows to its own."""
    plan = arrange(digits(), "x86-64-v4", winograd=False)
    places = [plan.places[name] for name in ("conv1.relu", "conv2.relu")]
    spans = [(plan.offsets[p.buffer], plan.offsets[p.buffer] + p.nbytes) for p in places]
    assert max(first for first, _ in spans) < min(end for _, end in spans)
    lives = lifetimes(plan.steps, plan.places)
    assert lives["conv1.relu"].last < lives["conv2.relu"].first
    assert lives["pool1"].first <= lives["conv1.relu"].first  # rows that stay from call to call
    assert lives["pool1"].last >= lives["conv2.relu"].last
