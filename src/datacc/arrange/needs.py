"""The part of a Graph that its outputs depend on, and who reads what in it."""

from dataclasses import dataclass
from functools import cached_property

from datacc.ir.graph import Graph, Node, needed


@dataclass(frozen=True)
class Needs:
    """The part of a Graph that its outputs depend on."""

    graph: Graph

    @cached_property
    def outputs(self) -> frozenset[str]:
        """The nodes that are answers or states of the next call."""
        return frozenset(name for _, name in (*self.graph.outputs, *self.graph.states))

    @cached_property
    def names(self) -> frozenset[str]:
        """All nodes that are needed."""
        return needed(self.graph, self.outputs)

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each node stands in the order of execution."""
        return {node.name: i for i, node in enumerate(self.graph.nodes)}

    def only_user(self, name: str) -> Node | None:
        """The node that reads this value, when nothing else wants it."""
        users = [node for node in self.graph.users[name] if node.name in self.names]
        return users[0] if len(users) == 1 and name not in self.outputs else None
