"""The C of windows without weights: pools, where their gradients go, the largest channel."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.lanes import both_widths
from datacc.fit.compiled.layout import Layout, vector_of
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
/* Add the gradient of each window to that of its first largest element. */
INLINE void pool_scatter(const pool_walk *walk, const float *restrict dy, const float *restrict in,
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
                        lanes_store(out + here, lanes_add(lanes_load(out + here), given));
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
    kernel, suffix = {"maxpool": "pool_largest", "meanpool": "pool_mean"}[node.op], _suffix(out, scene)
    lines = [f"for (int row = 0; row < rows; row++, in += {x.size}, out += {out.size})"]
    call = f"{kernel}{suffix}(&walk, in + {x.first}, out + {out.first});"
    return [_walk(node, x, out), *lines, f"    {call}"]


def pool_scatter(node: Node, scene: Scene) -> list[str]:
    """The gradient of a largest: zeros, and what each window gives."""
    dy, x, out = (scene.layout(name) for name in (*node.inputs, node.name))
    suffix = _suffix(out, scene)
    return [
        _walk(node, x, dy),
        f"for (int row = 0; row < rows; row++, dy += {dy.size}, x += {x.size}, out += {out.size}) {{",
        f"    for (int i = 0; i < {out.size}; i++) out[i] = 0;",
        f"    pool_scatter{suffix}(&walk, dy + {dy.first}, x + {x.first}, out + {out.first});",
        "}",
    ]


def maximum(node: Node, scene: Scene) -> list[str]:
    """The largest channel of every pixel."""
    x, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    return [
        f"for (int row = 0; row < rows; row++, in += {x.size}, out += {out.size})",
        f"    for (int y = 0; y < {x.height}; y++)",
        f"        for (int j = 0; j < {x.width}; j++)",
        f"            out[{out.first} + y * {out.row} + j * {out.column}] =",
        f"                largest_of(in + {x.first} + y * {x.row} + j * {x.column}, {x.channels});",
    ]


def _suffix(out: Layout, scene: Scene) -> str:
    return "_wide" if vector_of(out.channels, scene.cpu) == 16 else ""


def _walk(node: Node, x: Layout, windows: Layout) -> str:
    size = node["size"] if len(node["size"]) == 2 else (1, *node["size"])
    stride = node["stride"] if len(node["stride"]) == 2 else (1, *node["stride"])
    members = {
        "height": windows.height, "width": windows.width, "channels": windows.pixel,
        "size_rows": size[0], "size_columns": size[1], "in_row": x.row, "in_column": x.column,
        "in_next_row": stride[0] * x.row, "in_next_column": stride[1] * x.column,
        "out_row": windows.row, "out_column": windows.column,
    }  # fmt: skip
    return f"static const pool_walk walk = {{{', '.join(f'.{key} = {value}' for key, value in members.items())}}};"
