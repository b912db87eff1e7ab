"""Graphs as loaded libraries, for tests: arranged, emitted, linked, and run on a poisoned arena."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.arrange import arrange
from datacc.emit import Source, emit
from datacc.ir.graph import Graph
from datacc.runtime.link import link
from datacc.runtime.native import Native
from datacc.spec.interface import Interface, Port

CPU = "x86-64-v3"


def interface_of(graph: Graph, name: str = "program", cpu: str = CPU) -> Interface:
    """The interface with a port for every input and output of the Graph."""
    inputs = [Port(name=node.name, dtype=node.type.dtype, shape=node.type.shape) for node in graph.given]
    types = [(field, graph.by_name[node].type) for field, node in graph.outputs]
    answers = [Port(name=field, dtype=type_.dtype, shape=type_.shape) for field, type_ in types]
    kept = [(given, graph.by_name[given].type) for given, _ in graph.states]
    states = [Port(name=name, dtype=type_.dtype, shape=type_.shape) for name, type_ in kept]
    return Interface(name=name, cpu=cpu, inputs=tuple(inputs), answers=tuple(answers), states=tuple(states))


def written(graph: Graph, name: str = "program", cpu: str = CPU) -> Source:
    """The C of a Graph."""
    return emit(arrange(graph, cpu), interface_of(graph, name, cpu))


def compiled(graph: Graph, folder: Path, name: str = "program", cpu: str = CPU) -> Native:
    """The Graph as a loaded library; its C is written for `cpu` and linked for one that most machines have."""
    return Native(link(written(graph, name, cpu), CPU, folder).path, interface_of(graph, name))


def poisoned(native: Native, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The answers, each from an arena full of NaN, and again from one full of 1e30: they must be the same bytes.

    Whatever is read before it was written shows, even where a maximum hides NaN.
    """
    rows = native.pack(inputs)
    both = []
    for poison in (np.nan, 1e30):
        answers = np.zeros(len(rows), native.answer_row)
        for n in range(len(rows)):
            native.scratch[:] = poison
            native.run(rows[n : n + 1], answers[n : n + 1])
        both.append(answers)
    assert both[0].tobytes() == both[1].tobytes()
    return {port.name: both[0][port.name] for port in native.interface.answers}
