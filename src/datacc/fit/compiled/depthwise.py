"""The C of depthwise convolutions and their gradients: every channel for itself, vectors of them side by side."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.lanes import both_widths
from datacc.fit.compiled.layout import Layout, vector_of
from datacc.fit.compiled.scene import Scene
from datacc.fit.compiled.windows import Window, window
from datacc.ir.graph import Node

_STRUCT: Final = """\
/* How a depthwise product walks; `outputs` lie between the weights of one tap and the next. */
typedef struct {
    int height, width, channels, outputs;
    int taps_rows, taps_columns, tap_row, tap_column;
    int in_row, in_column, out_row, out_column;
} depthwise_walk;"""

_KERNELS: Final = {
    "depthwise": """\
/* Every channel of every output: the products of its window, in order. */
INLINE void depthwise(const depthwise_walk *walk, const float *restrict in, const float *restrict weight,
                      const float *restrict bias, float *restrict out)
{
    for (int c = 0; c < walk->channels; c += 8)
        for (int y = 0; y < walk->height; y++)
            for (int x = 0; x < walk->width; x++) {
                const float *from = in + y * walk->in_row + x * walk->in_column + c;
                lanes sum = bias ? lanes_load(bias + c) : lanes_all(0);
                for (int i = 0; i < walk->taps_rows; i++)
                    for (int j = 0; j < walk->taps_columns; j++)
                        sum = lanes_multiply_add(sum, lanes_load(from + i * walk->tap_row + j * walk->tap_column),
                            lanes_load(weight + (i * walk->taps_columns + j) * walk->outputs + c));
                lanes_store(out + y * walk->out_row + x * walk->out_column + c, sum);
            }
}""",
    "depthwise_gradient": """\
/* Add to every weight what all pixels say, pixel after pixel. */
INLINE void depthwise_gradient(const depthwise_walk *walk, const float *restrict in, const float *restrict dy,
                               float *restrict sums)
{
    for (int i = 0; i < walk->taps_rows; i++)
        for (int j = 0; j < walk->taps_columns; j++)
            for (int c = 0; c < walk->channels; c += 8) {
                const float *from = in + i * walk->tap_row + j * walk->tap_column + c;
                float *to = sums + (i * walk->taps_columns + j) * walk->outputs + c;
                lanes sum = lanes_load(to);
                for (int y = 0; y < walk->height; y++)
                    for (int x = 0; x < walk->width; x++)
                        sum = lanes_multiply_add(sum, lanes_load(from + y * walk->in_row + x * walk->in_column),
                            lanes_load(dy + y * walk->out_row + x * walk->out_column + c));
                lanes_store(to, sum);
            }
}""",
}

FRAGMENTS: Final[Mapping[str, str]] = {"depthwise_walk": _STRUCT, **both_widths(_KERNELS)}


def depthwise(node: Node, scene: Scene) -> list[str]:
    """A depthwise convolution."""
    x, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    of = window(scene.graph, node)
    begin = x.first - of.before[0] * x.line - of.before[1] * x.pixel
    weight, bias = scene.parts[node.inputs[1]].offset, scene.parts[node.inputs[2]].offset
    return _lines(scene, of, of.stride, x, begin, out, weight, f"whole + {bias}")


def depthwise_input(node: Node, scene: Scene) -> list[str]:
    """The gradient of its input: the same by turned weights."""
    dy, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    of = window(scene.graph, node)
    back = [of.dilation[axis] * (of.taps[axis] - 1) - of.before[axis] for axis in (0, 1)]
    begin = dy.first - back[0] * dy.line - back[1] * dy.pixel
    return _lines(scene, of, (1, 1), dy, begin, out, scene.turned[node.name].offset, "0")


def depthwise_weight(node: Node, scene: Scene) -> list[str]:
    """The gradient of its weights."""
    x, dy = (scene.layout(name) for name in node.inputs)
    of, sums = window(scene.graph, node), scene.sums[node.name]
    begin = x.first - of.before[0] * x.line - of.before[1] * x.pixel
    return [
        _walk(of, of.stride, x, dy),
        f"for (int row = 0; row < rows; row++, x += {x.size}, dy += {dy.size})",
        f"    depthwise_gradient{_suffix(dy, scene)}(&walk, x + {begin}, dy + {dy.first}, sums + {sums.offset});",
    ]


def _lines(
    scene: Scene, of: Window, stride: tuple[int, int], x: Layout, begin: int, out: Layout, weight: int, bias: str
) -> list[str]:
    return [
        _walk(of, stride, x, out),
        f"for (int row = 0; row < rows; row++, in += {x.size}, out += {out.size})",
        f"    depthwise{_suffix(out, scene)}(&walk, in + {begin}, whole + {weight}, {bias}, out + {out.first});",
    ]


def _suffix(out: Layout, scene: Scene) -> str:
    return "_wide" if vector_of(out.channels, scene.cpu) == 16 else ""


def _walk(of: Window, stride: tuple[int, int], x: Layout, out: Layout) -> str:
    members = {
        "height": out.height, "width": out.width, "channels": out.pixel, "outputs": out.pixel,
        "taps_rows": of.taps[0], "taps_columns": of.taps[1],
        "tap_row": of.dilation[0] * x.line, "tap_column": of.dilation[1] * x.pixel,
        "in_row": stride[0] * x.line, "in_column": stride[1] * x.pixel, "out_row": out.row, "out_column": out.column,
    }  # fmt: skip
    return f"static const depthwise_walk walk = {{{', '.join(f'.{key} = {value}' for key, value in members.items())}}};"
