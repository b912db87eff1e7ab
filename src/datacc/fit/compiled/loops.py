"""The C of a loop: chains of elementwise ops in registers, sums beside them, vectors of eight or sixteen floats."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from datacc.emit.each import WORDS
from datacc.emit.piece import C_TYPES
from datacc.emit.text import number
from datacc.errors import GraphError
from datacc.fit.compiled.layout import Layout, vector_of
from datacc.fit.compiled.memory import read
from datacc.fit.compiled.once import limit
from datacc.fit.compiled.order import Loop, spreads
from datacc.fit.compiled.scene import Scene
from datacc.ir.graph import Node
from datacc.ir.plan import picture

# Sums are kept in so many vectors in turn, whose order of adding is fixed: no sum waits for the one before it.
TURNS: Final = 4

_FROM: Final = """\
INLINE wide wide_from_{dtype}(const {kind} *from)
{{
    typedef {kind} numbers __attribute__((vector_size({bytes}), aligned({itemsize})));
    return __builtin_convertvector(*(const numbers *)from, wide);
}}"""


def _wide_from(dtype: str) -> str:
    """Sixteen numbers of a type as floats."""
    itemsize = np.dtype(dtype).itemsize
    return _FROM.format(dtype=dtype, kind=C_TYPES[dtype], bytes=16 * itemsize, itemsize=itemsize)


FRAGMENTS: Final[Mapping[str, str]] = {
    "lanes_gate": """\
/* a where low < x < high; else 0, whatever a is. */
INLINE lanes lanes_gate(lanes a, lanes x, lanes low, lanes high)
{
    return lanes_of_bits(lanes_bits(a) & lanes_less(low, x) & lanes_less(x, high));
}""",
    "lanes_nearest": """\
