"""The C of what only moves elements: pieces, orders, shapes, rows of tables. Where each one goes is a table."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.text import numbers
from datacc.fit.compiled.layout import Layout
from datacc.fit.compiled.scene import Scene
from datacc.ir.graph import Node
from datacc.ir.ops import OPS

FRAGMENTS: Final[Mapping[str, str]] = {}


def move(node: Node, scene: Scene) -> list[str]:
    """concat, slice, reshape, transpose: for every input a table of pairs, from where to where."""
    out = positions(scene.layout(node.name))
    marks, starts = _marked(node, scene)
    lines = []
    for i, name in enumerate(node.inputs, 1):
        source, x = positions(scene.layout(name)), scene.layout(name)
        mine = (marks >= starts[i - 1]) & (marks < starts[i])
        pairs = np.stack([source[marks[mine] - starts[i - 1]], out[mine]], axis=1).astype(np.int32)
        into, taken = scene.layout(node.name).step, f"in{i if len(node.inputs) > 1 else ''}"
        lines += [
            f"static const int32_t moves{i}[{pairs.size}] = {{",
            numbers(pairs.reshape(-1)),
            "};",
            "for (int row = 0; row < rows; row++)",
            f"    for (int i = 0; i < {pairs.size}; i += 2)",
            f"        out[row * {into} + moves{i}[i + 1]] = {taken}[row * {x.step} + moves{i}[i]];",
        ]
    return lines


def _marked(node: Node, scene: Scene) -> tuple[NDArray[np.int64], list[int]]:
    """For every element of the result the number of the one it is; elements of all inputs are counted through."""
    shapes = [scene.graph.by_name[name].type.shape for name in node.inputs]
    counts = [int(np.prod(shape)) for shape in shapes]
    starts = [0, *np.cumsum(counts).tolist()]
    arrays = [np.arange(a, b).reshape(1, *shape) for a, b, shape in zip(starts, starts[1:], shapes, strict=False)]
    found: NDArray[np.int64] = OPS[node.op].meaning(*arrays, **dict(node.attrs)).reshape(-1)
    return found, starts


def positions(layout: Layout) -> NDArray[np.int64]:
    """Where each element of an example lies, in order, from its beginning."""
    y, x, c = np.ogrid[: layout.height, : layout.width, : layout.channels]
    found: NDArray[np.int64] = (layout.first + y * layout.row + x * layout.column + c).reshape(-1)
    return found


def gather(node: Node, scene: Scene) -> list[str]:
    """Rows of a table, the nearest where there is none."""
    rows, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    table = scene.parts[node.inputs[1]]
    return [
        f"for (int row = 0; row < rows; row++, in += {rows.step}, out += {out.step})",
        f"    for (int i = 0; i < {rows.width * rows.channels}; i++) {{",
        f"        const int number = in[i] < 0 ? 0 : in[i] > {table.rows - 1} ? {table.rows - 1} : in[i];",
        f"        for (int c = 0; c < {out.channels}; c++)",
        f"            out[{out.first} + i * {out.column} + c] = whole[{table.offset} + number * {table.pixel} + c];",
        "    }",
    ]


def sum_by(node: Node, scene: Scene) -> list[str]:
    """The gradient of a table: every row adds to the one that it came from."""
    dy, rows = (scene.layout(name) for name in node.inputs)
    sums = scene.sums[node.name]
    return [
        f"for (int row = 0; row < rows; row++, dy += {dy.step}, x += {rows.step})",
        f"    for (int i = 0; i < {rows.width * rows.channels}; i++) {{",
        f"        const int number = x[i] < 0 ? 0 : x[i] > {sums.rows - 1} ? {sums.rows - 1} : x[i];",
        f"        for (int c = 0; c < {dy.channels}; c++)",
        f"            sums[{sums.offset} + number * {sums.pixel} + c] += dy[{dy.first} + i * {dy.column} + c];",
        "    }",
    ]
