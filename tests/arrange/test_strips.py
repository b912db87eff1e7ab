"""Chains of layers that work in strips: which are chosen, how many rows, and what the arena of known nets takes."""

import pytest

from bench.nets import NETS
from datacc.arrange import arrange
from datacc.ir.plan import Plan, Step
from tests.emit.compiled import CPU
from tests.emit.nets import Net, digits

# Bytes are the same on every machine: a change of these figures is a change of the planner.
ARENAS = {"mlp": 384, "digits": 16_896, "dscnn": 80_384, "resnet8": 147_968, "vww": 143_488, "board": 30_976}
WINOGRAD = {"digits": 26_112, "resnet8": 160_256, "board": 46_336}  # with the scratch of that form


def chains(plan: Plan) -> list[list[str]]:
    """The ops of each step that works in strips."""
    return [[part.step.op for part in step.parts] for step in plan.steps if step.parts]


@pytest.mark.parametrize("name", ARENAS)
def test_the_arena_of_a_known_net(name: str) -> None:
    plan = arrange(NETS[name](), CPU, winograd=False)
    assert (plan.arena, plan.arena / plan.peak <= 1.03) == (ARENAS[name], True)
    plan = arrange(NETS[name](), CPU)
    assert (plan.arena, plan.arena / plan.peak <= 1.03) == (WINOGRAD.get(name, ARENAS[name]), True)


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
    held = [part.source.halo[0] + part.source.height for part in step.parts]
    assert held == [1, 3, 2, 3, 2]


def test_what_lowers_no_peak_stays_whole() -> None:
    net = Net()
    x = net.conv("conv", net.picture(16, 16, 1), 8)
    wide = net.dense("wide", net.b.op("maxpool", "pool", x, size=(8, 8), stride=(8, 8)), 5_000)
    assert chains(arrange(net.b.graph({"y": net.dense("y", wide, 4)}), CPU)) == []


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
