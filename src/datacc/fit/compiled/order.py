"""What one phase computes, in order: kernels, and between them loops that compute chains of elementwise ops at once."""

from collections.abc import Iterable

from datacc.fit.compiled.phases import DEAR, ELEMENTWISE, Phases
from datacc.frozen import frozen
from datacc.ir.graph import Graph, Node
from datacc.ir.plan import picture


@frozen(eq=False)
class Loop:
    """One pass over the elements of values of one shape: `nodes` in order, those that it writes, sums that it adds."""

    nodes: tuple[Node, ...]
    writes: tuple[str, ...]
    sums: tuple[Node, ...]


Step = Node | Loop


class _Order:
    """The steps of a phase under construction."""

    def __init__(self, phases: Phases, number: int, outputs: Iterable[str]) -> None:
        self.graph, self.whole = phases.graph, phases.whole
        self.kernels = [node for node in phases.kernels[number] if node.op != "sum"]
        self.sums = [node for node in phases.kernels[number] if node.op == "sum"]
        kept = [self.graph.by_name[name] for name in outputs if phases.ready[name] == number]
        self.kept = [node.name for node in kept if node.op in ELEMENTWISE]
        self.needed = self._needed()
        self.targets = self._targets()
        before = (node for group in phases.kernels[:number] for node in group)
        inputs = (node for node in self.graph.nodes if node.op == "input")
        self.here = {node.name for node in (*before, *inputs)}

    def _needed(self) -> list[Node]:
        """All elementwise nodes that this phase computes, those of earlier phases again."""
        found: set[str] = set(self.kept)
        todo = [name for node in (*self.kernels, *self.sums) for name in node.inputs] + self.kept
        while todo:
            node = self.graph.by_name[todo.pop()]
            if node.op in ELEMENTWISE and node.name not in self.whole:
                found.add(node.name)
                todo.extend(node.inputs)
        return [node for node in self.graph.nodes if node.name in found]

    def _targets(self) -> dict[str, Node]:
        """Those that must be written: what kernels read, what is dear or spreads over channels, what is asked for."""
        read = {name for node in self.kernels for name in node.inputs} | set(self.kept)
        for node in self.needed:
            rows = [name for name in node.inputs if name not in self.whole]
            read |= {name for name in rows if spreads(self.graph, name, node)}
        return {node.name: node for node in self.needed if node.name in read or node.op in DEAR}

    def steps(self) -> list[Step]:
        """Kernels as soon as they can run; when none can, all loops of one shape that can."""
        steps: list[Step] = []
        while self.kernels or self.targets or self.sums:
            step = self._next_kernel() or self._next_loop()
            steps.append(step)
        return steps

    def _next_kernel(self) -> Node | None:
        for node in self.kernels:
            if all(name in self.whole or name in self.here for name in node.inputs):
                self.kernels.remove(node)
                self.here.add(node.name)
                return node
        return None

    def _next_loop(self) -> Loop:
        shape, writes, sums = None, dict[str, Node](), list[Node]()
        for node in self.needed:
            mine = picture(node.type.shape)
            if node.name in self.targets and shape in (None, mine) and self._can(node, writes):
                shape, writes[node.name] = mine, node
        for node in list(self.sums):
            value = self.graph.by_name[node.inputs[0]]
            mine = picture(value.type.shape)
            if shape in (None, mine) and self._can(value, writes):
                shape = mine
                sums.append(node)
                self.sums.remove(node)
        assert shape is not None  # the Graph has no cycles, so something can always be computed
        ends = [*writes.values(), *(self.graph.by_name[node.inputs[0]] for node in sums)]
        chain = self._chain(ends)
        nodes = tuple(node for node in self.needed if node.name in chain)
        for name in writes:
            del self.targets[name]
        self.here |= set(writes)
        return Loop(nodes=nodes, writes=tuple(writes), sums=tuple(sums))

    def _can(self, node: Node, writes: dict[str, Node]) -> bool:
        """Whether all that a value needs is there, or is written by the same loop."""
        if node.name in self.here or node.name in writes or node.name in self.whole:
            return True
        if node.op not in ELEMENTWISE:
            return False
        for name in node.inputs:
            other = self.graph.by_name[name]
            if (name in self.targets and name not in writes) or not self._can(other, writes):
                return False
            if name in writes and spreads(self.graph, name, node):
                return False
        return True

    def _chain(self, ends: Iterable[Node]) -> set[str]:
        """The elementwise nodes that a loop computes to get at its ends; those that are there are read."""
        found: set[str] = set()
        todo = list(ends)
        while todo:
            node = todo.pop()
            if node.op in ELEMENTWISE and not {node.name} & (self.here | self.whole | found):
                found.add(node.name)
                todo.extend(self.graph.by_name[name] for name in node.inputs)
        return found


def spreads(graph: Graph, name: str, node: Node) -> bool:
    """Whether one number of `name` serves all channels of a pixel of `node`."""
    return graph.by_name[name].type.shape[-1] == 1 and node.type.shape[-1] > 1


def steps(phases: Phases, number: int, outputs: Iterable[str]) -> list[Step]:
    """The steps of a phase; `outputs` are row values that must be written."""
    return _Order(phases, number, outputs).steps()
