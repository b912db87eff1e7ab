"""Giving every value a place: in the caller's structs where kernels can work there, else in the arena with its halo."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from datacc.arrange.inside import insides, without_copies
from datacc.ir.graph import Graph, Node
from datacc.ir.plan import Halo, Home, Place, Step, fresh, lanes, picture

# Kernels that go through single channels take any place; the others read and write whole vectors.
ANY_PLACE = frozenset("each cast argmax maximum concat slice reshape transpose gather copy".split())
READ_PACKED = ANY_PLACE | {"dense", "conv"}
WRITE_PACKED = ANY_PLACE

NONE: Halo = (0, 0, 0, 0)


def place(graph: Graph, steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], dict[str, Place]]:
    """The steps, with copies where an input or answer cannot be used where it lies, and a place for every value."""
    places: dict[str, Place] = {}
    done: list[Step] = []
    steps = _copy_inputs(graph, steps, places, done)
    answers = {name: field for field, name in reversed(graph.outputs)}
    left = _left_in_place(graph, steps)
    every = steps
    places |= insides(graph, steps, lambda step: _place_out(graph, step, every, answers, left))
    for step in without_copies(steps, places):
        if step.out not in places:
            places[step.out] = _place_out(graph, step, every, answers, left)
        done.append(step)
    for field, name in graph.outputs:
        if not (places[name].home == "answer" and places[name].buffer == field):
            _copy(graph.by_name[name], name, f"{field} (answer)", "answer", field, places, done)
    _leave(graph, places, done)
    return tuple(done), places


def _leave(graph: Graph, places: dict[str, Place], done: list[Step]) -> None:
    """Copy what the next call finds as its states; those that change places with others by way of the arena."""
    kept = {given for given, _ in graph.states}
    moved = {}
    for given, name in graph.states:
        is_other = name in kept and name != given
        node = graph.by_name[name]
        moved[given] = _copy(node, name, f"{given} (aside)", "arena", "", places, done) if is_other else name
    for given, name in graph.states:
        if not (places[moved[given]].home == "state" and places[moved[given]].buffer == given):
            _copy(graph.by_name[name], moved[given], f"{given} (next)", "state", given, places, done)


def _left_in_place(graph: Graph, steps: tuple[Step, ...]) -> dict[str, str]:
    """Values that may be written where the state lies which they replace: nothing reads that from then on."""
    wanted = [name for _, name in (*graph.outputs, *graph.states)]
    found = {}
    for given, name in graph.states:
        first = next((i for i, step in enumerate(steps) if step.out == name), len(steps))
        is_read = any(given in step.values for step in steps[first:])
        if not is_read and given not in wanted and wanted.count(name) == 1:
            found[name] = given
    return found


def _copy(
    node: Node, value: str, name: str, home: Home, buffer: str, places: dict[str, Place], done: list[Step]
) -> str:
    """A step at the end that copies a node's value, and the name of the copy."""
    copy = fresh(name, places)
    places[copy] = _plain(node, home, buffer or copy)
    done.append(Step(op="copy", nodes=(node.name,), reads=(value,), out=copy))
    return copy


def _copy_inputs(graph: Graph, steps: tuple[Step, ...], places: dict[str, Place], done: list[Step]) -> tuple[Step, ...]:
    """Place the inputs; those that some kernel cannot read where they lie are copied once, and read from there."""
    kept = {given for given, _ in graph.states}
    for node in graph.inputs:
        home: Home = "state" if node.name in kept else "input"
        places[node.name] = _plain(node, home, node.name)
        halo, packed = _wanted(graph, node.name, steps)
        if halo == NONE and packed and not _reads_beyond(graph, node, steps):
            continue
        copy = fresh(f"{node.name} (copy)", graph.by_name)
        places[copy] = replace(_plain(node, "arena", copy), halo=halo)
        if not packed:
            places[copy] = replace(places[copy], pixel=lanes(places[copy].channels))
        done.append(Step(op="copy", nodes=(node.name,), reads=(node.name,), out=copy))
        steps = tuple(_renamed(step, node.name, copy) for step in steps)
    return steps


