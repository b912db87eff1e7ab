"""Artifacts as a build leaves them, as far as a proof reads them, from Graphs and from changed C."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from datacc.ir.file import dump
from datacc.ir.graph import Graph
from datacc.runtime.link import link
from tests.emit.compiled import CPU, interface_of, written


def artifact(
    graph: Graph, folder: Path, name: str = "program", cpu: str = CPU, change: Callable[[str], str] = str
) -> Path:
    """The artifact of a Graph in `folder`, its C changed by `change`."""
    source = written(graph, name, cpu)
    link(replace(source, c=change(source.c)), cpu, folder)
    (folder / "interface.json").write_text(interface_of(graph, name, cpu).to_json(), encoding="utf-8")
    (folder / "graph.dcc").write_bytes(dump(graph))
    return folder
