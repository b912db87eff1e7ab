"""The C of windows without weights: pools, where their gradients go, the largest channel."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.lanes import both_widths
from datacc.fit.compiled.layout import Layout, vector_of
from datacc.fit.compiled.products import suffix, walk
from datacc.fit.compiled.scene import Scene
from datacc.ir.graph import Node

_STRUCT: Final = """\
/* How a pool walks: windows of `size` at `stride`; `out` is what has an element for each window. */
typedef struct {
    int height, width, channels;
    int size_rows, size_columns;
    int in_row, in_column, in_next_row, in_next_column; /* from one element of a window, or one window, to the next */
    int out_row, out_column;
} pool_walk;"""

_POOLS: Final = {
    "pool_largest": """\
/* The largest of each window. */
INLINE void pool_largest(const pool_walk *walk, const float *restrict in, float *restrict out)
{
    for (int y = 0; y < walk->height; y++)
        for (int x = 0; x < walk->width; x++)
            for (int c = 0; c < walk->channels; c += 8) {
                const float *from = in + y * walk->in_next_row + x * walk->in_next_column + c;
                lanes best = lanes_load(from);
                for (int i = 0; i < walk->size_rows; i++)
                    for (int j = 0; j < walk->size_columns; j++)
                        best = lanes_larger(best, lanes_load(from + i * walk->in_row + j * walk->in_column));
                lanes_store(out + y * walk->out_row + x * walk->out_column + c, best);
            }
}""",
    "pool_mean": """\
/* The mean of each window, added up in order. */
INLINE void pool_mean(const pool_walk *walk, const float *restrict in, float *restrict out)
{
    for (int y = 0; y < walk->height; y++)
        for (int x = 0; x < walk->width; x++)
            for (int c = 0; c < walk->channels; c += 8) {
                const float *from = in + y * walk->in_next_row + x * walk->in_next_column + c;
                lanes sum = lanes_all(0);
                for (int i = 0; i < walk->size_rows; i++)
                    for (int j = 0; j < walk->size_columns; j++)
                        sum = lanes_add(sum, lanes_load(from + i * walk->in_row + j * walk->in_column));
                const lanes mean = lanes_divide(sum, lanes_all((float)(walk->size_rows * walk->size_columns)));
                lanes_store(out + y * walk->out_row + x * walk->out_column + c, mean);
            }
}""",
    "pool_scatter": """\
/* The gradient of each window to its first largest element, in place of what was there or added to it. */
INLINE void pool_scatter(const pool_walk *walk, int is_adding, const float *restrict dy, const float *restrict in,
                         float *restrict out)
{
    for (int y = 0; y < walk->height; y++)
        for (int x = 0; x < walk->width; x++)
            for (int c = 0; c < walk->channels; c += 8) {
                const int at = y * walk->in_next_row + x * walk->in_next_column + c;
                lanes best = lanes_load(in + at);
                for (int i = 0; i < walk->size_rows; i++)
                    for (int j = 0; j < walk->size_columns; j++)
                        best = lanes_larger(best, lanes_load(in + at + i * walk->in_row + j * walk->in_column));
                lanes left = lanes_load(dy + y * walk->out_row + x * walk->out_column + c);
                for (int i = 0; i < walk->size_rows; i++)
                    for (int j = 0; j < walk->size_columns; j++) {
                        const int here = at + i * walk->in_row + j * walk->in_column;
                        const lanes_whole is_less = lanes_less(lanes_load(in + here), best);
                        const lanes given = lanes_of_bits(~is_less & lanes_bits(left));
                        left = lanes_of_bits(is_less & lanes_bits(left));
                        lanes_store(out + here, is_adding ? lanes_add(lanes_load(out + here), given) : given);
                    }
            }
}""",
}

_MAXIMUM: Final = """\
/* The largest of `channels` numbers, which then stands alone in its pixel. */
INLINE float largest_of(const float *in, int channels)
{
    float best = in[0];
    for (int c = 1; c < channels; c++) best = in[c] > best ? in[c] : best;
    return best;
}"""

FRAGMENTS: Final[Mapping[str, str]] = {"pool_walk": _STRUCT, **both_widths(_POOLS), "largest_of": _MAXIMUM}


def pool(node: Node, scene: Scene) -> list[str]:
    """A pool of either kind."""
    x, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    kernel = {"maxpool": "pool_largest", "meanpool": "pool_mean"}[node.op]
    lines = [f"for (int row = 0; row < rows; row++, in += {x.step}, out += {out.step})"]
    call = f"{kernel}{suffix(vector_of(out.channels, scene.cpu))}(&walk, in + {x.first}, out + {out.first});"
    return [_walk(node, x, out), *lines, f"    {call}"]


def pool_scatter(node: Node, scene: Scene) -> list[str]:
    """The gradient of a largest: what each window gives; added to zeros where windows do not tile what they read."""
    dy, x, out = (scene.layout(name) for name in (*node.inputs, node.name))
    sizes, strides = _two(node["size"]), _two(node["stride"])
    tiles = sizes == strides and (dy.height * sizes[0], dy.width * sizes[1]) == (out.height, out.width)
    kernel = f"pool_scatter{suffix(vector_of(out.channels, scene.cpu))}"
    call = f"{kernel}(&walk, {int(not tiles)}, dy + {dy.first}, x + {x.first}, out + {out.first});"
    clear = [] if tiles else [f"for (int i = 0; i < {out.size}; i++) out[i] = 0;"]
    return [
        _walk(node, x, dy),
        f"for (int row = 0; row < rows; row++, dy += {dy.step}, x += {x.step}, out += {out.step}) {{",
        *(f"    {line}" for line in (*clear, call)),
        "}",
    ]


def maximum(node: Node, scene: Scene) -> list[str]:
    """The largest channel of every pixel."""
    x, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    return [
        f"for (int row = 0; row < rows; row++, in += {x.step}, out += {out.step})",
        f"    for (int y = 0; y < {x.height}; y++)",
        f"        for (int j = 0; j < {x.width}; j++)",
        f"            out[{out.first} + y * {out.row} + j * {out.column}] =",
        f"                largest_of(in + {x.first} + y * {x.row} + j * {x.column}, {x.channels});",
    ]


def _walk(node: Node, x: Layout, windows: Layout) -> str:
    size, stride = _two(node["size"]), _two(node["stride"])
    members = {
        "height": windows.height, "width": windows.width, "channels": windows.pixel,
        "size_rows": size[0], "size_columns": size[1], "in_row": x.row, "in_column": x.column,
        "in_next_row": stride[0] * x.row, "in_next_column": stride[1] * x.column,
        "out_row": windows.row, "out_column": windows.column,
    }  # fmt: skip
    return walk("pool_walk", members)


def _two(values: tuple[int, ...]) -> tuple[int, int]:
    """An attribute of one axis or two as that of two."""
    return (values[0], values[1]) if len(values) == 2 else (1, values[0])
