"""A net as datacc ships it: simplified, arranged, emitted, linked for the highest level that this machine has."""

import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.arrange import arrange
from datacc.compiler.simplify import simplify
from datacc.emit import emit
from datacc.ir.graph import Graph
from datacc.ir.plan import Plan
from datacc.runtime.link import Library, link
from datacc.runtime.machine import features, machine
from datacc.runtime.native import Native
from datacc.spec.cpus import CPUS, Cpu
from datacc.spec.interface import Interface, Port

from .peers import CLOSE, Net

BLOCK = 256 * 1024  # bytes of rows in one call of the loop in C: they stay in L2, as a peer's one input does


@dataclass(frozen=True, kw_only=True, eq=False)
class Ours:
    """A linked net; `seconds` is the processor time of its link, children included."""

    net: Net
    plan: Plan
    library: Library
    native: Native
    seconds: float
    rows: NDArray[Any]
    answers: NDArray[Any]

    def answer(self, count: int) -> None:
        """Answer the net's input that many times, one by one."""
        for done in range(0, count, len(self.rows)):
            self.native.run(self.rows[: count - done], self.answers)


def highest() -> Cpu:
    """The highest processor level that this machine has."""
    able = [cpu for cpu in CPUS.values() if cpu.machine == machine() and cpu.needs <= features()]
    return able[-1]


def linked(net: Net, cpu: Cpu, folder: Path) -> Ours:
    """The net as a loaded library. Raises `ValueError` when it does not answer as the reference does."""
    graph = simplify(net.graph)
    plan = arrange(graph, cpu.name)
    interface = interface_of(graph, net.name, cpu.name)
    source = emit(plan, interface)
    before = _children()
    library = link(source, cpu.name, folder)
    seconds = _children() - before
    native = Native(library.path, interface)
    [source_node] = graph.inputs
    count = max(4, BLOCK // net.x.nbytes)
    rows = native.pack({source_node.name: np.repeat(net.x[None], count, axis=0)})
    ours = Ours(
        net=net, plan=plan, library=library, native=native, seconds=seconds, rows=rows,
        answers=np.zeros(count, native.answer_row),
    )  # fmt: skip
    ours.answer(1)
    for name, expected in net.expected.items():
        difference = float(np.abs(ours.answers[name][0] - expected).max() / np.abs(expected).max())
        if not difference <= CLOSE:
            raise ValueError(f"{net.name}: our own scores differ by {difference:.2g} of the largest")
    return ours


def interface_of(graph: Graph, name: str, cpu: str) -> Interface:
    """The interface with a port for every input and output of the Graph."""
    inputs = tuple(Port(name=node.name, dtype=node.type.dtype, shape=node.type.shape) for node in graph.given)
    types = [(field, graph.by_name[node].type) for field, node in graph.outputs]
    answers = tuple(Port(name=field, dtype=type_.dtype, shape=type_.shape) for field, type_ in types)
    kept = [(given, graph.by_name[given].type) for given, _ in graph.states]
    states = tuple(Port(name=name, dtype=type_.dtype, shape=type_.shape) for name, type_ in kept)
    return Interface(name=name, cpu=cpu, inputs=inputs, answers=answers, states=states)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
