"""A net as datacc ships it: simplified, arranged, emitted, linked for the highest level that this machine has."""

import ctypes
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

from .peers import Net
from .peers.loop import library


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
        """Answer the net's input that many times, one by one, after putting it where the program reads it."""
        x = self.net.x
        places = [self.rows, self.answers, self.native.scratch, x]
        library().answer_ours(
            self.native.single, *(ctypes.c_void_p(one.ctypes.data) for one in places), ctypes.c_size_t(x.nbytes),
            ctypes.c_size_t(count),
        )  # fmt: skip


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
    before = children()
    linked_ = link(source, cpu.name, folder)
    seconds = children() - before
    (folder / "interface.json").write_text(interface.to_json())
    native = Native(linked_.path, interface)
    rows = native.pack({name: x[None].copy() for name, x in net.inputs.items()})
    ours = Ours(
        net=net, plan=plan, library=linked_, native=native, seconds=seconds, rows=rows,
        answers=np.zeros(1, native.answer_row),
    )  # fmt: skip
    ours.answer(1)
    for name, expected in net.expected.items():
        difference = float(np.abs(ours.answers[name][0] - expected).max() / np.abs(expected).max())
        if not difference <= net.close:
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


def children() -> float:
    """Processor seconds of all processes that this one has started and waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
