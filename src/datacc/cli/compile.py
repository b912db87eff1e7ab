"""Compile an ONNX model of fixed shapes: the same artifact as a build, without examples.

Its weights stand in the program. Inputs and outputs have the model's names and order of axes; a batch dimension is 1,
other open dimensions are set with --dim. What lies outside the op table is refused with its place.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from datacc.cli.outcome import Outcome, columns
from datacc.compiler.compile import Compiled, Wanted, compile_model
from datacc.compiler.shown import amount
from datacc.errors import UsageError
from datacc.registry import names

EXAMPLE: Final = "datacc compile model.onnx --dim time=64 --make c,library"
LARGEST: Final = 1 << 31


def arguments(parser: argparse.ArgumentParser) -> None:
    """The model, and what is wanted of it."""
    parser.add_argument("model", type=Path, help="an ONNX file, opset 6 or newer")
    parser.add_argument("--name", default="", help="the program's name (the file's, if left out)")
    parser.add_argument("--cpu", default=Wanted().cpu, help=f"the processor to compile for ({Wanted().cpu})")
    targets = f"what to make, with commas between, of {', '.join(names('targets'))} (c,library)"
    parser.add_argument("--make", default=",".join(Wanted().make), help=targets)
    parser.add_argument("--out", type=Path, help="the folder to leave the artifact in (build/NAME)")
    parser.add_argument(
        "--dim", action="append", default=[], metavar="NAME=SIZE", help="the size of an open dimension, by its name"
    )


def run(options: argparse.Namespace) -> Outcome:
    """Compile, and tell what an answer costs."""
    wanted = Wanted(
        name=options.name,
        cpu=options.cpu,
        make=tuple(name.strip() for name in options.make.split(",") if name.strip()),
        dims=dict(_dim(word) for word in options.dim),
    )
    places: list[Path] = []

    def folder(name: str) -> Path:
        places.append(options.out or Path("build") / name)
        return places[0].absolute()

    compiled = compile_model(options.model, wanted, folder, _tell)
    return Outcome(facts={"folder": str(places[0]), **compiled.facts()}, text=_text(compiled, places[0]))


def _dim(word: str) -> tuple[str, int]:
    name, _, size = word.rpartition("=")
    if not name or not size.isdecimal() or not 1 <= int(size) < LARGEST:
        raise UsageError(f"{word!r} is no dimension and its size", tries=["--dim time=64"])
    return name, int(size)


def _tell(stage: str) -> None:
    if sys.stderr.isatty():
        print(f"{stage} …", file=sys.stderr)


def _text(compiled: Compiled, folder: Path) -> str:
    port, costs, measured = compiled.interface, compiled.costs, compiled.latency
    rows: list[tuple[Any, ...]] = [
        *(("input", p.name, p.dtype, " × ".join(map(str, p.shape))) for p in port.inputs),
        *(("output", p.name, p.dtype, " × ".join(map(str, p.shape))) for p in port.answers),
    ]
    latency = "not measured: for another processor"
    if measured is not None:
        latency = f"{measured.median * 1e6:,.2f} µs{'' if measured.quiet else ' (the machine was busy)'}"
    figures = [
        ("work", f"{amount(costs.work)} multiply-adds"),
        ("size", f"{costs.size:,} bytes, {costs.weights:,} of them weights"),
        ("memory", f"{costs.memory:,} bytes: {costs.arena:,} arena, {costs.stack:,} stack"),
        ("latency", latency),
    ]
    if compiled.difference is not None:
        figures.append(("reference", f"within {compiled.difference:.1g} of the largest answer"))
    notes = [f"note: {note}" for note in compiled.notes]
    return "\n".join([f"{port.name}: {compiled.model} in {folder}", columns(rows), columns(figures), *notes])
