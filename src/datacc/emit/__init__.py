"""From a Plan to C that a stranger can read: one file, one header, no library needed."""

from collections.abc import Sequence
from functools import cached_property

from datacc.emit.header import header
from datacc.emit.source import source_text
from datacc.frozen import frozen
from datacc.ir.plan import Plan
from datacc.spec.interface import Interface
from datacc.store import digest


@frozen
class Source:
    """The emitted program: the text of NAME.c and of NAME.h."""

    name: str
    c: str
    header: str

    @cached_property
    def digest(self) -> str:
        """The digest of both texts."""
        return digest(self.name, self.c, self.header)


def emit(plan: Plan, interface: Interface, narrower: Sequence[Plan] = ()) -> Source:
    """The C of a Plan; equal Plans give equal bytes. `narrower` has one for each of the interface's widths below 1.

    Raises `GraphError` when the interface is not that of the Graph.
    """
    return Source(
        name=interface.name, c=source_text(plan, interface, narrower), header=header([plan, *narrower], interface)
    )