/* The nearest whole number between two, ties to even; what is no number becomes 0. */
INLINE lanes lanes_nearest(lanes x, lanes low, lanes high)
{
    const lanes size = lanes_of_bits(lanes_bits(x) & 0x7FFFFFFFu), large = lanes_all(8388608.0f); /* 2^23 */
    const lanes whole = lanes_subtract(lanes_add(size, large), large); /* nothing behind the point stays */
    const lanes chosen = lanes_choose(lanes_less(size, large), whole, size); /* not of what is no number */
    const lanes signed_ = lanes_of_bits(lanes_bits(chosen) | (lanes_bits(x) & 0x80000000u));
    const lanes_whole is_none = (lanes_whole)(lanes_bits(size) > 0x7F800000u);
    return lanes_clip(lanes_of_bits(lanes_bits(signed_) & ~is_none), low, high);
}""",
    **{f"wide_from_{dtype}": _wide_from(dtype) for dtype in ("uint8", "int8", "int16", "int32")},
}

_KEEPS: Final = frozenset("relu gate multiply sqrt sin cast".split())  # zeros of all values give a zero


def rows_read(step: Loop, scene: Scene) -> list[str]:
    """The row values that a loop reads."""
    return [name for name in read(step, scene.graph) if name not in scene.whole]


def loop_lines(step: Loop, scene: Scene, names: Mapping[str, str]) -> list[str]:
    """The body of a loop's function. `names` gives every row value that it touches the pointer to its first example.

    Raises `GraphError` for whole values that differ from pixel to pixel.
    """
    return _Loop(step, scene, names).lines()


class _Loop:
    """One loop under construction."""

    def __init__(self, step: Loop, scene: Scene, names: Mapping[str, str]) -> None:
        self.step, self.scene, self.names = step, scene, names
        self.reads = rows_read(step, scene)
        ends = [*step.writes, *(node.inputs[0] for node in step.sums)]
        self.shape = picture(scene.graph.by_name[ends[0]].type.shape)
        touched = [*self.reads, *step.writes]
        self.layouts: dict[str, Layout] = {name: scene.places[name].layout for name in touched}
        self.full = {n: lay for n, lay in self.layouts.items() if lay.channels == self.shape[2]}
        self.once: dict[str, str] = {}  # what is the same for all pixels: expression → C name

    @property
    def is_flat(self) -> bool:
        """Whether pixels do not matter: channels lie without gaps everywhere, and nothing differs by channel."""
        tight = all(lay.is_tight for lay in self.layouts.values()) and len(self.full) == len(self.layouts)
        scalars = all(self.scene.parts[name].channels == 1 for name in self._wholes())
        return tight and scalars and not self.step.sums and self.shape[:2] != (1, 1)

    def _wholes(self) -> list[str]:
        return [name for node in self.step.nodes for name in node.inputs if name in self.scene.whole]

    def lines(self) -> list[str]:
        """All of it: vectors of channels outside, examples and pixels inside."""
        if self.is_flat:
            return self._flat()
        channels = self.shape[2]
        vector = vector_of(channels, self.scene.cpu)
        lines: list[str] = []
        whole, rest = divmod(channels, vector)
        if whole:
            block = self._block("c", vector, vector)
            many = f"for (int c = 0; c < {whole * vector}; c += {vector}) {{"
            lines += [many, *_in(block), "}"] if whole > 1 else ["{", "    const int c = 0;", *_in(block), "}"]
        if rest:
            lines += ["{", f"    const int c = {whole * vector};", *_in(self._block("c", vector, rest)), "}"]
        return [line.replace("lanes", "wide") if vector > 8 else line for line in lines]

    def _flat(self) -> list[str]:
        """Runs over adjacent elements; the last vector may overlap the one before, which it computes again."""
        height, width, channels = self.shape
        gapless = all(lay.is_gapless for lay in self.layouts.values())
        run, lines_ = (height * width * channels, 1) if gapless else (width * channels, height)
        vector = 16 if self.scene.cpu.wide and run >= 16 else 8
        self.once = {}
        text = self._chain("at", vector, min(run, vector), flat=True)
        head = [f"const lanes {name} = {expression};" for expression, name in self.once.items()]
        last = max(0, run - vector)
        body = [
            f"for (int i = 0; i < {run}; i += {vector}) {{",
            f"    const int at = i < {last} ? i : {last};",
            *_in(text),
            "}",
        ]
        body = body if lines_ == 1 else [f"for (int y = 0; y < {lines_}; y++)", *_in(body)]
        lines = [*head, "for (int row = 0; row < rows; row++) {", *_in(body), "}"]
        return [line.replace("lanes", "wide") if vector > 8 else line for line in lines]

    def _block(self, c: str, vector: int, count: int) -> list[str]:
        """The loops over examples and pixels for one vector of channels, of which `count` are true."""
        self.once = {}
        main, rest = self._chain(c, vector, count, turn="u"), self._chain(c, vector, count, turn="0")
        height, width, _ = self.shape
        head = [f"const lanes {name} = {expression};" for expression, name in self.once.items()]
        totals = [f"sum{i}" for i in range(1, len(self.step.sums) + 1)]
        clear = [
            f"lanes {name}[{TURNS}] = {{lanes_all(0), lanes_all(0), lanes_all(0), lanes_all(0)}};" for name in totals
        ]
        add = [line for i, node in enumerate(self.step.sums, 1) for line in self._add(node, f"sum{i}", c)]
        if (height, width) == (1, 1):
            return [*head, *clear, *_turns("row", "rows", main, rest, bool(totals)), *add]
        if all(lay.is_gapless for lay in self.layouts.values()):
            inner = _turns("x", str(height * width), main, rest, bool(totals))
        else:
            inner = [
                f"for (int y = 0; y < {height}; y++) {{",
                *_in(_turns("x", str(width), main, rest, bool(totals))),
                "}",
            ]
        return [*head, "for (int row = 0; row < rows; row++) {", *_in([*clear, *inner, *add]), "}"]

    def _add(self, node: Node, name: str, c: str) -> list[str]:
        """Add the turns of a sum to what the shard has."""
        part = self.scene.sums[node.name]
        total = f"lanes_add(lanes_add({name}[0], {name}[1]), lanes_add({name}[2], {name}[3]))"
        if part.channels == 1 < self.shape[2]:
            return [f"sums[{part.offset}] += lanes_total({total});"]
        at = f"sums + {part.offset} + {c}"
        return [f"lanes_store({at}, lanes_add(lanes_load({at}), {total}));"]

    def _at(self, name: str, c: str, *, flat: bool = False) -> str:
        lay = self.layouts[name]
        terms = [self.names[name], f"row * {lay.step}"]
        if flat:
            gapless = all(other.is_gapless for other in self.layouts.values())
            terms += ([str(lay.first)] if lay.first else []) + ([] if gapless else [f"y * {lay.row}"])
            return " + ".join([*terms, c])
        if self.shape[:2] != (1, 1):
            gapless = all(other.is_gapless for other in self.layouts.values())
            terms += [str(lay.first)] if lay.first else []
            terms += [] if gapless else [f"y * {lay.row}"]
            terms += [f"x * {lay.column}"]
        elif lay.first:
            terms.append(str(lay.first))
        return " + ".join([*terms, c] if c not in ("", "0") else terms)

    def _chain(self, c: str, vector: int, count: int, *, turn: str = "0", flat: bool = False) -> list[str]:
        """The lines that compute one vector of all nodes, write what is asked for, and add to sums."""
        names, keeps, lines = dict[str, str](), dict[str, bool](), list[str]()

        def let(value: str, expression: str, *, zero: bool) -> None:
            names[value], keeps[value] = f"v{len(lines) + 1}", zero
            lines.append(f"const lanes {names[value]} = {expression};")

        for value in self.reads:
            let(value, self._load(value, c, flat=flat), zero=self._has_zeros(value, vector))
        for node in self.step.nodes:
            zero = self._keeps_zeros(node, keeps)
            let(node.name, self._value(node, names, c), zero=zero)
        for value in self.step.writes:
            lines.append(self._store(value, names[value], c, vector, count, zero=keeps[value], flat=flat))
        for i, node in enumerate(self.step.sums, 1):
            value = node.inputs[0]
            kept = names[value] if count == vector or keeps[value] else f"lanes_first({names[value]}, {count})"
            lines.append(f"sum{i}[{turn}] = lanes_add(sum{i}[{turn}], {kept});")
        return lines

    def _has_zeros(self, value: str, vector: int) -> bool:
        lay = self.layouts[value]
        return lay.channels == self.shape[2] and lay.pixel % vector == 0

    def _keeps_zeros(self, node: Node, keeps: Mapping[str, bool]) -> bool:
        """Whether padded channels of the result are zero because those of the values are."""
        rows = [name for name in node.inputs if name not in self.scene.whole]
        has_zeros = any(keeps[name] for name in rows) if node.op == "multiply" else all(keeps[name] for name in rows)
        if node.op == "clip":
            return has_zeros and node["low"] <= 0 <= node["high"]
        if node.op in ("affine", "normalise"):
            return has_zeros and self.scene.parts[node.inputs[2]].channels > 1
        if node.op == "add":
            return has_zeros and not any(spreads(self.scene.graph, name, node) for name in rows)
        return has_zeros and node.op in _KEEPS

    def _store(self, value: str, name: str, c: str, vector: int, count: int, *, zero: bool, flat: bool) -> str:
        at = self._at(value, c, flat=flat)
        if count < vector and self.layouts[value].pixel % vector:
            return f"lanes_store_some({at}, {name}, {count});"
        return f"lanes_store({at}, {name if count == vector or zero else f'lanes_first({name}, {count})'});"

    def _load(self, value: str, c: str, *, flat: bool) -> str:
        dtype = self.scene.places[value].dtype
        kind = "load" if dtype == "float32" else f"from_{dtype}"
        if self.layouts[value].channels == 1 < self.shape[2]:
            one = f"*({self._at(value, '')})"
            return f"lanes_all({one if dtype == 'float32' else f'(float){one}'})"
        return f"lanes_{kind}({self._at(value, c, flat=flat)})"

    def _value(self, node: Node, names: Mapping[str, str], c: str) -> str:
        rows = [names[name] for name in node.inputs if name not in self.scene.whole]
        a, b = rows[0], rows[-1]
        if node.op == "cast":  # to floats is done by what loads; whole numbers are kept as floats
            return a if node.type.dtype == "float32" else _nearest(a, node.type.dtype)
        if node.op == "affine":
            scale, offset = (self._whole(name, c) for name in node.inputs[1:])
            return f"lanes_multiply_add({offset}, {a}, {scale})"
        if node.op == "normalise":
            return self._normalised(node, a, c)
        low, high = (limit(np.float32(node[key] if node.op in ("clip", "gate") else 0)) for key in ("low", "high"))
        if node.op == "gate":
            return f"lanes_gate({a}, {b}, lanes_all({low}), lanes_all({high}))"
        return WORDS[node.op].format(a=a, b=b, low=low, high=high)

    def _normalised(self, node: Node, a: str, c: str) -> str:
        gain, shift, mean, variance = (self._whole(name, c) for name in node.inputs[1:])
        deviation = f"lanes_sqrt(lanes_add({variance}, lanes_all({number(np.float32(node['epsilon']))})))"
        scale = self._named(f"lanes_divide({gain}, {deviation})")
        return f"lanes_multiply_add({shift}, lanes_subtract({a}, {mean}), {scale})"

    def _whole(self, name: str, c: str) -> str:
        part = self.scene.parts[name]
        if part.channels == 1:
            return self._named(f"lanes_all(whole[{part.offset}])")
        if part.rows > 1 or part.channels != self.shape[2]:
            raise GraphError("weights that differ from pixel to pixel are not fitted natively", where=f"node {name!r}")
        return self._named(f"lanes_load(whole + {part.offset} + {c})")

    def _named(self, expression: str) -> str:
        return self.once.setdefault(expression, f"k{len(self.once) + 1}")


def _nearest(a: str, dtype: str) -> str:
    """The whole number of a type that is nearest; of int32 those that a float can say."""
    low, high = (np.float32(end) for end in (np.iinfo(dtype).min, min(np.iinfo(dtype).max, 2**31 - 128)))
    return f"lanes_nearest({a}, lanes_all({number(low)}), lanes_all({number(high)}))"


def _turns(variable: str, count: str, main: list[str], rest: list[str], is_summing: bool) -> list[str]:
    """A loop whose sums take turns; what is left over adds to the first."""
    if not is_summing:
        return [f"for (int {variable} = 0; {variable} < {count}; {variable}++) {{", *_in(rest), "}"]
    first = f"{variable}0"
    lines = [
        f"int {first} = 0;",
        f"for (; {first} + {TURNS} <= {count}; {first} += {TURNS})",
        f"    UNROLL for (int u = 0; u < {TURNS}; u++) {{",
        f"        const int {variable} = {first} + u;",
        *_in(_in(main)),
        "    }",
    ]
    if count.isdigit() and int(count) % TURNS == 0:
        return lines
    tail = [f"for (; {first} < {count}; {first}++) {{", f"    const int {variable} = {first};", *_in(rest), "}"]
    return lines + tail


def _in(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
