"""The C of convolutions, and of both their gradients: tiles of pixels, or of weights, example after example."""

from collections.abc import Callable
from dataclasses import replace

from datacc.fit.compiled.layout import Layout, padded, vector_of
from datacc.fit.compiled.products import (
    each_row,
    gradient_vectors,
    most_sums,
    pieces,
    suffix,
    tiling,
    walk,
)
from datacc.fit.compiled.scene import Scene
from datacc.fit.compiled.windows import Window, window
from datacc.ir.graph import Node


def conv(node: Node, scene: Scene) -> list[str]:
    """A convolution."""
    x, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    weight, bias = (scene.parts[name].offset for name in node.inputs[1:])
    return _lines(scene, window(scene.graph, node), x, out, f"whole + {weight} + o", f"whole + {bias} + o")


def conv_input(node: Node, scene: Scene) -> list[str]:
    """The gradient of the input: a convolution, by turned weights, of the gradient with zeros between its pixels."""
    dy, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    turned = turned_window(window(scene.graph, node))
    return _lines(scene, turned, dy, out, f"whole + {scene.turned[node.name].offset} + o", "0")


def turned_window(of: Window) -> Window:
    """The window by which the gradient of a convolution's input reads that of its output."""
    rows, columns = (d * (t - 1) - b for d, t, b in zip(of.dilation, of.taps, of.before, strict=True))
    return replace(of, stride=(1, 1), before=(rows, columns), inputs=of.outputs, outputs=of.inputs)


def conv_weight(node: Node, scene: Scene) -> list[str]:
    """The gradient of the weights, added to what the shard has: tiles of weights, for each all pixels."""
    x, dy = (scene.layout(name) for name in node.inputs)
    of, sums = window(scene.graph, node), scene.sums[node.name]
    vector, outputs = vector_of(sums.channels, scene.cpu), padded(sums.channels, scene.cpu)
    vectors = gradient_vectors(outputs // vector)
    run, runs = _runs(of, x)
    tap_step = of.dilation[0] * x.line
    distances = {
        "width": dy.width, "run": run, "tap_step": tap_step, "outputs": outputs, "x_row": of.stride[0] * x.line,
        "x_column": of.stride[1] * x.pixel, "dy_row": dy.row, "dy_column": dy.column,
    }  # fmt: skip

    def call(count: int, k: str) -> str:
        return (
            f"gradient{suffix(vector)}(&walk, {count}, {vectors}, {dy.height}, "
            f"x + {begin(of, x)} + tap * {tap_step} + run * {of.dilation[1] * x.pixel} + {k}, dy + {dy.first} + o, "
            f"sums + {sums.offset} + ((tap * {runs} + run) * {run} + {k}) * {outputs} + o);"
        )

    body = [
        f"for (int o = 0; o < {outputs}; o += {vector * vectors})",
        f"    for (int run = 0; run < {runs}; run++) {{",
        *(f"        {line}" for line in _weight_tiles(of, run, runs, most_sums(scene.cpu) // vectors, call)),
        "    }",
    ]
    return each_row([walk("gradient_walk", distances)], body, {"x": x.step, "dy": dy.step})


def _weight_tiles(of: Window, run: int, runs: int, most: int, call: Callable[[int, str], str]) -> list[str]:
    """The loops over tiles of at most so many inputs: of several rows of the window where these are short."""
    if run < most // 2 and runs == 1:
        return [
            f"for (int tap = {first}; tap < {first + size * count}; tap += {size}) {call(size * run, '0')}"
            for first, size, count in pieces(of.taps[0], max(1, most // run))
        ]
    tiles = [
        f"    for (int k = {first}; k < {first + size * count}; k += {size}) {call(size, 'k')}"
        for first, size, count in pieces(run, most)
    ]
    return [f"for (int tap = 0; tap < {of.taps[0]}; tap++) {{", *tiles, "}"]


def begin(of: Window, x: Layout) -> int:
    """Where in an example the first tap of the first pixel lies."""
    return x.first - of.before[0] * x.line - of.before[1] * x.pixel


def _runs(of: Window, x: Layout) -> tuple[int, int]:
    """Adjacent inputs that a row of the window takes at a time, and how often."""
    if x.pixel == of.inputs and of.dilation[1] == 1:
        return of.taps[1] * of.inputs, 1
    return of.inputs, of.taps[1]


def _lines(scene: Scene, of: Window, x: Layout, out: Layout, weight: str, bias: str) -> list[str]:
    """A convolution by weights [tap row][tap column][input][padded output]."""
    vector, outputs = vector_of(out.channels, scene.cpu), out.pixel
    tile = tiling(out.height, out.width, outputs // vector, most_sums(scene.cpu))
    run, runs = _runs(of, x)
    row, column = of.stride[0] * x.line, of.stride[1] * x.pixel
    distances = {
        "taps": of.taps[0], "tap_step": of.dilation[0] * x.line, "runs": runs,
        "run_step": of.dilation[1] * x.pixel if runs > 1 else 0, "run": run, "outputs": outputs,
        "in_row": row, "in_column": column, "out_row": out.row, "out_column": out.column,
    }  # fmt: skip
    walks: dict[int, str] = {}
    tiles = []
    for y, high, below in pieces(out.height, tile.rows):
        for x_, wide, beside in pieces(out.width, tile.columns):
            walks.setdefault(wide, f"walk{wide}")
            tiles += [
                f"for (int y = {y}; y < {y + high * below}; y += {high})",
                f"    for (int x = {x_}; x < {x_ + wide * beside}; x += {wide})",
                f"        product{suffix(vector)}(&{walks[wide]}, {high * wide}, {tile.vectors}, "
                f"in + {begin(of, x)} + y * {row} + x * {column}, {weight}, {bias}, "
                f"out + {out.first} + y * {out.row} + x * {out.column} + o);",
            ]
    head = [walk("product_walk", {**distances, "columns": wide}, name) for wide, name in walks.items()]
    body = [f"for (int o = 0; o < {outputs}; o += {vector * tile.vectors}) {{", *(f"    {line}" for line in tiles), "}"]
    return each_row(head, body, {"in": x.step, "out": out.step})