def _reads_beyond(graph: Graph, value: Node, steps: Iterable[Step]) -> bool:
    """Whether a product reads bytes four at a time past the end of this value, where the caller's struct may end."""
    products = [step.nodes[0] for step in steps if value.name in step.reads and step.op in ("conv", "dense")]
    return value.type.dtype in ("uint8", "int8") and any(_run(graph, graph.by_name[name]) % 4 for name in products)


def _run(graph: Graph, product: Node) -> int:
    """How many adjacent elements of a packed input a product reads in one row of its window."""
    shape = graph.by_name[product.inputs[0]].type.shape
    if product.op == "dense":
        return math.prod(shape[-2:])
    is_dense = product["dilation"][-1] == 1
    return shape[-1] * (graph.by_name[product.inputs[1]].type.shape[-2] if is_dense else 1)


def _renamed(step: Step, old: str, new: str) -> Step:
    reads = tuple(new if name == old else name for name in step.reads)
    return replace(step, reads=reads, residual=new if step.residual == old else step.residual)


def _place_out(
    graph: Graph, step: Step, steps: tuple[Step, ...], answers: Mapping[str, str], left: Mapping[str, str]
) -> Place:
    node = graph.by_name[step.out]
    halo, packed = _wanted(graph, step.out, steps)
    packed = packed and step.op in WRITE_PACKED
    place = replace(_plain(node, "arena", step.out), halo=halo)
    is_plain = packed and halo == NONE and not _reads_beyond(graph, node, steps)
    if is_plain and step.out in answers:
        return replace(place, home="answer", buffer=answers[step.out])
    if is_plain and step.out in left:
        return replace(place, home="state", buffer=left[step.out])
    return place if packed else replace(place, pixel=lanes(place.channels))


def _wanted(graph: Graph, name: str, steps: Iterable[Step]) -> tuple[Halo, bool]:
    """The halo that readers of a value need, and whether all of them can read it packed."""
    halo, packed = NONE, True
    for step in steps:
        if name in step.reads and step.op == "conv":
            mine = _conv_halo(graph, graph.by_name[step.nodes[0]])
            halo = (max(halo[0], mine[0]), max(halo[1], mine[1]), max(halo[2], mine[2]), max(halo[3], mine[3]))
            packed = packed and not is_depthwise(graph, graph.by_name[step.nodes[0]])
        elif name in step.reads:
            packed = packed and step.op in READ_PACKED
        packed = packed and name != step.residual
    return halo, packed


def is_depthwise(graph: Graph, conv: Node) -> bool:
    """Whether every output channel reads one input channel, its own."""
    groups: int = conv["groups"]
    return groups > 1 and groups == conv.type.shape[-1] == graph.by_name[conv.inputs[0]].type.shape[-1]


def _conv_halo(graph: Graph, conv: Node) -> Halo:
    """How far the windows of a convolution reach over each edge: above, left, below, right."""
    sizes = graph.by_name[conv.inputs[0]].type.shape[:-1]
    taps = graph.by_name[conv.inputs[1]].type.shape[1:-1]
    before, after = [], []
    for i, (size, tap) in enumerate(zip(sizes, taps, strict=True)):
        reach = (conv.type.shape[i] - 1) * conv["stride"][i] + conv["dilation"][i] * (tap - 1) + 1
        before.append(conv["pad"][i][0])
        after.append(max(0, reach - conv["pad"][i][0] - size))
    if len(sizes) == 1:
        before, after = [0, *before], [0, *after]
    return before[0], before[1], after[0], after[1]


def _plain(node: Node, home: Home, buffer: str) -> Place:
    """A place without halo or padding."""
    height, width, channels = picture(node.type.shape)
    return Place(
        home=home,
        buffer=buffer,
        dtype=node.type.dtype,
        height=height,
        width=width,
        channels=channels,
        pixel=channels,
    )
