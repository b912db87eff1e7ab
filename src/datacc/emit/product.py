"""Integer convolutions and dense layers: a tile of pixels times a few vectors of channels, sums kept in registers.

A dense layer is a convolution whose window is the whole picture. Weights lie in the order in which they are read.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.finish import FINISH, Finish
from datacc.emit.piece import Piece, at, times
from datacc.emit.shape import Block, Shape
from datacc.emit.sums import both_widths
from datacc.emit.walk import call, loop, walk
from datacc.ir.plan import Plan, Step

_WALK: Final = """\
/* How a product of bytes walks through its input and output, in elements, and how its sums are finished. */
typedef struct {
    int taps, tap_row;         /* rows of the window, and from one to the next */
    int runs, run_step, run;   /* stretches of adjacent inputs in a row, from one to the next, inputs in each */
    int next_row, next_pixel;  /* from the window of one output pixel to that of the one below, beside */
    int turn;                  /* 128 where inputs are signed */
    int out_row, out_pixel;
    int residual_row, residual_pixel, residual_turn;
    int shift, residual_shift, last_shift, last_multiplier, low, high;
} product_walk;"""

_QUADS: Final = """\
/* The sums of rows x columns pixels of 8 x vectors channels, four inputs at a time. */
INLINE void product_quads(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
                          const int8_t *weight, const int32_t *bias, sums sum[24])
{
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) sum[p * vectors + v] = sums_load(bias + 8 * v);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++) {
            const uint8_t *from = in + tap * walk->tap_row + run * walk->run_step;
            for (int k = 0; k < walk->run; k += 4, weight += 32 * vectors)
                UNROLL for (int p = 0; p < rows * columns; p++) {
                    const uint8_t *x = from + p / columns * walk->next_row + p % columns * walk->next_pixel + k;
                    UNROLL for (int v = 0; v < vectors; v++)
                        sum[p * vectors + v] = sums_quads(sum[p * vectors + v], x, walk->turn, weight + 32 * v);
                }
        }
}"""

_SINGLES: Final = """\
/* The sums of rows x columns pixels of 8 x vectors channels, one input at a time. */
INLINE void product_singles(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
                            const int8_t *weight, const int32_t *bias, sums sum[24])
{
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) sum[p * vectors + v] = sums_load(bias + 8 * v);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++) {
            const uint8_t *from = in + tap * walk->tap_row + run * walk->run_step;
            for (int k = 0; k < walk->run; k++, weight += 8 * vectors)
                UNROLL for (int p = 0; p < rows * columns; p++) {
                    const uint8_t *x = from + p / columns * walk->next_row + p % columns * walk->next_pixel + k;
                    UNROLL for (int v = 0; v < vectors; v++)
                        sum[p * vectors + v] = sums_single(sum[p * vectors + v], x, walk->turn, weight + 8 * v);
                }
        }
}"""

_EACH: Final = """\
/* The sums of rows x columns pixels of 8 channels, each of which reads its own input channel. */
INLINE void product_each(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
                         const int8_t *weight, const int32_t *bias, sums sum[24])
{
    (void)vectors; /* always one */
    UNROLL for (int p = 0; p < rows * columns; p++) sum[p] = sums_load(bias);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++, weight += 8) {
            const uint8_t *from = in + tap * walk->tap_row + run * walk->run_step;
            UNROLL for (int p = 0; p < rows * columns; p++) {
                const uint8_t *x = from + p / columns * walk->next_row + p % columns * walk->next_pixel;
                sum[p] = sums_each(sum[p], x, walk->turn, weight);
            }
        }
}"""

_BYTES: Final = """\
INLINE void kernel_{how}_bytes(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
{pad}const int8_t *weight, const int32_t *bias, const int32_t *multiplier,
{pad}const uint8_t *residual, const int32_t *residual_multiplier, uint8_t *out)
{{
    sums sum[24];
    product_{how}(walk, rows, columns, vectors, in, weight, bias, sum);
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) {{
            const int to = p / columns * walk->out_row + p % columns * walk->out_pixel + 8 * v;
            const int with = p / columns * walk->residual_row + p % columns * walk->residual_pixel + 8 * v;
            finish_bytes(walk, sum[p * vectors + v], multiplier + 8 * v, residual ? residual + with : NULL,
                         residual ? residual_multiplier + 8 * v : NULL, out + to);
        }}
}}"""

_FLOATS: Final = """\
INLINE void kernel_{how}_floats(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
{pad}const int8_t *weight, const int32_t *bias, const float *scale, const float *offset,
{pad}float *out)
{{
    sums sum[24];
    product_{how}(walk, rows, columns, vectors, in, weight, bias, sum);
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) {{
            const int to = p / columns * walk->out_row + p % columns * walk->out_pixel + 8 * v;
            const lanes scaled = lanes_multiply(sums_floats(sum[p * vectors + v]), lanes_load(scale + 8 * v));
            lanes_store(out + to, lanes_add(scaled, lanes_load(offset + 8 * v)));
        }}
}}"""

_SUMS: Final = """\
INLINE void kernel_{how}_sums(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
{pad}const int8_t *weight, const int32_t *bias, int32_t *out)
{{
    sums sum[24];
    product_{how}(walk, rows, columns, vectors, in, weight, bias, sum);
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++)
            sums_store(out + p / columns * walk->out_row + p % columns * walk->out_pixel + 8 * v, sum[p * vectors + v]);
}}"""

_WAYS: Final = {"quads": _QUADS, "singles": _SINGLES, "each": _EACH}
_ENDS: Final = {"bytes": _BYTES, "floats": _FLOATS, "sums": _SUMS}


def _kernel(how: str, end: str) -> str:
    return _ENDS[end].format(how=how, pad=" " * len(f"INLINE void kernel_{how}_{end}("))


FRAGMENTS: Final[Mapping[str, str]] = {
    "product_walk": _WALK,
    **both_widths(
        {
            "finish_bytes": FINISH,
            **{f"product_{how}": text for how, text in _WAYS.items()},
            **{f"kernel_{how}_{end}": _kernel(how, end) for how in _WAYS for end in _ENDS},
        }
    ),
}


def product(step: Step, plan: Plan, name: str) -> Piece:
    """The step of an integer convolution or dense layer with what is fused to it."""
    shape, finish = Shape.of(step, plan), Finish.of(step, plan)
    body: list[str] = []
    packed: list[NDArray[Any]] = []
    for block in shape.blocks:
        lines = _tiles(shape, finish, block, name, sum(map(len, packed)))
        body += loop("block", 0, block.count, 1, lines)
        channels = range(block.first, block.first + block.count * block.width, block.width)
        packed += [shape.packed(channel, block) for channel in channels]
    vectors = {"weight": np.concatenate(packed), "bias": shape.turned_bias, **finish.weights}
    weights = {f"{name}_{what}": values for what, values in vectors.items()}
    return Piece(table=_table(shape, finish), body=tuple(body), weights=weights)


def _table(shape: Shape, finish: Finish) -> tuple[str, ...]:
    residual = shape.residual
    return walk(
        "product_walk",
        taps=shape.taps,
        tap_row=shape.tap_row,
        runs=shape.runs,
        run_step=shape.run_step,
        run=shape.run,
        next_row=shape.stride[0] * shape.source.row,
        next_pixel=shape.stride[1] * shape.source.pixel,
        turn=shape.turn,
        out_row=shape.out.row,
        out_pixel=shape.out.pixel,
        residual_row=residual.row if residual else 0,
        residual_pixel=residual.pixel if residual else 0,
        **finish.walk,
    )


def _tiles(shape: Shape, finish: Finish, block: Block, name: str, weights: int) -> list[str]:
    """The loops over tiles, with one call for each form of tile; `weights` stand before this block's."""
    index = "block" if block.count > 1 else ""
    channel = times(index, block.width)
    vectors = [at(f"{name}_{what}", block.first, channel) for what in ("bias", *finish.weights)]
    weight = at(f"{name}_weight", weights, times(index, len(shape.packed(block.first, block))))
    own = (str(block.first), channel) if shape.is_depthwise else ("0", "")
    kernel = f"kernel_{shape.how}_{finish.kind}{'_wide' if block.wide else ''}"
    down, across = shape.tile(block.vectors)
    lines: list[str] = []
    for first_y, end_y, rows in _spans(shape.out.height, down):
        y = "y" if end_y - first_y > rows else str(first_y)
        row: list[str] = []
        for first_x, end_x, columns in _spans(shape.out.width, across):
            x = "x" if end_x - first_x > columns else str(first_x)
            source = at(f"{_cast(shape.source.dtype)}in", shape.origin + int(own[0]), own[1], *shape.moved(y, x))
            to = at(f"{_cast(shape.out.dtype, '')}out", *_pixel(shape.out, block.first, channel, y, x))
            parts = ["&walk", str(rows), str(columns), str(block.vectors), source, weight, *vectors]
            if finish.kind == "bytes" and shape.residual is not None:
                with_ = f"{_cast(shape.residual.dtype)}residual"
                parts.insert(-1, at(with_, *_pixel(shape.residual, block.first, channel, y, x)))
            elif finish.kind == "bytes":
                parts += ["NULL", "NULL"]
            row += loop("x", first_x, end_x, columns, call(kernel, *parts, to))
        lines += loop("y", first_y, end_y, rows, row)
    return lines


def _pixel(place: Any, channel: int, block: str, y: str, x: str) -> tuple[Any, ...]:
    return place.first + channel, block, times(y, place.row), times(x, place.pixel)


def _cast(dtype: str, const: str = "const ") -> str:
    """What makes unsigned bytes of signed ones."""
    return f"({const}uint8_t *)" if dtype == "int8" else ""


def _spans(length: int, step: int) -> Iterator[tuple[int, int, int]]:
    """(first, end, step) of the whole steps, then of the remainder."""
    even = length - length % step
    if even:
        yield 0, even, step
    if even < length:
        yield even, length, length - even
