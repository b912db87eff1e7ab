"""Casts and affine maps: any number type in, floats out, scaled and shifted."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.piece import C_TYPES, Piece, at, vector
from datacc.emit.walk import distances, walk
from datacc.ir.plan import Place, Plan, Step

_WALK: Final = """\
/* How an affine map walks: rows of pixels of channels, and which scale and offset each takes. */
typedef struct {
    int rows, pixels, channels;
    int in_row, in_pixel, out_row, out_pixel;
    int weight_row, weight_pixel, weight_channel;
} affine_walk;"""

_KERNEL: Final = """\
/* x * scale + offset */
INLINE void kernel_affine_{name}(const affine_walk *walk, const {type} *restrict in, const float *restrict scale,
                       const float *restrict offset, float *restrict out)
{{
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->pixels; x++)
            for (int c = 0; c < walk->channels; c++) {{
                const int w = y * walk->weight_row + x * walk->weight_pixel + c * walk->weight_channel;
                const float value = (float)in[y * walk->in_row + x * walk->in_pixel + c];
                out[y * walk->out_row + x * walk->out_pixel + c] = value * scale[w] + offset[w];
            }}
}}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "affine_walk": _WALK,
    **{f"kernel_affine_{name}": _KERNEL.format(name=name, type=kind) for name, kind in C_TYPES.items()},
}


def affine(step: Step, plan: Plan, name: str) -> Piece:
    """The step of a cast, an affine map, or a cast with its affine map."""
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    scale, offset = (np.broadcast_to(w, _spread(out)) for w in _weights(step, plan))
    rows, pixels, channels = out.height, out.width, out.channels
    if _is_uniform(scale, (0, 1, 2)) and _is_uniform(offset, (0, 1, 2)):
        scale, offset, strides = scale[:1, :1, :1], offset[:1, :1, :1], (0, 0, 0)
    elif _is_uniform(scale, (0, 1)) and _is_uniform(offset, (0, 1)):
        scale, offset, strides = scale[:1, :1], offset[:1, :1], (0, 0, 1)
    else:
        strides = (pixels * channels, channels, 1)
    if source.is_packed and out.is_packed and strides[1] == strides[2] * channels:
        pixels, channels = 1, pixels * channels
    table = walk(
        "affine_walk",
        rows=rows,
        pixels=pixels,
        channels=channels,
        **distances(source, out, rows, pixels),
        weight_row=strides[0] if rows > 1 else 0,
        weight_pixel=strides[1] if pixels > 1 else 0,
        weight_channel=strides[2],
    )
    arguments = ("&walk", at("in", source.first), f"{name}_scale", f"{name}_offset", at("out", out.first))
    call = f"kernel_affine_{source.dtype}({', '.join(arguments)});"
    return Piece(table=table, body=(call,), weights={f"{name}_scale": vector(scale), f"{name}_offset": vector(offset)})


def _weights(step: Step, plan: Plan) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scale and offset; a plain cast has 1 and 0, which change no value."""
    node = plan.graph.by_name[step.nodes[-1]]
    if node.op == "cast":
        return np.ones(1, np.float32), np.zeros(1, np.float32)
    scale, offset = (plan.graph.by_name[name].value for name in node.inputs[1:])
    assert scale is not None  # arrange refused holes
    assert offset is not None
    return scale.reshape(_three(scale.shape)), offset.reshape(_three(offset.shape))


def _three(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A weight's shape as (rows, pixels, channels); it matches the value's from the last axis backwards."""
    return (1,) * (3 - len(shape)) + shape


def _spread(place: Place) -> tuple[int, int, int]:
    return place.height, place.width, place.channels


def _is_uniform(array: NDArray[np.float32], axes: tuple[int, ...]) -> bool:
    """Whether nothing changes along these axes."""
    first = array[tuple(slice(1) if axis in axes else slice(None) for axis in range(3))]
    return bool((array == first).all())
