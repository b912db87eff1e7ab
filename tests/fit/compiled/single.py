"""One op of a step, compiled and run on all rows of its inputs."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.fit.adjoints import ADJOINTS
from datacc.fit.compiled.library import Library, Program, Settings, best_cpu, linked
from datacc.ir.graph import Graph, Node, Type, float32
from datacc.runtime.machine import features, machine
from datacc.spec.cpus import CPUS, Cpu

Array = NDArray[Any]
THREADS = 2


def processors() -> list[Cpu]:
    """The least and the highest level that fits here: vectors of eight and, where there are any, of sixteen floats."""
    best = best_cpu(machine(), features())
    assert best is not None  # what these tests run on fuses multiply-adds
    least = CPUS["x86-64-v3"] if best.machine == "x86_64" else best
    return list(dict.fromkeys((least, best)))


def given(name: str, array: Array) -> Node:
    """An input: a row of this array."""
    return Node(name=name, op="input", type=Type(dtype=array.dtype.name, shape=array.shape[1:]))


def weight(name: str, array: Array) -> Node:
    """A weight that has its value."""
    return Node(name=name, op="weight", type=float32(*array.shape), role="fixed", dims=("",) * array.ndim, value=array)


def node(op: str, name: str, of: tuple[int, ...], /, *inputs: str, **attrs: Any) -> Node:
    """An op whose result has the shape `of`, with all its attributes."""
    return Node(name=name, op=op, type=float32(*of), inputs=inputs, attrs=tuple(sorted(attrs.items())))


def kept(name: str, source: str, shape: tuple[int, ...]) -> Node:
    """A copy of a value that is computed, so that a kernel reads what a loop wrote, zeros around it included."""
    return node("clip", name, shape, source, low=-1e9, high=1e9)


def run(nodes: list[Node], inputs: dict[str, Array], cpu: Cpu, folder: Path) -> Array:
    """The value of the last node: (N, *shape), or (*shape) of a sum."""
    graph = Graph(nodes=tuple(nodes), outputs=(("features", nodes[-1].name),))
    program = Program(graph, graph, (), cpu, Settings())
    rows = len(next(iter(inputs.values())))
    library = Library(program, linked(program, folder), {"step": rows, "look": rows}, THREADS)
    library.run("look", inputs, rows, np.zeros((1, 3), np.float32))
    last = nodes[-1]
    if last.op in ADJOINTS and ADJOINTS[last.op].is_summing:
        return library.sums(last.name, last.type.shape)
    return library.rows(last.name, rows)
