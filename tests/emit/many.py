"""Many Graphs in one library: one start of the compiler and one link for all of them."""

from collections.abc import Mapping
from pathlib import Path

from datacc.compiler.simplify import simplify
from datacc.ir.graph import Graph
from datacc.runtime.link import QUIET
from datacc.runtime.native import Native
from datacc.runtime.toolchain import find, run
from datacc.spec.cpus import cpu_named
from tests.emit.compiled import CPU, interface_of, written

QUICK = ("-O1", "-ffp-contract=off", "-fPIC", "-shared", "-w")  # the same arithmetic as a build, compiled quicker


def compiled_together(graphs: Mapping[str, Graph], folder: Path) -> dict[str, Native]:
    """Each Graph by its program's name, simplified, emitted for itself, and loaded from one library."""
    simple = {name: simplify(graph) for name, graph in graphs.items()}
    for name, graph in simple.items():
        source = written(graph, name)
        (folder / f"{name}.c").write_text(source.c)
        (folder / f"{name}.h").write_text(source.header)
    compiler = find()
    flags = (*compiler.target(cpu_named(CPU)), *QUIET, *QUICK, *compiler.silent_calls)
    run([*compiler.command, *flags, *(f"{name}.c" for name in simple), "-o", "all.so"], folder)
    return {name: Native(folder / "all.so", interface_of(graph, name)) for name, graph in simple.items()}
