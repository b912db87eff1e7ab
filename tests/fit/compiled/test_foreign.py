"""The same bits on another architecture: a fit compiled for aarch64, run by an emulator, beside one on x86-64-v3."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from datacc.fit import Recipe
from datacc.fit.compiled.library import Library, Program, Settings, linked
from datacc.fit.losses import TARGET, WEIGHT, cross_entropy
from datacc.fit.step import SHARE, look_graph, step_graph
from datacc.runtime.link import QUIET
from datacc.runtime.machine import machine
from datacc.runtime.toolchain import find, run
from datacc.spec.cpus import CPUS, FLAGS, Cpu
from tests.fit.compiled.problems import CLASSES, Problem, problem
from tests.tools import need

HERE = Path(__file__).parent
RECIPE = Recipe(epochs=1, batch=16, rate=0.01)
STEPS = 10


def program(of: Problem, cpu: Cpu) -> Program:
    loss = cross_entropy(len(CLASSES), RECIPE.smoothing)
    learnt = [node.name for node in of.graph.holes if node.role == "learnt"]
    return Program(step_graph(of.graph, loss), look_graph(of.graph), learnt, cpu, Settings())


@pytest.mark.skipif(machine() != "x86_64", reason="it is compared with x86-64")
@pytest.mark.parametrize("kind", ["pictures", "records"])
def test_aarch64_leaves_the_same_bits(kind: str, tmp_path: Path) -> None:
    emulator = need("qemu-aarch64")
    of = problem(kind, steps=STEPS, batch=16)
    fitting = of.open("native", RECIPE)
    rates = fitting._rates(np.full(STEPS, 0.01))  # type: ignore[attr-defined]
    start = fitting.weights()
    mine, other = program(of, CPUS["x86-64-v3"]), program(of, CPUS["aarch64"])
    library = Library(mine, linked(mine, tmp_path), {"step": 16, "look": 16}, 1)
    for name, array in start.items():
        library.put(name, array)
    library.put(SHARE, np.full(1, 1 / 16, np.float32))
    library.decays({name: 0.01 if array.ndim > 1 else 0.0 for name, array in start.items()})
    fed = {**of.inputs, TARGET: of.targets, WEIGHT: of.weights}
    arrays = [fed[node.name] for node in mine.step.graph.inputs]
    room = max(array.nbytes for array in arrays) + 64
    blob = b"".join([library.whole.tobytes(), library.moments.tobytes(), rates.tobytes()])
    blob += b"".join(np.ascontiguousarray(array).tobytes().ljust(room, b"\0") for array in arrays)
    library.run("step", fed, 16, rates)
    sizes = {
        "WHOLE": len(library.whole), "SUMS": len(library.shares), "KEPT": len(library.kept["step"]), "STEPS": STEPS,
        "SCRATCH": len(library.scratch["step"]), "MOMENTS": len(library.moments), "INPUT": room, "ROWS": 16,
        **{f"STEP{i}": array.nbytes // STEPS for i, array in enumerate(arrays)},
    }  # fmt: skip
    command = _compiled(other, sizes, tmp_path)
    done = subprocess.run([emulator, command], input=blob, capture_output=True, check=True)
    assert done.stdout == library.whole.tobytes() + library.moments.tobytes()


def _compiled(other: Program, sizes: dict[str, int], folder: Path) -> Path:
    text = other.text + "\n" + (HERE / "foreign.c").read_text()
    (folder / "foreign.c").write_text(text)
    compiler = find()
    if not compiler.is_zig:
        pytest.skip("only zig compiles for aarch64 from here")
    target = ["-target", "aarch64-linux-musl", "-mcpu=generic"]
    defined = [f"-D{name}={size}" for name, size in sizes.items()]
    run([*compiler.command, *target, *FLAGS, *QUIET, *defined, "-static", "foreign.c", "-o", "foreign"], folder)
    return folder / "foreign"
