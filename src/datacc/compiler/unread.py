"""Rows of a sequence that a dilated convolution jumps over: past and present are not joined just to pass them by."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from datacc.ir.build import Builder
from datacc.ir.graph import Graph, Node
from datacc.ir.plan import fresh

Rows = tuple[str, int, int]  # the rows of a sequence from one to another, both included


def without_unread(graph: Graph) -> Graph:
    """The same function, where convolutions read only the rows that their windows touch.

    A sequence (T, C) is put together from parts for a convolution whose dilation is larger than its result is long, as
    in streaming, where the past is long and a block short. Between two taps lie rows that no window reads. If nothing
    else needs that sequence but slices of it, those rows stay where they are: convolution and slices take from the
    parts what they read.
    """
    gone = {node.name for node in graph.nodes if _is_for_jumps(graph, node)}
    return _Without(graph, gone).graph() if gone else graph


class _Without:
    """A Graph under reconstruction, without the sequences in `gone`."""

    def __init__(self, old: Graph, gone: set[str]) -> None:
        self.old, self.gone, self.builder = old, gone, Builder()
        self.parts: dict[str, list[str]] = {}  # of blocks that only other sequences take up, part by part

    def graph(self) -> Graph:
        """The Graph with everything else as it was."""
        for node in self.old.nodes:
            if node.name not in self.gone:
                self.put(node)
        return replace(self.old, nodes=tuple(self.builder.nodes.values()))

    def put(self, node: Node) -> None:
        """Add a node in its new form."""
        source = node.inputs[0] if node.inputs else ""
        if source in self.gone and node.op == "conv":
            name = fresh(f"{node.name}.rows", self.old.by_name)
            self.builder.op("concat", name, *self.cut(name, self.touched(node)), axis=0)
            attrs = dict(node.attrs) | {"dilation": node.type.shape[:1]}
            self.builder.op("conv", node.name, name, *node.inputs[1:], **attrs)
        elif source in self.gone:
            self.put_block(node, list(self.rows(source, node["first"], node["last"])))
        elif node.op == "concat" and node["axis"] == 0:
            names = [name for part in node.inputs for name in self.parts.get(part, [part])]
            self.builder.op("concat", node.name, *names, axis=0)
        else:
            self.builder.nodes[node.name] = node

    def put_block(self, node: Node, rows: list[Rows]) -> None:
        """Add a block of a sequence that is gone, or remember its parts for the sequences that take it up."""
        if _is_part(self.old, node):
            self.parts[node.name] = self.cut(node.name, rows)
        elif len(rows) == 1:
            source, first, last = rows[0]
            self.builder.op("slice", node.name, source, axis=0, first=first, last=last, step=1)
        else:
            self.builder.op("concat", node.name, *self.cut(node.name, rows), axis=0)

    def touched(self, conv: Node) -> Iterator[Rows]:
        """What each tap of a convolution reads, one after the other."""
        source, length = conv.inputs[0], conv.type.shape[0]
        for tap in range(self.old.by_name[conv.inputs[1]].type.shape[1]):
            first = tap * conv["dilation"][0]
            yield from self.rows(source, first, first + length - 1)

    def rows(self, name: str, first: int, last: int) -> Iterator[Rows]:
        """Where the rows of a sequence come from: from the parts of what is gone, and from what those are cut from."""
        node = self.old.by_name[name]
        if _is_cut(node):
            yield from self.rows(node.inputs[0], node["first"] + first, node["first"] + last)
        elif name in self.gone:
            at = 0
            for part in node.inputs:
                end = at + self.old.by_name[part].type.shape[0]
                if at <= last and first < end:
                    yield from self.rows(part, max(first, at) - at, min(last, end - 1) - at)
                at = end
        else:
            yield name, first, last

    def cut(self, name: str, parts: Iterable[Rows]) -> list[str]:
        """The nodes that hold rows, with a new one for each block of a sequence; they are called after `name`."""
        names = []
        for source, first, last in parts:
            if self.old.by_name[source].type.shape[0] > last - first + 1:
                block = fresh(f"{name}.{source}", {**self.old.by_name, **self.builder.nodes})
                source = self.builder.op("slice", block, source, axis=0, first=first, last=last, step=1)
            names.append(source)
        return names


def _is_for_jumps(graph: Graph, node: Node) -> bool:
    """Whether a sequence is joined for convolutions that jump over some of it, and else only cut."""
    users = graph.users[node.name]
    is_sequence = node.op == "concat" and node["axis"] == 0 and len(node.type.shape) == 2
    is_free = is_sequence and node.name not in graph.ends
    jumps = [user for user in users if user.inputs[0] == node.name and _jumps(graph, user)]
    return is_free and bool(jumps) and all(user in jumps or _is_cut(user) for user in users)


def _jumps(graph: Graph, node: Node) -> bool:
    """Whether a convolution over a sequence leaves rows out between its taps."""
    if node.op != "conv" or len(node.type.shape) != 2 or node["stride"] != (1,) or node["pad"] != ((0, 0),):
        return False
    taps = graph.by_name[node.inputs[1]].type.shape[1]
    return bool(taps > 1 and node["dilation"][0] > node.type.shape[0])


def _is_cut(node: Node) -> bool:
    """Whether a node is a block of rows."""
    return node.op == "slice" and node["axis"] == 0 and node["step"] == 1


def _is_part(graph: Graph, node: Node) -> bool:
    """Whether a node is wanted only as part of other sequences."""
    users = graph.users[node.name]
    return node.name not in graph.ends and all(user.op == "concat" and user["axis"] == 0 for user in users)
