"""Convolution: a tile of pixels times a few vectors of channels stays in registers; windows never test for an edge."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit import abreast
from datacc.emit.bands import Band, by_lane, cut, filled, ungrouped
from datacc.emit.blocks import Blocks, suits
from datacc.emit.form import Form
from datacc.emit.lanes import both_widths
from datacc.emit.piece import Piece, at, times
from datacc.emit.tiles import best_tile, cover
from datacc.emit.walk import at_most, call, loop, walk
from datacc.emit.winograd import winograd
from datacc.ir.plan import Place, Plan, Step

_WALK: Final = """\
/* How a convolution walks through its input and output. All distances are in floats. */
typedef struct {
    int taps, tap_row;         /* rows of the window, and from one to the next */
    int ring, first;           /* if they lie in a ring: its rows, and with which one the window begins */
    int runs, run_step, run;   /* stretches of adjacent inputs in a row, from one to the next, inputs in each */
    int next_row, next_pixel;  /* from the window of one output pixel to that of the one below, beside */
    int out_row, out_pixel;
    int residual_row, residual_pixel;
    int relu;
    float most;  /* what goes through the threshold is at most this; 0: as it is */
} conv_walk;"""

_ROW: Final = """\
/* From the first row in memory to that of a tap. */
INLINE int conv_row(const conv_walk *walk, int tap)
{
    return (walk->ring ? (walk->first + tap) % walk->ring : tap) * walk->tap_row;
}"""

_FINISH: Final = """\
/* Adds the residual, applies the threshold, and writes one vector. */
INLINE void conv_finish(int relu, float most, lanes sum, const float *residual, float *out)
{
    if (residual) sum = lanes_add(sum, lanes_load(residual));
    if (relu) sum = lanes_larger(lanes_all(0), sum);
    if (most > 0) sum = lanes_smaller(lanes_all(most), sum);
    lanes_store(out, sum);
}"""

_KERNEL: Final = """\
/* rows x columns output pixels of 8 * vectors channels; their sums stay in registers. */
INLINE void kernel_conv(const conv_walk *walk, int rows, int columns, int vectors, const float *in,
                        const float *weight, const float *bias, const float *residual, float *out)
{
    lanes sum[24];
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++)
            sum[p * vectors + v] = bias ? lanes_load(bias + 8 * v) : lanes_all(0);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++) {
            const float *from = in + conv_row(walk, tap) + run * walk->run_step;
            ROLLED for (int k = 0; k < walk->run; k++, weight += 8 * vectors)
                UNROLL for (int p = 0; p < rows * columns; p++) {
                    const lanes x = lanes_all(from[p / columns * walk->next_row + p % columns * walk->next_pixel + k]);
                    UNROLL for (int v = 0; v < vectors; v++)
                        sum[p * vectors + v] = lanes_multiply_add(sum[p * vectors + v], x, lanes_load(weight + 8 * v));
                }
        }
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) {
            const int to = p / columns * walk->out_row + p % columns * walk->out_pixel + 8 * v;
            const int with = p / columns * walk->residual_row + p % columns * walk->residual_pixel + 8 * v;
            conv_finish(walk->relu, walk->most, sum[p * vectors + v], residual ? residual + with : NULL, out + to);
        }
}"""

_DEPTHWISE: Final = """\
/* rows x columns output pixels of 8 channels, each of which reads its own input channel. */
INLINE void kernel_depthwise(const conv_walk *walk, int rows, int columns, const float *in, const float *weight,
                             const float *bias, const float *residual, float *out)
{
    lanes sum[24];
    UNROLL for (int p = 0; p < rows * columns; p++) sum[p] = lanes_load(bias);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++, weight += 8) {
            const float *from = in + conv_row(walk, tap) + run * walk->run_step;
            const lanes w = lanes_load(weight);
            UNROLL for (int p = 0; p < rows * columns; p++) {
                const lanes x = lanes_load(from + p / columns * walk->next_row + p % columns * walk->next_pixel);
                sum[p] = lanes_multiply_add(sum[p], x, w);
            }
        }
    UNROLL for (int p = 0; p < rows * columns; p++) {
        const int to = p / columns * walk->out_row + p % columns * walk->out_pixel;
        const int with = p / columns * walk->residual_row + p % columns * walk->residual_pixel;
        conv_finish(walk->relu, walk->most, sum[p], residual ? residual + with : NULL, out + to);
    }
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "conv_walk": _WALK,
    "conv_row": _ROW,
    **both_widths({"conv_finish": _FINISH, "kernel_conv": _KERNEL, "kernel_depthwise": _DEPTHWISE}),
    **abreast.FRAGMENTS,
}


