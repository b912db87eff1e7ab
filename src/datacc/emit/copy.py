"""Moving a value to another place: inputs that need a halo, answers, and the zeros around a picture."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from datacc.emit.piece import C_TYPES, Piece, at
from datacc.emit.walk import distances, walk
from datacc.ir.plan import Place, Plan, Step

_WALK: Final = """\
/* How a copy walks: rows of pixels of channels. */
typedef struct {
    int rows, pixels, channels;
    int in_row, in_pixel, out_row, out_pixel;
} copy_walk;"""

_KERNEL: Final = """\
INLINE void kernel_copy_{name}(const copy_walk *walk, const {type} *restrict in, {type} *restrict out)
{{
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->pixels; x++)
            for (int c = 0; c < walk->channels; c++)
                out[y * walk->out_row + x * walk->out_pixel + c] = in[y * walk->in_row + x * walk->in_pixel + c];
}}"""

_ZERO: Final = """\
INLINE void kernel_zero(float *out, int count)
{
    for (int i = 0; i < count; i++) out[i] = 0;
}"""

_FRAME: Final = """\
/* Zeros around rows of `run` floats: `before` the first, in the `gap` between two, `after` the last. */
INLINE void kernel_frame(float *out, int before, int rows, int run, int gap, int after)
{
    kernel_zero(out, before);
    for (int y = 1; y < rows; y++) kernel_zero(out + before + y * (run + gap) - gap, gap);
    kernel_zero(out + before + rows * (run + gap) - gap, after);
}"""

_ZERO_BYTES: Final = """\
INLINE void kernel_zero_bytes(void *out, int count)
{
    uint8_t *const to = out;
    for (int i = 0; i < count; i++) to[i] = 0;
}"""

_FRAME_BYTES: Final = """\
/* Zeros around rows of `run` bytes: `before` the first, in the `gap` between two, `after` the last. */
INLINE void kernel_frame_bytes(void *out, int before, int rows, int run, int gap, int after)
{
    uint8_t *const to = out;
    kernel_zero_bytes(to, before);
    for (int y = 1; y < rows; y++) kernel_zero_bytes(to + before + y * (run + gap) - gap, gap);
    kernel_zero_bytes(to + before + rows * (run + gap) - gap, after);
}"""

_MOVE: Final = """\
/* Moves the `count` floats that begin `ahead` floats further on to the beginning. */
INLINE void kernel_move(float *rows, int ahead, int count)
{
    for (int i = 0; i < count; i++) rows[i] = rows[i + ahead];
}"""

_MOVE_BYTES: Final = """\
/* Moves the `count` bytes that begin `ahead` bytes further on to the beginning. */
INLINE void kernel_move_bytes(void *rows, int ahead, int count)
{
    uint8_t *const to = rows;
    for (int i = 0; i < count; i++) to[i] = to[i + ahead];
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "copy_walk": _WALK,
    **{f"kernel_copy_{name}": _KERNEL.format(name=name, type=kind) for name, kind in C_TYPES.items()},
    "kernel_zero": _ZERO,
    "kernel_frame": _FRAME,
    "kernel_zero_bytes": _ZERO_BYTES,
    "kernel_frame_bytes": _FRAME_BYTES,
    "kernel_move": _MOVE,
    "kernel_move_bytes": _MOVE_BYTES,
}


def copy(step: Step, plan: Plan, name: str) -> Piece:
    """The step that moves a value to another place."""
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    table, call = copying("in", source, out)
    return Piece(table=table, body=(call,))


def copying(
    name: str, source: Place, out: Place, offset: int = 0, along: tuple[str, str] = ("", "")
) -> tuple[tuple[str, ...], str]:
    """The table and the call that copy `source`, named `name`, to `offset` elements after the first pixel of `out`.

    `along` are terms that a loop around the call adds to where it reads and where it writes.
    """
    rows, pixels, channels = source.height, source.width, source.channels
    if source.is_packed and out.is_packed and source.channels == out.channels:
        pixels, channels = 1, pixels * channels
        if source.row == out.row == channels:
            rows, channels = 1, rows * channels
    table = walk(
        "copy_walk",
        rows=rows,
        pixels=pixels,
        channels=channels,
        **distances(source, out, rows, pixels),
    )
    pointers = at(name, source.first, along[0]), at("out", out.first + offset, along[1])
    return table, f"kernel_copy_{source.dtype}(&walk, {', '.join(pointers)});"


def clearing(place: Place, *, writes_lanes: bool) -> tuple[str, ...]:
    """What must be zeroed before a step writes to `place`: its halo, and padded channels that the step leaves alone."""
    if place.home != "arena" or place.inside:
        return ()
    if not place.is_packed and not writes_lanes:
        return (zeroed("out", place, place.size),)
    if not place.has_halo:
        return ()
    above, left, below, right = place.halo
    suffix, size = unit(place)
    before, gap = (above * place.row + left * place.pixel) * size, (left + right) * place.pixel * size
    run, after = place.width * place.pixel * size, (right * place.pixel + below * place.row) * size
    return (f"kernel_frame{suffix}(out, {before}, {place.height}, {run}, {gap}, {after});",)


def unit(place: Place) -> tuple[str, int]:
    """What is zeroed and moved at a time in this place, floats or single bytes: the suffix of kernels, and how many."""
    return ("", 1) if place.dtype == "float32" else ("_bytes", np.dtype(place.dtype).itemsize)


def zeroed(pointer: str, place: Place, count: int) -> str:
    """The call that zeroes so many elements."""
    suffix, size = unit(place)
    return f"kernel_zero{suffix}({pointer}, {count * size});"


def moved(pointer: str, place: Place, ahead: int, count: int) -> str:
    """The call that moves the `count` elements from `ahead` on to the beginning."""
    suffix, size = unit(place)
    return f"kernel_move{suffix}({pointer}, {ahead * size}, {count * size});"
