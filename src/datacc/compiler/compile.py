"""From anybody's ONNX model to an artifact: read, checked, arranged, emitted, linked, compared, measured, written."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc import __version__
from datacc.compiler.artifact import replacing
from datacc.compiler.figures import FILE, VERSION
from datacc.compiler.produce import Product, build_library, write
from datacc.compiler.shown import amount, size
from datacc.compiler.verdict import Costs
from datacc.errors import ParityError, ToolchainError
from datacc.frozen import frozen
from datacc.ir.cost import NodeCost, node_costs
from datacc.ir.file import dump
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.onnx.convert import convert
from datacc.ir.onnx.read import read_model
from datacc.registry import load, require
from datacc.runtime.machine import demand_cpu
from datacc.runtime.measure import Latency, latency
from datacc.runtime.native import Native
from datacc.spec.cpus import judging_cpu
from datacc.spec.interface import Interface, Port
from datacc.spec.names import check_name, identifier
from datacc.targets import Built, Target

ROWS: Final = 3  # on which program and reference are compared
TOLERANCE: Final = 1e-4  # of a float answer, as a share of the largest one
DIFFERING: Final = 0.01  # of whole numbers, which roundings may tip over


@frozen
class Wanted:
    """How a model is compiled: the program's name ("" is the file's), processor, targets, open dimensions by name."""

    name: str = ""
    cpu: str = "x86-64-v3"
    make: tuple[str, ...] = ("c", "library")
    dims: Mapping[str, int] = field(default_factory=dict)


@frozen(eq=False)
class Compiled:
    """What came of it: `latency` is None where the program is for another processor, `difference` likewise.

    `difference` is the largest one from the reference, as a share of the largest answer.
    """

    interface: Interface
    model: str
    notes: tuple[str, ...]
    costs: Costs
    ops: tuple[NodeCost, ...]
    latency: Latency | None
    difference: float | None
    toolchain: str
    digests: Mapping[str, str]

    def facts(self) -> dict[str, Any]:
        """Everything as plain JSON values: the content of `compiled.json`."""
        made = {"datacc": __version__, "toolchain": self.toolchain, "cpu": self.interface.cpu}
        return {
            "version": VERSION,
            "name": self.interface.name,
            "model": self.model,
            "notes": list(self.notes),
            "costs": asdict(self.costs),
            "latency": asdict(self.latency) if self.latency else None,
            "difference": self.difference,
            "ops": [asdict(op) for op in self.ops],
            "provenance": made,
            "digests": dict(self.digests),
        }


def compile_model(path: Path, wanted: Wanted, folder: Callable[[str], Path], tell: Callable[[str], None]) -> Compiled:
    """Leave the artifact of the model at `path` in `folder(name)`; `tell` hears of each stage.

    Raises `ModelError` for what is broken or outside the op table, `SpecError` for a name, processor or target that
    cannot be, `ParityError` when the program does not do what the reference does. Then nothing is left.
    """
    name = check_name(wanted.name or identifier(path.stem, module=True), module=True)
    judging_cpu(wanted.cpu)
    for target in wanted.make:
        require("targets", target)
    tell("read")
    converted = convert(read_model(path, wanted.dims))
    graph = converted.graph
    port = _interface(graph, name, wanted.cpu)
    tell("arrange and emit")
    draft = write(graph, port)
    with replacing(folder(name)) as fresh:
        tell("link")
        product = build_library(draft, wanted.cpu, fresh)
        tell("compare and measure")
        difference, measured = _tried(graph, product, port)
        compiled = Compiled(
            interface=port,
            model=path.name,
            notes=converted.notes,
            costs=product.costs,
            ops=node_costs(draft.graph),
            latency=measured,
            difference=difference,
            toolchain=product.library.compiler,
            digests={"graph": graph.digest, "source": draft.source.digest},
        )
        _write(fresh, compiled, product, graph, wanted.make)
    return compiled


def _interface(graph: Graph, name: str, cpu: str) -> Interface:
    inputs = tuple(Port(name=node.name, dtype=node.type.dtype, shape=node.type.shape) for node in graph.inputs)
    types = [(field, graph.by_name[node].type) for field, node in graph.outputs]
    answers = tuple(Port(name=field, dtype=type_.dtype, shape=type_.shape) for field, type_ in types)
    return Interface(name=name, cpu=cpu, inputs=inputs, answers=answers)


def _tried(graph: Graph, product: Product, port: Interface) -> tuple[float | None, Latency | None]:
    """The largest difference from the reference, and how long an answer takes; nothing where it cannot run."""
    try:
        demand_cpu(port.cpu, port.name)
    except ToolchainError:
        return None, None
    native = Native(product.library.path, port, product.draft.plan.arena)
    rows = _inputs(graph)
    answers = native.batch(rows)
    found = [_difference(field, answers[field], wanted) for field, wanted in interpret(graph, rows).items()]
    return max(found), latency(native, rows)


def _inputs(graph: Graph) -> dict[str, NDArray[Any]]:
    """Normal numbers, small whole numbers: the same each time."""
    random = np.random.default_rng(0)
    rows: dict[str, NDArray[Any]] = {}
    for node in graph.inputs:
        shape = (ROWS, *node.type.shape)
        floats = node.type.dtype == "float32"
        values = random.normal(size=shape) if floats else random.integers(0, 2, shape)
        rows[node.name] = values.astype(node.type.dtype)
    return rows


def _difference(field: str, got: NDArray[Any], wanted: NDArray[Any]) -> float:
    """How far an answer is from the reference. Raises `ParityError` where that is more than rounding."""
    if wanted.dtype.kind != "f":
        share = float(np.mean(got != wanted))
        _demand(field, share <= DIFFERING, share)
        return 0.0
    _demand(field, bool(np.array_equal(np.isfinite(got), np.isfinite(wanted))), float("nan"))
    finite = np.isfinite(wanted)
    largest = max(1.0, float(np.abs(wanted[finite]).max(initial=0)))
    gap = float(np.abs(got[finite].astype(np.float64) - wanted[finite]).max(initial=0)) / largest
    _demand(field, gap <= TOLERANCE, gap)
    return gap


def _demand(field: str, holds: bool, gap: float) -> None:
    if not holds:
        what = f"the compiled program differs from the reference by {gap:.2g}"
        raise ParityError(what, where=f"output {field}", tries=["report it as a bug of datacc, with the model"])


def _write(folder: Path, compiled: Compiled, product: Product, graph: Graph, make: tuple[str, ...]) -> None:
    """The stored forms, the figures, the card, and the targets."""
    (folder / "interface.json").write_text(compiled.interface.to_json(), encoding="utf-8")
    (folder / "graph.dcc").write_bytes(dump(graph))
    (folder / FILE).write_text(json.dumps(compiled.facts(), indent=1) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(card(compiled), encoding="utf-8")
    built = Built(
        interface=compiled.interface,
        source=product.draft.source,
        library=product.library,
        scratch=product.draft.plan.arena,
        graph=product.draft.graph,
    )
    for name in make:
        target: Target = load("targets", name)
        target.make(built, folder)


def card(compiled: Compiled) -> str:
    """The text of `card.md`: what goes in and comes out, and what an answer costs."""
    costs, port = compiled.costs, compiled.interface
    taken = f"{compiled.latency.median * 1e6:,.1f} µs on this machine" if compiled.latency else "not measured here"
    ports = [
        *((f"input `{_plain(p.name)}`", p) for p in port.inputs),
        *((f"output `{_plain(p.name)}`", p) for p in port.answers),
    ]
    rows = "\n".join(f"| {what} | {p.dtype} | {' × '.join(map(str, p.shape))} |" for what, p in ports)
    notes = "".join(f"\n* {_plain(note, 300)}" for note in compiled.notes)
    return (
        f"# {port.name}\n\nCompiled from the ONNX model `{_plain(compiled.model)}`, for {port.cpu}. "
        "Inputs and outputs have the model's own order of axes, without a batch axis of 1: pass the bytes that you "
        f"would pass to any ONNX runtime.\n\n| | type | shape |\n|---|---|---|\n{rows}\n\n"
        f"A native program of {size(costs.size)} that needs {size(costs.memory)} of memory ({costs.arena:,} bytes of "
        f"arena, {costs.stack:,} of stack) and {amount(costs.work)} multiply-adds for one answer: {taken}.\n{notes}\n"
    )


def _plain(text: str, most: int = 60) -> str:
    kept = "".join(c if c.isprintable() and c not in "`|<>" else "?" for c in text)
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"
