"""Steps that make each element of those at the same place: a chain of ops in one loop, eight floats at a time."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.lanes import WIDE
from datacc.emit.loops import Loops, Weight, reduced
from datacc.emit.piece import Piece
from datacc.emit.ranges import NORMAL, Range, is_within, ranges
from datacc.emit.text import number
from datacc.emit.walk import loop
from datacc.ir.graph import Node
from datacc.ir.ops import OPS
from datacc.ir.plan import LANES, Place, Plan, Step
from datacc.spec.cpus import CPUS

# How each op is said of vectors; a and b are those of its values.
WORDS: Final[Mapping[str, str]] = {
    "relu": "lanes_larger(lanes_all(0), {a})",
    "clip": "lanes_clip({a}, lanes_all({low}), lanes_all({high}))",
    "add": "lanes_add({a}, {b})",
    "multiply": "lanes_multiply({a}, {b})",
    "divide": "lanes_divide({a}, {b})",
    "exp": "lanes_exp({a})",
    "exp_normal": "lanes_exp_normal({a})",
    "log": "lanes_log({a})",
    "sqrt": "lanes_sqrt({a})",
    "sin": "lanes_sin({a})",
    "normalise": "lanes_add(lanes_multiply(lanes_subtract({a}, {mean}), {scale}), {shift})",
}


def each(step: Step, plan: Plan, name: str) -> Piece:
    """The step of a chain of elementwise ops."""
    chain = _Chain(step, plan, name)
    if CPUS[plan.cpu].wide and chain.is_wide():
        text = [line.replace("lanes", "wide") for line in chain.lines("c", WIDE)]
        lines = loop("c", 0, chain.loops.run, WIDE, text)
        body = loop("y", 0, chain.loops.rows, 1, loop("x", 0, chain.loops.pixels, 1, lines))
        return Piece(body=tuple(body), weights=dict(chain.loops.tables))
    even = chain.loops.run - chain.loops.run % LANES
    lines = []
    if even:
        whole = chain.lines("c" if even > LANES else "", LANES)
        lines += loop("c", 0, even, LANES, _block(whole) if LANES == even < chain.loops.run else whole)
    if even < chain.loops.run:
        rest = chain.lines(str(even) if even else "", chain.loops.run - even)
        lines += _block(rest) if even else rest
    body = loop("y", 0, chain.loops.rows, 1, loop("x", 0, chain.loops.pixels, 1, lines))
    return Piece(body=tuple(body), weights=dict(chain.loops.tables))


def _block(lines: list[str]) -> list[str]:
    """Lines whose names are their own."""
    return ["{", *(f"    {line}" for line in lines), "}"]


class _Chain:
    """The values of a step, node by node."""

    def __init__(self, step: Step, plan: Plan, name: str) -> None:
        self.step, self.out = step, plan.places[step.out]
        self.nodes = [plan.graph.by_name[node] for node in step.nodes]
        values = (name for node in self.nodes for name in node.inputs[: len(node.inputs) - OPS[node.op].weights])
        given = dict.fromkeys(value for value in values if value not in step.nodes)
        # What the step reads may be a copy that lies elsewhere.
        self.reads = {value: plan.places[read] for value, read in zip(given, step.reads, strict=True)}
        self.given = {
            node.name: {f"{name}_{what}{i}": reduced(w, node.type.shape) for what, w in _weights(node, plan).items()}
            for i, node in enumerate(self.nodes, 1)
        }
        full = tuple(place for place in self.reads.values() if not self.is_spread(place))
        self.loops = Loops(
            places=(*full, self.out),
            spread=tuple(place for place in self.reads.values() if self.is_spread(place)),
            weights={name: weight for weights in self.given.values() for name, weight in weights.items()},
            keeps_zeros=self.keeps_zeros(),
        )

    @cached_property
    def ranges(self) -> Mapping[str, Range]:
        """Between which numbers values lie."""
        weights = {name: tuple(given.values()) for name, given in self.given.items()}
        return ranges(self.nodes, {name: w for name, w in weights.items() if w and all(x.size == 1 for x in w)})

    def is_spread(self, place: Place) -> bool:
        """Whether one number serves all channels of a pixel."""
        return place.channels == 1 and self.out.channels > 1

    def keeps_zeros(self) -> bool:
        """Whether zeros in all values, and in all weights that differ from channel to channel, give zero."""
        values = {value: np.zeros(1, np.float32) for value in self.reads}
        for node in self.nodes:
            weights = [w if w.size == 1 else np.zeros(1, np.float32) for w in self.given[node.name].values()]
            arguments = [values[name] for name in node.inputs if name in values]
            values[node.name] = _once(node, arguments, [weight.reshape(1) for weight in weights])
        return bool(values[self.step.out][0] == 0)

    def is_wide(self) -> bool:
        """Whether there are floats alone, and so many that vectors of sixteen fill every run."""
        places = (*self.reads.values(), self.out)
        return self.loops.run % WIDE == 0 < self.loops.run - WIDE and all(p.dtype == "float32" for p in places)

    def lines(self, c: str, count: int) -> list[str]:
        """The lines that compute `count` elements from channel `c` on."""
        names, lines = dict[str, str](), list[str]()

        def name(value: str, expression: str) -> None:
            names[value] = f"v{len(lines) + 1}"
            lines.append(f"const lanes {names[value]} = {expression};")

        for i, value in enumerate(self.reads, 1):
            name(value, self._load(value, f"in{i}" if len(self.reads) > 1 else "in", c, count))
        for node in self.nodes:
            if node.op == "cast":  # done by what loads or stores
                names[node.name] = names[node.inputs[0]]
            else:
                name(node.name, self._value(node, names, c))
        return [*lines, self._store(names[self.step.out], c, count)]

    def _load(self, value: str, parameter: str, c: str, count: int) -> str:
        place = self.reads[value]
        kind = "load" if place.dtype == "float32" else f"from_{place.dtype}"
        if self.is_spread(place):
            one = f"*({self.loops.at(parameter, place, '')})"
            return f"lanes_all({one if place.dtype == 'float32' else f'(float){one}'})"
        where = self.loops.at(parameter, place, c)
        if count >= LANES or self.loops.has_whole_vectors(place):
            return f"lanes_{kind}({where})"
        return f"lanes_{kind}_some({where}, {count})"

    def _value(self, node: Node, names: Mapping[str, str], c: str) -> str:
        values = [names[value] for value in node.inputs if value in names]
        words = dict(zip("ab", values, strict=False))
        words |= {key: number(np.float32(node[key])) for key, _ in node.attrs if key in ("low", "high")}
        weights = {key.split("_")[-1].rstrip("0123456789"): key for key in self.given[node.name]}
        words |= {what: self._weight(node, key, c) for what, key in weights.items()}
        return _affine(**words) if node.op == "affine" else WORDS[self._word(node)].format(**words)

    def _word(self, node: Node) -> str:
        """The op, or the form of it that leaves out the care for what cannot come."""
        is_normal = node.op == "exp" and is_within(self.ranges.get(node.inputs[0]), NORMAL)
        return "exp_normal" if is_normal else node.op

    def _weight(self, node: Node, key: str, c: str) -> str:
        weight = self.given[node.name][key]
        if weight.size > 1:
            return f"lanes_load({self.loops.table(key, c)})"
        return f"lanes_all({number(weight.reshape(-1)[0])})"

    def _store(self, value: str, c: str, count: int) -> str:
        where = self.loops.at("out", self.out, c)
        if self.out.dtype != "float32":
            return f"lanes_to_{self.out.dtype}({where}, {value}, {count});"
        if count >= LANES:
            return f"lanes_store({where}, {value});"
        if self.loops.has_whole_vectors(self.out):
            return f"lanes_store({where}, lanes_first({value}, {count}));"
        return f"lanes_store_some({where}, {value}, {count});"


def _affine(a: str, scale: str, offset: str) -> str:
    """What changes no number, not even −0, is left out."""
    scaled = a if scale == "lanes_all(1.0f)" else f"lanes_multiply({a}, {scale})"
    return scaled if offset == "lanes_all(-0.0f)" else f"lanes_add({scaled}, {offset})"


def _weights(node: Node, plan: Plan) -> dict[str, Weight]:
    """What a node takes besides values, by the words of its expression."""
    values = [plan.graph.by_name[name].value for name in node.inputs[len(node.inputs) - OPS[node.op].weights :]]
    if node.op == "normalise":
        gain, shift, mean, variance = map(_present, values)
        return {"mean": mean, "scale": gain / np.sqrt(variance + np.float32(node["epsilon"])), "shift": shift}
    return dict(zip(("scale", "offset"), map(_present, values), strict=False))


def _present(value: NDArray[Any] | None) -> Weight:
    assert value is not None  # arrange refused holes
    return value


def _once(node: Node, values: list[Weight], weights: list[Weight]) -> Weight:
    """The node on single numbers."""
    if node.op == "normalise":
        mean, scale, shift = weights
        return np.asarray((values[0] - mean) * scale + shift)
    return np.asarray(OPS[node.op].meaning(*values, *weights, **dict(node.attrs)))