def conv(step: Step, plan: Plan, name: str) -> Piece:
    """The step that computes a convolution with what is fused to it."""
    form = Form.of(step, plan)
    if suits(form):
        return winograd(form, name)
    form = abreast.abreast(form)
    if form.abreast > 1 and not form.is_depthwise:
        return _pairs(form, name)
    full = _full(form)
    body: list[str] = []
    weights: dict[str, NDArray[np.float32]] = {}
    for i, band in enumerate(form.bands):
        suffix = "abcd"[i] if len(form.bands) > 1 else ""
        weight, bias = f"{name}_weight{suffix}", f"{name}_bias{suffix}"
        weights[weight] = by_lane(full, band) if form.is_depthwise else cut(full, band)
        weights[bias] = np.tile(filled(form.bias), form.abreast)[band.first : band.first + band.blocks * band.width]
        body += _blocks(form, band, weight, bias, len(weights[weight]) // band.blocks)
    return Piece(table=_table(form), body=tuple(body), weights=weights)


def _full(form: Form) -> NDArray[np.float32]:
    """The weights, with those of inputs that an output does not read."""
    if form.is_depthwise:
        return np.concatenate([filled(form.weight)] * form.abreast) if form.abreast > 1 else form.weight
    return ungrouped(form.weight, form.groups)


def _pairs(form: Form, name: str) -> Piece:
    """The step of two pixels of eight channels at a time."""
    weight, bias = f"{name}_weight", f"{name}_bias"
    body = _tiles(form, form.bands[0], at("in", form.origin), weight, bias, "out", "residual", 0)
    weights = {weight: abreast.weights(form), bias: abreast.bias(form)}
    return Piece(table=_table(form), body=tuple(body), weights=weights)


def scratch(step: Step, plan: Plan) -> int:
    """The bytes that a convolution works in beside its input and output."""
    if plan.places[step.reads[0]].dtype != "float32":
        return 0
    form = Form.of(step, plan)
    return Blocks.of(form).scratch if suits(form) else 0


def reads_rings(step: Step, plan: Plan) -> bool:
    """Whether a convolution can read rows that lie in a ring: one after the other, for a single row of results."""
    form = Form.of(step, plan)
    return form.out.height == form.dilation[0] == 1 and not suits(form)


def _table(form: Form) -> tuple[str, ...]:
    runs, run = form.runs
    pixels = form.abreast if form.is_depthwise else 1  # that one vector of inputs holds
    residual = form.residual
    lines = walk(
        "conv_walk",
        taps=form.weight.shape[1],
        tap_row=form.dilation[0] * form.source.row,
        ring=form.source.rows if form.source.ring else 0,
        first="first" if form.source.ring else 0,
        runs=runs,
        run_step=form.dilation[1] * form.source.pixel if runs > 1 else 0,
        run=run,
        next_row=form.stride[0] * form.source.row,
        next_pixel=form.stride[1] * form.source.pixel * pixels,
        out_row=form.out.row,
        out_pixel=form.out.pixel * pixels,
        residual_row=residual.row if residual else 0,
        residual_pixel=residual.pixel * pixels if residual else 0,
        relu=int(form.relu),
        most=at_most(form.most),
    )
    return (lines[0].removeprefix("static "), *lines[1:]) if form.source.ring else lines


def _blocks(form: Form, band: Band, weight: str, bias: str, size: int) -> list[str]:
    """The loop over a band's blocks of output channels; `size` weights each."""
    if form.is_depthwise:
        return _tiles(form, band, at("in", form.origin + band.first), weight, bias, "out", "residual", band.first)
    if band.blocks == 1:
        return _tiles(form, band, at("in", form.origin), weight, bias, "out", "residual", band.first)
    window = times(_group(band), band.advance)
    source = at("in", form.origin, window)
    lines = [
        f"const float *const weight = {weight} + block * {size};",
        f"const float *const bias = {bias} + block * {band.width};",
        *([f"const float *const from = {source};"] if window else []),
        *([f"const float *const add = residual + block * {band.width};"] if form.residual else []),
        f"float *const to = out + block * {band.width};",
    ]
    source = "from" if window else source
    lines += _tiles(form, band, source, "weight", "bias", "to", "add", band.first)
    return loop("block", 0, band.blocks, 1, lines)


def _group(band: Band) -> str:
    """The number of the window that a block reads."""
    return "block" if band.share == 1 else f"block / {band.share}"


def _tiles(
    form: Form, band: Band, source: str, weight: str, bias: str, out: str, residual: str, channel: int
) -> list[str]:
    """The loops over tiles, with one call for each form of tile.

    Those of a depthwise convolution go through all its blocks at each place, since those read the same cache lines.
    """
    blocks = band.blocks if form.is_depthwise else 1
    block = "block" if blocks > 1 else ""
    kernel = ("kernel_depthwise" if form.is_depthwise else "kernel_conv") + band.suffix
    vectors = [] if form.is_depthwise else [str(band.vectors)]
    if form.abreast > 1 and not form.is_depthwise:
        kernel, vectors = "kernel_conv_abreast", []
    height, width, depth = form.out.height, form.width, form.depth(band)
    tile = best_tile(height, width, band.vectors, depth, form.cpu, own=form.is_depthwise)
    stride = form.stride[0] * form.source.row, form.stride[1] * form.source.pixel * form.abreast
    lines = []
    for first_y, end_y, rows, columns_of in cover(tile, height, width):
        y = "y" if end_y - first_y > rows else str(first_y)
        row: list[str] = []
        for first_x, end_x, columns in columns_of:
            x = "x" if end_x - first_x > columns else str(first_x)
            arguments = [
                "&walk",
                str(rows),
                str(columns),
                *vectors,
                at(source, times(y, stride[0]), times(x, stride[1]), times(block, band.width)),
                at(weight, times(block, depth * band.width)),
                at(bias, times(block, band.width)),
                at(_pixel(residual, form.residual, y, times(x, form.abreast), channel), times(block, band.width))
                if form.residual
                else "NULL",
                at(_pixel(out, form.out, y, times(x, form.abreast), channel), times(block, band.width)),
            ]
            row += loop("x", first_x, end_x, columns, loop("block", 0, blocks, 1, call(kernel, *arguments)))
        lines += loop("y", first_y, end_y, rows, row)
    return lines


def _pixel(name: str, place: Place, y: str, x: str, channel: int) -> str:
    return at(name, place.first + channel, times(y, place.row), times(x, place.pixel))
