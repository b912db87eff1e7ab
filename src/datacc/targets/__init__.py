"""Targets: the forms in which a built program is handed over, each of use without datacc."""

from abc import ABC, abstractmethod
from pathlib import Path

from datacc.emit import Source
from datacc.frozen import frozen
from datacc.ir.graph import Graph
from datacc.runtime.link import Library
from datacc.spec.interface import Interface


@frozen(eq=False)
class Built:
    """A program that is ready to be packed: what callers see, its C, its library, its simplified Graph.

    `narrower` are the simplified Graphs of its widths below 1. `scratch` is the length of the planned arena in bytes.
    `platforms` are asked for by name; none means this machine.
    """

    interface: Interface
    source: Source
    library: Library
    scratch: int
    graph: Graph
    platforms: tuple[str, ...] = ()
    narrower: tuple[Graph, ...] = ()


class Target(ABC):
    """One form of a program. Members are stateless."""

    @abstractmethod
    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Write this form into `folder`, which exists, and name the files; the same bytes for the same program.

        A file that is already there is replaced whole or not at all. Raises `SpecError` when the program cannot
        take this form, `MissingExtra` when a package is needed that is not installed.
        """
