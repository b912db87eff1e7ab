"""The C of depthwise convolutions and their gradients: every channel for itself, vectors of them side by side."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.lanes import both_widths
from datacc.fit.compiled.convolutions import begin, turned_window
from datacc.fit.compiled.layout import Layout, vector_of
from datacc.fit.compiled.products import each_row, suffix, walk
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
    weight, bias = (scene.parts[name].offset for name in node.inputs[1:])
    return _lines(scene, of, x, out, weight, f"whole + {bias}")


def depthwise_input(node: Node, scene: Scene) -> list[str]:
    """The gradient of its input: the same by turned weights."""
    dy, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    turned = turned_window(window(scene.graph, node))
    return _lines(scene, turned, dy, out, scene.turned[node.name].offset, "0")


def depthwise_weight(node: Node, scene: Scene) -> list[str]:
    """The gradient of its weights."""
    x, dy = (scene.layout(name) for name in node.inputs)
    of, sums = window(scene.graph, node), scene.sums[node.name]
    kernel = f"depthwise_gradient{suffix(vector_of(dy.channels, scene.cpu))}"
    call = f"{kernel}(&walk, x + {begin(of, x)}, dy + {dy.first}, sums + {sums.offset});"
    return each_row([_walk(of, x, dy)], [call], {"x": x.step, "dy": dy.step})


def _lines(scene: Scene, of: Window, x: Layout, out: Layout, weight: int, bias: str) -> list[str]:
    kernel = f"depthwise{suffix(vector_of(out.channels, scene.cpu))}"
    call = f"{kernel}(&walk, in + {begin(of, x)}, whole + {weight}, {bias}, out + {out.first});"
    return each_row([_walk(of, x, out)], [call], {"in": x.step, "out": out.step})


def _walk(of: Window, x: Layout, out: Layout) -> str:
    members = {
        "height": out.height, "width": out.width, "channels": out.pixel, "outputs": out.pixel,
        "taps_rows": of.taps[0], "taps_columns": of.taps[1],
        "tap_row": of.dilation[0] * x.line, "tap_column": of.dilation[1] * x.pixel,
        "in_row": of.stride[0] * x.line, "in_column": of.stride[1] * x.pixel,
        "out_row": out.row, "out_column": out.column,
    }  # fmt: skip
    return walk("depthwise_walk", members)
