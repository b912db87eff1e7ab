"""The C of whole values: what is computed once a step, number by number, and weights turned for transposed products."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from datacc.emit.text import number
from datacc.errors import GraphError
from datacc.fit.compiled.layout import Layout
from datacc.fit.compiled.memory import Part
from datacc.fit.compiled.windows import Window
from datacc.ir.graph import Graph, Node

# How each op is said of single numbers; a and b are those of its values.
_WORDS: Final[Mapping[str, str]] = {
    "affine": "{a} * {b} + {c}",
    "add": "{a} + {b}",
    "multiply": "{a} * {b}",
    "divide": "{a} / {b}",
    "relu": "{a} > 0 ? {a} : 0",
    "sqrt": "root({a})",
}

ROOT: Final = """\
/* The square root by IEEE. */
static inline float root(float x)
{
    return lanes_sqrt(lanes_all(x))[0];
}"""


def limit(value: np.float32) -> str:
    """A limit as C says it; infinity is no literal."""
    return number(value) if np.isfinite(value) else "__builtin_inff()" if value > 0 else "-__builtin_inff()"


def once(node: Node, graph: Graph, parts: Mapping[str, Part]) -> list[str]:
    """The loop over a whole value's numbers. Raises `GraphError` for ops that have no such form."""
    if node.op == "clip":
        low, high = number(np.float32(node["low"])), number(np.float32(node["high"]))
        form = f"{{a}} < {low} ? {low} : {{a}} > {high} ? {high} : {{a}}"
    elif node.op == "gate":
        low, high = (limit(np.float32(node[key])) for key in ("low", "high"))
        form = f"{low} < {{b}} && {{b}} < {high} ? {{a}} : 0"
    elif node.op in _WORDS:
        form = _WORDS[node.op]
    else:
        raise GraphError(f"{node.op} of whole values is not fitted natively", where=f"node {node.name!r}")
    out = parts[node.name]
    words = {key: _at(parts[name], out) for key, name in zip("abc", node.inputs, strict=False)}
    return [f"for (int i = 0; i < {out.size}; i++) whole[{out.offset} + i] = {form.format(**words)};"]


def _at(part: Part, out: Part) -> str:
    if part.channels * part.rows == 1 < out.channels * out.rows:
        return f"whole[{part.offset}]"
    return f"whole[{part.offset} + i]"


def turned_size(node: Node, of: Window | None, out: Layout, channels: int) -> int:
    """Floats of the turned weights that a transposed product reads."""
    if of is None:
        return channels * out.size
    inputs = 1 if of.is_depthwise else of.outputs
    return of.taps[0] * of.taps[1] * inputs * out.pixel


def turn(weight: Part, pixel: int, to: Part, of: Window | None, out: Layout) -> list[str]:
    """Weights [tap][input][padded output] as [turned tap][output][padded input]; `pixel` is the padded output.

    Of a dense layer, which `of` is None for: [input][padded output] as [output][all of an example of the input].
    """
    source, into = f"whole + {weight.offset}", f"whole + {to.offset}"
    if of is None:
        return [
            f"const float *from = {source};",
            f"for (int y = 0; y < {out.height}; y++)",
            f"    for (int x = 0; x < {out.width}; x++)",
            f"        for (int c = 0; c < {out.channels}; c++, from += {pixel}) {{",
            f"            float *to = {into} + {out.first} + y * {out.row} + x * {out.column} + c;",
            f"            for (int o = 0; o < {weight.channels}; o++) to[o * {out.size}] = from[o];",
            "        }",
        ]
    taps = of.taps[0] * of.taps[1]
    if of.is_depthwise:
        return [
            f"const float *from = {source};",
            f"for (int tap = {taps - 1}; tap >= 0; tap--, from += {pixel})",
            f"    for (int c = 0; c < {pixel}; c++) ({into})[tap * {pixel} + c] = from[c];",
        ]
    return [
        f"const float *from = {source};",
        f"for (int tap = {taps - 1}; tap >= 0; tap--)",
        f"    for (int c = 0; c < {of.inputs}; c++, from += {pixel})",
        f"        for (int o = 0; o < {of.outputs}; o++)",
        f"            ({into})[(tap * {of.outputs} + o) * {out.pixel} + c] = from[o];",
    ]
