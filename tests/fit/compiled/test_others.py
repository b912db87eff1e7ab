"""All other kernels of a step, compiled, against their meaning in NumPy, which other tests hold to torch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.fit.adjoints import ADJOINTS
from datacc.ir.graph import Node, Type
from datacc.ir.ops import OPS
from datacc.spec.cpus import Cpu
from tests.fit.compiled.single import given, kept, node, processors, run, weight

ROWS = 11
CHANNELS = [1, 3, 8, 17, 32]
POOLS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((8, 8), {"size": (2, 2), "stride": (2, 2)}),
    ((7, 9), {"size": (2, 3), "stride": (2, 3)}),
    ((9, 8), {"size": (3, 3), "stride": (2, 1)}),
    ((12,), {"size": (3,), "stride": (3,)}),
    ((11,), {"size": (4,), "stride": (2,)}),
]


@pytest.mark.parametrize("cpu", processors(), ids=lambda cpu: cpu.name)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize(("size", "window"), POOLS, ids=str)
def test_pools_and_where_their_gradients_go(
    size: tuple[int, ...], window: dict[str, Any], channels: int, cpu: Cpu, tmp_path: Path
) -> None:
    random = np.random.default_rng(5)
    x = random.integers(-3, 4, (ROWS, *size, channels)).astype(np.float32)  # ties are frequent
    start = [given("x", x), kept("seen", "x", x.shape[1:])]
    for op in ("maxpool", "meanpool"):
        wanted = OPS[op].meaning(x, **window)
        found = run([*start, node(op, "y", wanted.shape[1:], "seen", **window)], {"x": x}, cpu, tmp_path)
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    dy = random.standard_normal(wanted.shape, np.float32)
    nodes = [*start, given("dy", dy), kept("back", "dy", dy.shape[1:])]
    scatter = node("pool_scatter", "dx", x.shape[1:], "back", "seen", **window)
    found = run([*nodes, scatter], {"x": x, "dy": dy}, cpu, tmp_path)
    np.testing.assert_allclose(found, ADJOINTS["pool_scatter"].meaning(dy, x, **window), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cpu", processors(), ids=lambda cpu: cpu.name)
@pytest.mark.parametrize("shape", [(5,), (1,), (40,), (6, 5, 3), (4, 7, 16), (9, 20)], ids=str)
def test_sums_over_the_batch(shape: tuple[int, ...], cpu: Cpu, tmp_path: Path) -> None:
    x = np.random.default_rng(6).standard_normal((ROWS, *shape), np.float32)
    for keep in (0, 1):
        wanted = ADJOINTS["sum"].meaning(x, keep=keep)
        nodes = [given("x", x), kept("seen", "x", shape), node("sum", "y", wanted.shape, "seen", keep=keep)]
        np.testing.assert_allclose(run(nodes, {"x": x}, cpu, tmp_path), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("cpu", processors(), ids=lambda cpu: cpu.name)
@pytest.mark.parametrize("channels", [1, 3, 10, 16, 21])
def test_functions_and_gates_keep_padding_out_of_sums(channels: int, cpu: Cpu, tmp_path: Path) -> None:
    x, dy = np.random.default_rng(7).uniform(0.1, 2, (2, ROWS, 4, 5, channels)).astype(np.float32)
    shape = x.shape[1:]
    for op in ("exp", "log", "sqrt", "sin"):
        nodes = [given("x", x), kept("seen", "x", shape), node(op, "y", shape, "seen")]
        np.testing.assert_allclose(run(nodes, {"x": x}, cpu, tmp_path), getattr(np, op)(x), rtol=1e-5, atol=1e-6)
        total = node("sum", "total", (channels,), "y", keep=1)
        wanted = getattr(np, op)(x.astype(np.float64)).sum((0, 1, 2))
        np.testing.assert_allclose(run([*nodes, total], {"x": x}, cpu, tmp_path), wanted, rtol=1e-4)
    dy[0, 0, 0, 0] = np.nan  # a gate that is shut lets nothing through, not even what is no number
    x[0, 0, 0, 0] = 5
    gate = node("gate", "y", shape, "dy", "x", low=0.5, high=1.5)
    found = run([given("dy", dy), given("x", x), gate], {"dy": dy, "x": x}, cpu, tmp_path)
    np.testing.assert_array_equal(found, np.where((x > 0.5) & (x < 1.5), dy, 0))


@pytest.mark.parametrize("cpu", processors(), ids=lambda cpu: cpu.name)
def test_what_moves_and_what_is_largest(cpu: Cpu, tmp_path: Path) -> None:
    x = np.random.default_rng(8).standard_normal((ROWS, 4, 6, 5), np.float32)
    start = [given("x", x), kept("seen", "x", (4, 6, 5))]
    for op, attrs in (
        ("reshape", {"shape": (8, 15)}),
        ("transpose", {"axes": (2, 0, 1)}),
        ("slice", {"axis": 1, "first": 1, "last": 5, "step": 2}),
        ("maximum", {}),
    ):
        wanted = OPS[op].meaning(x, **attrs)
        found = run([*start, node(op, "y", wanted.shape[1:], "seen", **attrs)], {"x": x}, cpu, tmp_path)
        np.testing.assert_array_equal(found, wanted)
    wanted = np.concatenate([x, x], axis=3)
    found = run([*start, node("concat", "y", (4, 6, 10), "seen", "seen", axis=2)], {"x": x}, cpu, tmp_path)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("cpu", processors(), ids=lambda cpu: cpu.name)
@pytest.mark.parametrize("to", ["int32", "uint8", "int8", "int16"])
def test_what_is_cast_to_integers_is_rounded(to: str, cpu: Cpu, tmp_path: Path) -> None:
    ends = [
        0.5,
        1.5,
        2.5,
        -0.5,
        -1.5,
        254.5,
        255.5,
        -128.5,
        32767.5,
        8388607.5,
        8388608.0,
        16777216.0,
        -1e9,
        3e9,
        np.nan,
    ]
    x = np.concatenate([ends, np.random.default_rng(9).uniform(-300, 300, 18)]).astype(np.float32).reshape(ROWS, 3)
    there = Node(name="there", op="cast", type=Type(dtype=to, shape=(3,)), inputs=("x",), attrs=(("to", to),))
    back = node("cast", "back", (3,), "there", to="float32")
    wanted = OPS["cast"].meaning(x, to=to).astype(np.float32)
    found = run([given("x", x), there, back], {"x": x}, cpu, tmp_path)
    np.testing.assert_array_equal(found[x < 2**31 - 128], wanted[x < 2**31 - 128])
    np.testing.assert_allclose(found[np.isfinite(x)], wanted[np.isfinite(x)], rtol=1e-7)
    assert not found[np.isnan(x)].any()


@pytest.mark.parametrize("cpu", processors(), ids=lambda cpu: cpu.name)
def test_rows_of_tables_and_their_gradient(cpu: Cpu, tmp_path: Path) -> None:
    random = np.random.default_rng(9)
    rows, table = random.integers(-2, 9, (ROWS, 6)).astype(np.int32), random.standard_normal((7, 10), np.float32)
    wanted = OPS["gather"].meaning(rows, table)
    nodes = [given("rows", rows), weight("table", table), node("gather", "y", (6, 10), "rows", "table")]
    np.testing.assert_array_equal(run(nodes, {"rows": rows}, cpu, tmp_path), wanted)
    dy = random.standard_normal((ROWS, 6, 10), np.float32)
    nodes = [given("rows", rows), given("dy", dy), kept("back", "dy", (6, 10))]
    found = run([*nodes, node("sum_by", "d", (7, 10), "back", "rows", size=7)], {"rows": rows, "dy": dy}, cpu, tmp_path)
    np.testing.assert_allclose(found, ADJOINTS["sum_by"].meaning(dy, rows, size=7), rtol=1e-4, atol=1e-5)
