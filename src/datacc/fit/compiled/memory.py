"""Where everything that a step touches lies: weights and sums in one vector, row values kept or in scratch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from datacc.arrange.live import Life
from datacc.arrange.pack import pack
from datacc.fit.compiled.layout import Layout, padded, plain
from datacc.fit.compiled.order import Loop, Step
from datacc.fit.compiled.phases import ELEMENTWISE, SUMMING, Phases
from datacc.fit.compiled.windows import needs
from datacc.frozen import frozen
from datacc.ir.graph import Graph, Node
from datacc.ir.plan import picture
from datacc.spec.cpus import Cpu

ALIGNED: Final = 16  # floats of a cache line: where buffers begin

# What reads channel by channel: inputs of products are spread over vectors of outputs one at a time.
ANY_CHANNELS: Final = ELEMENTWISE | set(
    "dense conv conv_weight sum concat slice reshape transpose gather maximum".split()
)

Home = Literal["input", "kept", "scratch"]


@frozen
class Place:
    """Where a row value lies: an input by its number; what is kept, by `offset` floats in the memory of its example.

    In scratch all examples of a block stand together, and `offset` counts floats of one.
    """

    home: Home
    offset: int
    layout: Layout
    dtype: str = "float32"


@frozen
class Part:
    """Where a whole value lies, in floats: rows of so many channels, each `pixel` floats after the one before."""

    offset: int
    rows: int
    channels: int
    pixel: int

    @property
    def size(self) -> int:
        """How many floats it takes, with padding."""
        return self.rows * self.pixel


@dataclass(kw_only=True, eq=False)
class Wholes:
    """Parts of one vector of floats, in the order in which they are asked for."""

    cpu: Cpu
    parts: dict[str, Part] = field(default_factory=dict)
    size: int = 0
    weights_size: int = 0  # of which learnt weights, which stand first

    def put(self, name: str, node: Node, *, spread: bool = False, tight: bool = False) -> Part:
        """The part of a whole value: weights of products as rows of padded outputs, others as they are.

        Rows are padded to vectors, unless they are `tight`.
        """
        if name not in self.parts:
            rows, channels = _rows(node) if spread else _plain_rows(node)
            pixel = channels if tight else padded(channels, self.cpu)
            self.parts[name] = Part(offset=self.size, rows=rows, channels=channels, pixel=pixel)
            self.size += _aligned(rows * pixel)
        return self.parts[name]

    def room(self, size: int) -> Part:
        """A nameless part."""
        part = Part(offset=self.size, rows=1, channels=size, pixel=size)
        self.size += _aligned(size)
        return part


def _rows(weight: Node) -> tuple[int, int]:
    """A weight (O, *K, I) as K · I rows of O channels."""
    outputs = weight.type.shape[0]
    return weight.type.count // outputs, outputs


def _plain_rows(node: Node) -> tuple[int, int]:
    height, width, channels = picture(node.type.shape)
    return height * width, channels


def places(
    phases: Phases, steps: Iterable[Iterable[Step]], outputs: Iterable[str], cpu: Cpu
) -> tuple[tuple[Mapping[str, Place], ...], int, tuple[int, ...]]:
    """For every phase a place for each row value that it touches; floats of an example kept; in scratch, by phase."""
    graph, numbered = phases.graph, [list(phase) for phase in steps]
    later = _read_later(graph, numbered) | set(outputs)
    kinds = _layouts(graph, numbered, cpu)
    common: dict[str, Place] = {}
    for i, node in enumerate(graph.inputs):
        layout = plain(node.type.shape, cpu, tight=True)
        common[node.name] = Place(home="input", offset=i, layout=layout, dtype=node.type.dtype)
    offsets, kept = pack(_lives(graph, numbered, later, set(outputs), kinds))
    kept += 0 if kept // ALIGNED % 2 else ALIGNED  # by an odd number of lines, so that examples share no cache sets
    for name, offset in offsets.items():
        common[name] = Place(home="kept", offset=offset, layout=replace(kinds[name], apart=kept))
    found, scratch = [], []
    for phase in numbered:
        mine, size = dict(common), 0
        for name in (name for step in phase for name in written(step) if name not in common):
            mine[name] = Place(home="scratch", offset=size, layout=kinds[name])
            size += _aligned(kinds[name].size)
        found.append(mine)
        scratch.append(size)
    return tuple(found), kept, tuple(scratch)


def _lives(
    graph: Graph, steps: list[list[Step]], kept: set[str], outputs: set[str], kinds: Mapping[str, Layout]
) -> dict[str, Life]:
    """From the step that writes a kept value to the last that reads it; always, where zeros of it must stay."""
    order = [step for phase in steps for step in phase]
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for now, step in enumerate(order):
        for name in (name for name in written(step) if name in kept):
            first.setdefault(name, now)
        for name in first.keys() & {*written(step), *read(step, graph)}:
            last[name] = now
    return {
        name: Life(
            first=0 if kinds[name].has_zeros else first[name],
            last=len(order) if kinds[name].has_zeros or name in outputs else last[name],
            size=_aligned(kinds[name].size),
        )
        for name in first
    }


def _aligned(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED


def written(step: Step) -> tuple[str, ...]:
    """The row values that a step writes."""
    if isinstance(step, Loop):
        return step.writes
    return () if step.op in SUMMING else (step.name,)


def read(step: Step, graph: Graph) -> tuple[str, ...]:
    """What a step reads, whole values included."""
    if not isinstance(step, Loop):
        return step.inputs
    inside = {node.name for node in step.nodes}
    names = [name for node in (*step.nodes, *step.sums) for name in node.inputs if name not in inside]
    return tuple(dict.fromkeys(names))


def _read_later(graph: Graph, steps: list[list[Step]]) -> set[str]:
    """The results of kernels that phases after their own read."""
    home = {name: i for i, phase in enumerate(steps) for step in phase for name in written(step)}
    home = {name: i for name, i in home.items() if graph.by_name[name].op not in ELEMENTWISE}
    return {
        name
        for i, phase in enumerate(steps)
        for step in phase
        for name in read(step, graph)
        if name in home and home[name] < i
    }


def _layouts(graph: Graph, steps: list[list[Step]], cpu: Cpu) -> dict[str, Layout]:
    tight = _tight(graph)
    kinds = {
        node.name: plain(node.type.shape, cpu, tight=node.name in tight) for node in graph.nodes if node.op != "weight"
    }
    for node in (step for phase in steps for step in phase if not isinstance(step, Loop)):
        for name, sides, spread in needs(graph, node):
            kinds[name] = kinds[name].around(sides, spread)
    return kinds


def _tight(graph: Graph) -> set[str]:
    """Pictures that follow from inputs by ops that treat all channels alike: they stay as callers pass them.

    But those that some kernel reads by whole vectors of channels.
    """
    tight = {node.name for node in graph.inputs}
    for node in graph.nodes:
        rows = [name for name in node.inputs if graph.by_name[name].op != "weight"]
        alike = all(graph.by_name[name].type.count == 1 for name in node.inputs if name not in rows)
        is_picture = len(node.type.shape) > 1
        if node.op in ELEMENTWISE and len(rows) == 1 and rows[0] in tight and alike and is_picture:
            tight.add(node.name)
    return {name for name in tight if all(_takes_any_channels(user) for user in graph.users[name])}


def _takes_any_channels(node: Node) -> bool:
    """Whether a kernel reads channel by channel; loops see to themselves."""
    has_groups = node.op in ("conv", "conv_weight") and node["groups"] > 1
    return node.op in ANY_CHANNELS and not has_groups
