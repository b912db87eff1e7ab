"""Exponentials, logarithms, roots, sines and casts: near the truth on all floats, the same bits from every compiler."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from datacc.ir.build import Builder
from datacc.ir.interpret import interpret
from datacc.runtime.native import Native
from datacc.runtime.toolchain import run
from tests.emit.compiled import compiled, interface_of, written

FUNCTIONS = ("exp", "log", "sqrt", "sin")
WIDTH = 4096
STEP = 4099  # about a million floats: every exponent, both signs, all that is special
SPECIAL = [0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 1.17549435e-38, 88.72283, 88.72284, -87.3, -103.9, -104]
STEP_BELOW = 1.4e-45  # from one subnormal float to the next

Calls = dict[str, Native]


def floats() -> NDArray[np.float32]:
    bits = np.arange(0, 2**32, STEP, dtype=np.uint32)
    x = bits[: len(bits) // WIDTH * WIDTH].view(np.float32).copy()
    x[: len(SPECIAL)] = SPECIAL
    return x.reshape(-1, WIDTH)


def program() -> Any:
    b = Builder()
    x = b.input("x", "float32", (WIDTH,))
    return b.graph({op: b.op(op, f"{op}_of_x", x) for op in FUNCTIONS})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, NDArray[np.float32]]]:
    """What each form of the program answers: of zig, of gcc, the portable one, and that of an older processor."""
    folder = tmp_path_factory.mktemp("functions")
    source, interface = written(program()), interface_of(program())
    (folder / "program.c").write_text(source.c)
    (folder / "program.h").write_text(source.header)
    flags = ["-O2", "-ffp-contract=off", "-shared", "-fPIC", "program.c"]
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu", "-nostdlib", "-ffreestanding"]
    ways = {"portable": [*zig, "-DDATACC_PORTABLE", "-std=c99"], "old": [*zig, "-mcpu=x86_64_v2"]}
    if shutil.which("gcc"):
        ways["gcc"] = ["gcc", "-march=x86-64-v3"]
        ways["old gcc"] = ["gcc", "-march=x86-64-v2", "-Wno-psabi"]
    calls: Calls = {"zig": compiled(program(), folder)}
    for way, command in ways.items():
        run([*command, *flags, "-o", f"{way}.so"], folder)
        calls[way] = Native(folder / f"{way}.so", interface)
    calls["wide"] = compiled(program(), folder, cpu="x86-64-v4")
    (folder / "program.c").write_text(written(program(), cpu="x86-64-v4").c)
    for way, command in {f"wide {way}": command for way, command in ways.items()}.items():
        run([*command, *flags, "-o", f"{way}.so"], folder)
        calls[way] = Native(folder / f"{way}.so", interface)
    assert "wide_exp" in (folder / "program.c").read_text()
    return {way: call.batch({"x": floats()}) for way, call in calls.items()}


def test_every_compiler_gives_the_same_bits(found: dict[str, dict[str, NDArray[np.float32]]]) -> None:
    assert len(found) >= 3
    for way, answers in found.items():
        for op in FUNCTIONS:
            one, other = answers[op], found["zig"][op]
            same = (one.view(np.uint32) == other.view(np.uint32)) | (np.isnan(one) & np.isnan(other))
            assert same.all(), f"{way}: {op} of {floats()[~same][:3]}"


def truth(op: str) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        values: NDArray[np.float64] = getattr(np, op)(floats().astype(np.float64))
    return values


@pytest.mark.parametrize("op", ["exp", "log", "sqrt"])
def test_they_are_near_the_truth(op: str, found: dict[str, dict[str, NDArray[np.float32]]]) -> None:
    """Relative error below 1e-7, and below one step where numbers are subnormal; special values as in NumPy."""
    mine, exact = found["zig"][op], truth(op)
    with np.errstate(all="ignore"):
        nearest = exact.astype(np.float32)
    np.testing.assert_array_equal(np.isnan(mine), np.isnan(nearest))
    np.testing.assert_array_equal(np.isinf(mine), np.isinf(nearest))
    np.testing.assert_array_equal(np.signbit(mine)[np.isinf(mine)], np.signbit(nearest)[np.isinf(mine)])
    plain = np.isfinite(nearest)
    wrong = np.abs(mine[plain] - exact[plain])
    assert (wrong <= np.maximum(1e-7 * np.abs(exact[plain]), STEP_BELOW)).all()
    if op == "sqrt":
        np.testing.assert_array_equal(mine[plain], nearest[plain])


def test_the_sine_is_near_the_truth_up_to_a_hundred_thousand(
    found: dict[str, dict[str, NDArray[np.float32]]],
) -> None:
    x, mine = floats(), found["zig"]["sin"]
    near = np.abs(x) <= 1e5
    assert near.sum() > 100_000
    assert np.abs(mine[near] - truth("sin")[near]).max() <= 2e-7
    np.testing.assert_array_equal(np.isnan(mine), ~np.isfinite(x))
    assert np.nanmax(np.abs(mine)) <= 1.001


def bounded(low: float, high: float) -> Any:
    """e to twice the x, the x between two numbers: of a chain that says so, and of one that is cut in two."""
    b = Builder()
    twice, none = (b.weight(name, (1,), role="fixed", value=np.array(value)) for name, value in (("s", 2), ("o", -0.0)))
    x = b.op(
        "affine", "twice", b.op("clip", "clip", b.input("x", "float32", (WIDTH,)), low=low, high=high), twice, none
    )
    return b.graph({"power": b.op("exp", "power", x)}), b.graph({"power": "power", "twice": "twice"})


@pytest.mark.parametrize("cpu", ["x86-64-v3", "x86-64-v4"])
def test_where_a_chain_says_that_powers_are_normal_nothing_else_is_cared_for(cpu: str, tmp_path: Path) -> None:
    """The same bits as in the form that takes every number, and none where there was none."""
    short, whole = bounded(-43.5, 44.0)
    assert "_exp_normal(v" in written(short, cpu=cpu).c
    assert "_exp_normal(v" not in written(whole, cpu=cpu).c
    x = np.concatenate([floats(), np.linspace(-60, 60, 64 * WIDTH, dtype=np.float32).reshape(-1, WIDTH)])
    one, other = (compiled(graph, tmp_path, cpu=cpu).batch({"x": x})["power"] for graph in (short, whole))
    same = (one.view(np.uint32) == other.view(np.uint32)) | (np.isnan(one) & np.isnan(other))
    assert same.all()
    np.testing.assert_array_equal(np.isnan(one), np.isnan(x))


@pytest.mark.parametrize(("low", "high"), [(-44.0, 1.0), (-1.0, 45.0)])
def test_powers_that_may_overflow_or_vanish_are_cared_for(low: float, high: float) -> None:
    assert "_exp_normal(v" not in written(bounded(low, high)[0]).c


TO: dict[str, Callable[[], NDArray[np.float32]]] = {
    "near": lambda: np.linspace(-300, 300, WIDTH * 4, dtype=np.float32),
    "halves": lambda: (np.arange(WIDTH * 32, dtype=np.float32) - WIDTH * 16) / 2,
    "all": lambda: floats().ravel()[: WIDTH * 64],
    "large": lambda: np.linspace(-2.2e9, 2.2e9, WIDTH * 4, dtype=np.float32),
}


@pytest.mark.parametrize("which", TO)
def test_casts_to_integers_are_exact(which: str, tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "float32", (WIDTH,))
    graph = b.graph({to: b.op("cast", f"{to}_of_x", x, to=to) for to in ("uint8", "int8", "int16", "int32")})
    inputs = {"x": TO[which]().reshape(-1, WIDTH)}
    answers = compiled(graph, tmp_path).batch(inputs)
    for to, expected in interpret(graph, inputs).items():
        np.testing.assert_array_equal(answers[to], expected)


def test_casts_from_integers_are_exact(tmp_path: Path) -> None:
    limits = {"uint8": (0, 256), "int8": (-128, 128), "int16": (-(2**15), 2**15), "int32": (-(2**31), 2**31)}
    random, b = np.random.default_rng(0), Builder()
    names = [b.input(f"x_{dtype}", dtype, (37,)) for dtype in limits]
    graph = b.graph({name: b.op("cast", f"float_{name}", name) for name in names})
    inputs = {name: random.integers(*limits[name[2:]], (200, 37)).astype(name[2:]) for name in names}
    answers = compiled(graph, tmp_path).batch(inputs)
    for field, expected in interpret(graph, inputs).items():
        np.testing.assert_array_equal(answers[field], expected)
