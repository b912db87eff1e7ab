"""Convolution: a tile of pixels times a few vectors of channels stays in registers; windows never test for an edge."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.piece import Piece, at, times
from datacc.emit.tiles import best_tile, cover, most_pixels, widest
from datacc.emit.walk import loop, walk
from datacc.ir.graph import Graph, Node
from datacc.ir.plan import LANES, Place, Plan, Step, lanes
from datacc.spec.cpus import CPUS, Cpu

_WALK: Final = """\
/* How a convolution walks through its input and output. All distances are in floats. */
typedef struct {
    int taps, tap_row;         /* rows of the window, and from one to the next */
    int runs, run_step, run;   /* stretches of adjacent inputs in a row, from one to the next, inputs in each */
    int next_row, next_pixel;  /* from the window of one output pixel to that of the one below, beside */
    int out_row, out_pixel;
    int residual_row, residual_pixel;
    int relu;
} conv_walk;"""

_FINISH: Final = """\
INLINE void conv_finish(const conv_walk *walk, lanes sum, const float *residual, float *out)
{
    if (residual) sum = lanes_add(sum, lanes_load(residual));
    if (walk->relu) sum = lanes_larger(sum, lanes_all(0));
    lanes_store(out, sum);
}"""

_KERNEL: Final = """\
/* rows x columns output pixels of 8 x vectors channels; their sums stay in registers. */
INLINE void kernel_conv(const conv_walk *walk, int rows, int columns, int vectors, const float *in,
                        const float *weight, const float *bias, const float *residual, float *out)
{
    lanes sum[6][2];
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) sum[p][v] = lanes_load(bias + 8 * v);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++) {
            const float *from = in + tap * walk->tap_row + run * walk->run_step;
            for (int k = 0; k < walk->run; k++, weight += 8 * vectors)
                UNROLL for (int p = 0; p < rows * columns; p++) {
                    const lanes x = lanes_all(from[p / columns * walk->next_row + p % columns * walk->next_pixel + k]);
                    UNROLL for (int v = 0; v < vectors; v++)
                        sum[p][v] = lanes_multiply_add(sum[p][v], x, lanes_load(weight + 8 * v));
                }
        }
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) {
            const int to = p / columns * walk->out_row + p % columns * walk->out_pixel + 8 * v;
            const int with = p / columns * walk->residual_row + p % columns * walk->residual_pixel + 8 * v;
            conv_finish(walk, sum[p][v], residual ? residual + with : NULL, out + to);
        }
}"""

_DEPTHWISE: Final = """\
/* rows x columns output pixels of 8 channels, each of which reads its own input channel. */
INLINE void kernel_depthwise(const conv_walk *walk, int rows, int columns, const float *in, const float *weight,
                             const float *bias, const float *residual, float *out)
{
    lanes sum[6];
    UNROLL for (int p = 0; p < rows * columns; p++) sum[p] = lanes_load(bias);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++, weight += 8) {
            const float *from = in + tap * walk->tap_row + run * walk->run_step;
            const lanes w = lanes_load(weight);
            UNROLL for (int p = 0; p < rows * columns; p++) {
                const lanes x = lanes_load(from + p / columns * walk->next_row + p % columns * walk->next_pixel);
                sum[p] = lanes_multiply_add(sum[p], x, w);
            }
        }
    UNROLL for (int p = 0; p < rows * columns; p++) {
        const int to = p / columns * walk->out_row + p % columns * walk->out_pixel;
        const int with = p / columns * walk->residual_row + p % columns * walk->residual_pixel;
        conv_finish(walk, sum[p], residual ? residual + with : NULL, out + to);
    }
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "conv_walk": _WALK,
    "conv_finish": _FINISH,
    "kernel_conv": _KERNEL,
    "kernel_depthwise": _DEPTHWISE,
}


@dataclass(frozen=True, kw_only=True)
class Band:
    """Output channels that one loop over blocks computes, and the input channels that each block reads.

    Block i holds the 8 · `vectors` channels from `first` + i · 8 · `vectors` on, and reads `channels` inputs from
    (i // `share`) · `advance` on.
    """

    first: int
    blocks: int
    vectors: int
    channels: int
    advance: int = 0
    share: int = 1

    @property
    def width(self) -> int:
        """The output channels of a block."""
        return LANES * self.vectors


