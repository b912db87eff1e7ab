"""What a call from Python costs over the C call: bound memory, `predict` of the wheel, and batches.

Two programs with random weights, small enough that the call shows: a picture of 28 × 28 bytes, a record of 30 columns.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from datacc.arrange import arrange
from datacc.compiler.simplify import simplify
from datacc.emit import emit
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.runtime.link import link
from datacc.runtime.load import Loaded
from datacc.runtime.native import Native
from datacc.spec.cpus import Cpu
from datacc.spec.interface import Interface, Port
from datacc.targets import Built

from .clock import Answer, per_answer
from .rows import Row
from .unpacked import unpacked

COLUMNS = tuple(f"c{k}" for k in range(30))
PROGRAMS: dict[str, tuple[str, dict[str, Any], int]] = {
    "picture": ("image", {"height": 28, "width": 28, "channels": 1}, 10),
    "record": ("record", {"columns": COLUMNS}, 2),
}  # by input: type, options, classes
BLOCK = 10_000  # rows of a batch


def rows(cpu: Cpu, *, quick: bool) -> Iterator[Row]:
    """Seconds over a C call of the worse program, then of each; and the share of C speed that batches keep."""
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as folder:
        found = {name: _measured(name, cpu, Path(folder), 15 if quick else 60) for name in PROGRAMS}
    for how, note in (("bound", "program.bind(array)"), ("predict", "the wheel's predict")):
        over = {name: times[how] - times["C"] for name, times in found.items()}
        yield Row(name=f"call/{how}", ours=max(over.values()), note=f"{note}, over the C call")
        for name, seconds in over.items():
            yield Row(name=f"call/{how}/{name}", ours=seconds, note=f"of {found[name][how] * 1e6:.2f} µs")
    for how, note in (("batch", "program.batch(arrays)"), ("predict_batch", "the wheel's, a list of answers")):
        shares = {name: times["C"] / times[how] for name, times in found.items()}
        yield Row(
            name=f"call/{how}", ours=min(shares.values()), unit="share", better="more", note=f"{note}; of C speed"
        )
        for name, share in shares.items():
            yield Row(name=f"call/{how}/{name}", ours=share, unit="share", better="more")


def _measured(name: str, cpu: Cpu, folder: Path, rounds: int) -> dict[str, float]:
    """Median seconds an answer, by way of calling, in turns."""
    kind, _, classes = PROGRAMS[name]
    built = _built(f"call_{name}", name, cpu, folder, tuple(f"class{k}" for k in range(classes)))
    native = Native(built.library.path, built.interface)
    program, wheel = Loaded(native), _installed(built, folder)
    [port] = built.interface.inputs
    numbers = np.random.default_rng(0).integers(0, 256, (BLOCK, *port.shape))
    arrays = numbers.astype(port.dtype)
    one: Any = dict(zip(COLUMNS, numbers[0].tolist(), strict=True)) if kind == "record" else arrays[0]
    packed, answers = native.pack({name: arrays}), np.zeros(BLOCK, native.answer_row)
    singles = {"bound": program.bind(arrays[0].copy()), "predict": lambda: wheel.predict(one)}
    blocks = {
        "C": lambda: native.run(packed, answers),
        "batch": lambda: program.batch(arrays),
        "predict_batch": lambda: wheel.predict_batch(arrays),
    }
    found = per_answer({how: _times(call) for how, call in singles.items()}, rounds)
    in_blocks = per_answer({how: _times(call) for how, call in blocks.items()}, rounds)
    return {**found, **{how: seconds / BLOCK for how, seconds in in_blocks.items()}}


def _times(call: Callable[[], object]) -> Answer:
    def some(count: int) -> None:
        for _ in range(count):
            call()

    return some


def _built(name: str, input_: str, cpu: Cpu, folder: Path, classes: tuple[str, ...]) -> Built:
    kind, options, _ = PROGRAMS[input_]
    type_ = load("types", kind)
    answer = load("types", "label").answer("kind", classes)
    front = type_.front(input_, type_.options(**options))
    graph: Graph = load("skeletons", "mlp.v1").graph([front], answer, {"width": 8, "depth": 1})
    random = np.random.default_rng(1)
    graph = graph.fill({node.name: random.uniform(0.1, 1, node.type.shape) for node in graph.holes})
    simple = simplify(graph)
    types = [(field, graph.by_name[node].type) for field, node in graph.outputs]
    interface = Interface(
        name=name,
        cpu=cpu.name,
        inputs=tuple(
            Port(name=node.name, dtype=node.type.dtype, shape=node.type.shape, type=kind, options=options)
            for node in graph.inputs
        ),
        answers=tuple(
            Port(name=field, dtype=t.dtype, shape=t.shape, classes=classes if field == "kind" else ())
            for field, t in types
        ),
    )
    plan = arrange(simple, cpu.name)
    source = emit(plan, interface)
    library = link(source, cpu.name, folder)
    return Built(interface=interface, source=source, library=library, scratch=plan.arena, graph=simple)


def _installed(built: Built, folder: Path) -> Any:
    """The module of the program's wheel, unpacked as an installer does."""
    [wheel] = load("targets", "wheel").make(built, folder)
    return unpacked(wheel, built.interface.name, folder)
