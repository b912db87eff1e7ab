"""Tiles of output pixels: they cover everything once, and compilers keep their sums in registers."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.emit.tiles import best_tile, cover, most_vectors
from datacc.runtime.toolchain import find, run
from datacc.spec.cpus import CPUS, FLAGS, Cpu, cpu_named
from tests.emit.compiled import CPU, written
from tests.emit.nets import Net

LENGTHS = st.integers(1, 40)


@given(height=LENGTHS, width=LENGTHS, depth=st.integers(1, 300), cpu=st.sampled_from(list(CPUS.values())))
def test_tiles_cover_every_pixel_once(height: int, width: int, depth: int, cpu: Cpu) -> None:
    tile = best_tile(height, width, most_vectors(cpu), depth, cpu)
    found = [
        (y + j, x + i)
        for first_y, end_y, rows, columns_of in cover(tile, height, width)
        for first_x, end_x, columns in columns_of
        for y in range(first_y, end_y, rows)
        for x in range(first_x, end_x, columns)
        for j in range(rows)
        for i in range(columns)
    ]
    assert sorted(found) == [(y, x) for y in range(height) for x in range(width)]


@pytest.mark.parametrize(
    ("width", "channels", "outputs"),
    [(14, 8, 8), (28, 8, 8), (14, 4, 8), (14, 8, 16), (7, 8, 16), (28, 1, 8), (28, 1, 16), (28, 2, 8)],
)
def test_no_round_of_a_convolution_waits_for_the_stack(tmp_path: Path, width: int, channels: int, outputs: int) -> None:
    """With sums in all registers that weights and inputs leave, one is written to the stack in every round; where
    rounds are unrolled that read inputs of one channel again, so are these inputs. How long that takes depends on where
    a process has its stack.
    """
    net = Net()
    source = written(net.answers(net.dense("top", net.conv("conv", net.picture(width, width, channels), outputs), 3)))
    for file, text in {f"{source.name}.c": source.c, f"{source.name}.h": source.header}.items():
        (tmp_path / file).write_text(text)
    compiler = find()
    flags = [*compiler.target(cpu_named(CPU)), *FLAGS, "-g0", "-S"]
    run([*compiler.command, *flags, f"{source.name}.c", "-o", "program.s"], tmp_path)
    rounds = [text for text in loops((tmp_path / "program.s").read_text()) if text.count("vfmadd231ps") > 1]
    assert rounds
    assert not any("(%rsp)" in text for text in rounds)


def loops(assembly: str) -> list[str]:
    """The innermost loops: what stands between a label and a jump back to it, without another label."""
    blocks = re.findall(r"^(\.LBB\w+):((?:(?!^\.LBB).*\n)*)", assembly, flags=re.MULTILINE)
    ends = [(text, re.search(rf"^\tj\w+\t{label}$", text, flags=re.MULTILINE)) for label, text in blocks]
    return [text[: end.start()] for text, end in ends if end]
