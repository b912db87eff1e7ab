"""The two transforms of Winograd's convolution F(2 × 2, 3 × 3) in C: windows into 16 planes, 16 planes into outputs.

Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015, section 4.1.
"""

from collections.abc import Mapping
from typing import Final

from datacc.emit.lanes import both_widths

_WALK: Final = """\
/* How a Winograd convolution walks: tiles of 2 x 2 outputs, each from a window of 4 x 4 inputs, through 16 planes of
 * what windows become and 16 planes of their products. All distances are in floats. */
typedef struct {
    int channels, window_plane;  /* input channels of a window, and from one plane to the next */
    int width, product_plane;    /* output channels of a product, and from one plane to the next */
    int in_row, in_pixel;
    int out_row, out_pixel;
    int residual_row, residual_pixel;
    int relu;
    float most;
} winograd_walk;"""

_MIX: Final = """\
/* Row i of the transform of windows; i is a constant in every call. */
INLINE lanes winograd_mix(int i, const lanes *d)
{
    if (i == 0) return lanes_subtract(d[0], d[2]);
    if (i == 1) return lanes_add(d[1], d[2]);
    if (i == 2) return lanes_subtract(d[2], d[1]);
    return lanes_subtract(d[1], d[3]);
}"""

_WINDOW: Final = """\
/* 8 channels of one window, mixed by rows, then by columns. At an edge only rows x columns of it exist: outputs that
 * depend on the others are not kept. */
INLINE void winograd_window(const winograd_walk *walk, int rows, int columns, const float *in, float *planes)
{
    UNROLL for (int i = 0; i < 4; i++) {
        lanes mixed[4];
        UNROLL for (int x = 0; x < 4; x++) {
            lanes d[4];
            UNROLL for (int y = 0; y < 4; y++) {
                const int from = y * walk->in_row + x * walk->in_pixel;
                d[y] = y < rows && x < columns ? lanes_load(in + from) : lanes_all(0);
            }
            mixed[x] = winograd_mix(i, d);
        }
        UNROLL for (int j = 0; j < 4; j++)
            lanes_store(planes + (4 * i + j) * walk->window_plane, winograd_mix(j, mixed));
    }
}"""

_ROW: Final = """\
/* The windows of one row of tiles, `columns` outputs wide. */
INLINE void winograd_row(const winograd_walk *walk, int rows, int columns, const float *in, float *planes)
{
    for (int x = 0; x < columns / 2; x++)
        for (int c = 0; c < walk->channels; c += 8)
            winograd_window(walk, rows, 4, in + 2 * x * walk->in_pixel + c, planes + x * walk->channels + c);
    in += (columns - 1) * walk->in_pixel; /* the last window, if it is cut in half */
    planes += columns / 2 * walk->channels;
    for (int c = 0; columns % 2 && c < walk->channels; c += 8) winograd_window(walk, rows, 3, in + c, planes + c);
}"""

_WINDOWS: Final = """\
/* All windows of rows x columns outputs. */
INLINE void kernel_winograd_in(const winograd_walk *walk, int rows, int columns, const float *in, float *planes)
{
    const int row = (columns + 1) / 2 * walk->channels;
    for (int y = 0; y < rows / 2; y++)
        winograd_row(walk, 4, columns, in + 2 * y * walk->in_row, planes + y * row);
    if (rows % 2) winograd_row(walk, 3, columns, in + (rows - 1) * walk->in_row, planes + rows / 2 * row);
}"""

_TILE: Final = """\
/* rows x columns outputs of one tile, 8 channels: the products mixed by rows, then by columns. */
INLINE void winograd_tile(const winograd_walk *walk, int rows, int columns, const float *products, const float *bias,
                          const float *residual, float *out)
{
    UNROLL for (int y = 0; y < rows; y++) {
        lanes mixed[4];
        UNROLL for (int j = 0; j < 4; j++) {
            const float *from = products + j * walk->product_plane;
            const int next = 4 * walk->product_plane;
            const lanes one = lanes_load(from + next), two = lanes_load(from + 2 * next);
            mixed[j] = y ? lanes_subtract(lanes_subtract(one, two), lanes_load(from + 3 * next))
                         : lanes_add(lanes_add(lanes_load(from), one), two);
        }
        UNROLL for (int x = 0; x < columns; x++) {
            const lanes sum = x ? lanes_subtract(lanes_subtract(mixed[1], mixed[2]), mixed[3])
                                : lanes_add(lanes_add(mixed[0], mixed[1]), mixed[2]);
            const int to = y * walk->out_row + x * walk->out_pixel;
            const int with = y * walk->residual_row + x * walk->residual_pixel;
            const lanes total = lanes_add(sum, lanes_load(bias));
            conv_finish(walk->relu, walk->most, total, residual ? residual + with : NULL, out + to);
        }
    }
}"""

_TILES: Final = """\
/* One row of tiles, `columns` outputs wide. */
INLINE void winograd_tiles(const winograd_walk *walk, int rows, int columns, const float *products, const float *bias,
                           const float *residual, float *out)
{
    for (int c = 0; c < walk->width; c += 8) {
        const float *from = products + c, *with = residual ? residual + c : NULL;
        float *to = out + c;
        for (int x = 0; x < columns / 2; x++) {
            winograd_tile(walk, rows, 2, from, bias + c, with, to);
            from += walk->width;
            if (with) with += 2 * walk->residual_pixel;
            to += 2 * walk->out_pixel;
        }
        if (columns % 2) winograd_tile(walk, rows, 1, from, bias + c, with, to);
    }
}"""

_OUTPUTS: Final = """\
/* All rows x columns outputs of a block, `width` channels of them. */
INLINE void kernel_winograd_out(const winograd_walk *walk, int rows, int columns, const float *products,
                                const float *bias, const float *residual, float *out)
{
    const int row = (columns + 1) / 2 * walk->width;
    for (int y = 0; y < rows / 2; y++) {
        const float *with = residual ? residual + 2 * y * walk->residual_row : NULL;
        winograd_tiles(walk, 2, columns, products + y * row, bias, with, out + 2 * y * walk->out_row);
    }
    if (rows % 2) {
        const float *with = residual ? residual + (rows - 1) * walk->residual_row : NULL;
        winograd_tiles(walk, 1, columns, products + rows / 2 * row, bias, with, out + (rows - 1) * walk->out_row);
    }
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "winograd_walk": _WALK,
    **both_widths(
        {
            "winograd_mix": _MIX,
            "winograd_window": _WINDOW,
            "winograd_row": _ROW,
            "kernel_winograd_in": _WINDOWS,
            "winograd_tile": _TILE,
            "winograd_tiles": _TILES,
            "kernel_winograd_out": _OUTPUTS,
        },
        "conv_finish",
    ),
}