def bands(outputs: int, inputs: int, groups: int, most: int) -> tuple[Band, ...]:
    """The bands that cover a convolution; groups that fill no whole vectors are computed as one with zeros."""
    per_out, per_in = outputs // groups, inputs // groups
    for vectors in range(most, 0, -1) if groups > 1 else ():
        width = LANES * vectors
        if per_out % width == 0:
            share = per_out // width
            blocks = outputs // width
            return (Band(first=0, blocks=blocks, vectors=vectors, channels=per_in, advance=per_in, share=share),)
        if width % per_out == 0 and outputs % width == 0:
            window = width // per_out * per_in
            return (Band(first=0, blocks=outputs // width, vectors=vectors, channels=window, advance=window),)
    full, rest = divmod(lanes(outputs) // LANES, most)
    whole = Band(first=0, blocks=full, vectors=most, channels=inputs)
    last = Band(first=full * most * LANES, blocks=1, vectors=rest, channels=inputs)
    return tuple(band for band in (whole, last) if band.blocks and band.vectors)


def conv(step: Step, plan: Plan, name: str) -> Piece:
    """The step that computes a convolution with what is fused to it."""
    form = _Form.of(step, plan)
    parts = [_depthwise(form, name)] if form.is_depthwise else list(_banded(form, name))
    weights: dict[str, NDArray[np.float32]] = {}
    body = [_walk_text(form, form.band_channels)]
    for lines, more in parts:
        body += lines
        weights |= more
    return Piece(body=tuple(body), weights=weights)


@dataclass(frozen=True, kw_only=True)
class _Form:
    """A convolution as rows, columns and channels, 1-D ones with a single row."""

    source: Place
    out: Place
    residual: Place | None
    relu: bool
    weight: NDArray[np.float32]  # (O, taps down, taps across, C / groups)
    bias: NDArray[np.float32]  # (O,)
    stride: tuple[int, int]
    before: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    cpu: Cpu

    @staticmethod
    def of(step: Step, plan: Plan) -> "_Form":
        """The form of a convolution step."""
        node = plan.graph.by_name[step.nodes[0]]
        weight = _value(plan.graph, node, 1)
        one_d = weight.ndim == 3
        return _Form(
            source=plan.places[step.reads[0]],
            out=plan.places[step.out],
            residual=plan.places[step.residual] if step.residual else None,
            relu=step.relu,
            weight=weight[:, None] if one_d else weight,
            bias=_value(plan.graph, node, 2),
            stride=_two(node["stride"], one_d, 1),
            before=_two([pad[0] for pad in node["pad"]], one_d, 0),
            dilation=_two(node["dilation"], one_d, 1),
            groups=node["groups"],
            cpu=CPUS[plan.cpu],
        )

    @property
    def is_depthwise(self) -> bool:
        """Whether every output channel reads its own input channel only."""
        return self.groups > 1 and self.groups == self.out.channels == self.source.channels

    @property
    def origin(self) -> int:
        """From the input's buffer to the window of the first output pixel."""
        return self.source.first - self.before[0] * self.source.row - self.before[1] * self.source.pixel

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands of this convolution."""
        return bands(self.out.channels, self.source.channels, self.groups, widest(self.cpu))

    @property
    def band_channels(self) -> int:
        """How many input channels each window reads at each tap."""
        return 0 if self.is_depthwise else self.bands[0].channels


def _two(given: Any, one_d: bool, fill: int) -> tuple[int, int]:
    return (fill, given[0]) if one_d else (given[0], given[1])


def _value(graph: Graph, node: Node, i: int) -> NDArray[np.float32]:
    value = graph.by_name[node.inputs[i]].value
    assert value is not None  # arrange refused holes
    return value


def _walk_text(form: _Form, channels: int) -> str:
    taps, across = form.weight.shape[1:3]
    step = form.dilation[1] * form.source.pixel
    is_one_run = step == channels
    residual = form.residual
    return walk(
        "conv_walk",
        taps=taps,
        tap_row=form.dilation[0] * form.source.row,
        runs=1 if is_one_run else across,
        run_step=0 if is_one_run else step,
        run=across * channels if is_one_run else channels,
        next_row=form.stride[0] * form.source.row,
        next_pixel=form.stride[1] * form.source.pixel,
        out_row=form.out.row,
        out_pixel=form.out.pixel,
        residual_row=residual.row if residual else 0,
        residual_pixel=residual.pixel if residual else 0,
        relu=int(form.relu),
    )


def _banded(form: _Form, name: str) -> Iterator[tuple[list[str], dict[str, NDArray[np.float32]]]]:
    dense = _ungrouped(form)
    for i, band in enumerate(form.bands):
        suffix = "" if len(form.bands) == 1 else "_ab"[0] + "ab"[i]
        weight, bias = f"{name}_weight{suffix}", f"{name}_bias{suffix}"
        size = dense.shape[1] * dense.shape[2] * band.channels * band.width
        block = "block" if band.blocks > 1 else ""
        window = times(f"block / {band.share}" if block and band.share > 1 else block, band.advance)
        places = (
            at("in", form.origin, window),
            at(weight, times(block, size)),
            at(bias, times(block, band.width)),
            times(block, band.width),
        )
        call = f"kernel_conv(&walk, {{rows}}, {{columns}}, {band.vectors}, "
        lines = _loops(form, call, places, band.first, band.vectors)
        yield loop("block", 0, band.blocks, 1, lines), {weight: _cut(dense, band), bias: _cut_bias(form.bias, band)}


def _depthwise(form: _Form, name: str) -> tuple[list[str], dict[str, NDArray[np.float32]]]:
    blocks = form.out.pixel // LANES
    taps = form.weight.shape[1] * form.weight.shape[2]
    block = "block" if blocks > 1 else ""
    channel = times(block, LANES)
    places = (
        at("in", form.origin, channel),
        at(f"{name}_weight", times(block, taps * LANES)),
        at(f"{name}_bias", channel),
        channel,
    )
    lines = _loops(form, "kernel_depthwise(&walk, {rows}, {columns}, ", places, 0, 1)
    weight = _padded(form.weight[..., 0]).reshape(blocks, LANES, taps).transpose(0, 2, 1)
    weights = {f"{name}_weight": np.ascontiguousarray(weight).reshape(-1), f"{name}_bias": _padded(form.bias)}
    return loop("block", 0, blocks, 1, lines), weights


def _loops(form: _Form, call: str, places: tuple[str, str, str, str], first: int, vectors: int) -> list[str]:
    """The loops over tiles, one call for each form of tile."""
    tile = best_tile(form.out.height, form.out.width, vectors, most_pixels(form.cpu))
    source, weight, bias, block = places
    lines = []
    for y, end_y, rows, x, end_x, columns in cover(tile, form.out.height, form.out.width):
        down = "y" if end_y - y > rows else str(y)
        over = "x" if end_x - x > columns else str(x)
        residual = _pixel("residual", form.residual, down, over, first, block) if form.residual else "NULL"
        stride = (form.stride[0] * form.source.row, form.stride[1] * form.source.pixel)
        arguments = [
            at(source, _scaled(down, stride[0]), _scaled(over, stride[1])),
            weight,
            bias,
            residual,
            _pixel("out", form.out, down, over, first, block),
        ]
        line = call.format(rows=rows, columns=columns) + ", ".join(arguments) + ");"
        lines += loop("y", y, end_y, rows, loop("x", x, end_x, columns, [line]))
    return lines


def _pixel(name: str, place: Place, y: str, x: str, channel: int, block: str) -> str:
    return at(name, place.first + channel, block, _scaled(y, place.row), _scaled(x, place.pixel))


def _scaled(position: str, factor: int) -> str:
    return str(int(position) * factor) if position.isdigit() else times(position, factor)


def _ungrouped(form: _Form) -> NDArray[np.float32]:
    """Weights (O, taps down, taps across, C): zero where an output does not read an input."""
    outputs, down, across, per_in = form.weight.shape
    full = np.zeros((outputs, down, across, form.source.channels), np.float32)
    per_out = outputs // form.groups
    for g in range(form.groups):
        mine = slice(g * per_out, (g + 1) * per_out)
        full[mine, :, :, g * per_in : (g + 1) * per_in] = form.weight[mine]
    return full


def _cut(dense: NDArray[np.float32], band: Band) -> NDArray[np.float32]:
    """A band's weights in the order of the kernel: block, tap, input channel, output channel."""
    padded, blocks = _padded(dense), []
    for i in range(band.blocks):
        first, channel = band.first + i * band.width, i // band.share * band.advance
        block = padded[first : first + band.width, :, :, channel : channel + band.channels]
        blocks.append(block.transpose(1, 2, 3, 0).reshape(-1))
    return np.concatenate(blocks)


def _cut_bias(bias: NDArray[np.float32], band: Band) -> NDArray[np.float32]:
    return _padded(bias)[band.first : band.first + band.blocks * band.width]


def _padded(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """The array with its first axis filled up with zeros to whole vectors."""
    out = np.zeros((lanes(len(array)), *array.shape[1:]), np.float32)
    out[: len(array)] = array
    return out
