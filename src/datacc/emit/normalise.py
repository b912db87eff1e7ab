"""Normalisation that could not be folded into a layer: as in the reference, with the scale computed beforehand."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.piece import Piece, at
from datacc.ir.plan import Plan, Step

_KERNEL: Final = """\
/* (x - mean) * scale + shift for each channel; `pixel` floats from one pixel to the next. */
INLINE void kernel_normalise(int rows, int pixels, int pixel, const float *in, int in_row, const float *mean,
                             const float *scale, const float *shift, float *out, int out_row)
{
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < pixels; x++)
            for (int c = 0; c < pixel; c += 8) {
                const lanes centred = lanes_subtract(lanes_load(in + y * in_row + x * pixel + c), lanes_load(mean + c));
                const lanes scaled = lanes_multiply(centred, lanes_load(scale + c));
                lanes_store(out + y * out_row + x * pixel + c, lanes_add(scaled, lanes_load(shift + c)));
            }
}"""

FRAGMENTS: Final[Mapping[str, str]] = {"kernel_normalise": _KERNEL}


def normalise(step: Step, plan: Plan, name: str) -> Piece:
    """The step of a normalisation alone."""
    node = plan.graph.by_name[step.nodes[0]]
    gain, shift, mean, variance = (plan.graph.by_name[i].value for i in node.inputs[1:])
    assert gain is not None  # arrange refused holes
    assert variance is not None
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    scale = gain / np.sqrt(variance + np.float32(node["epsilon"]))
    names = ", ".join(f"{name}_{what}" for what in ("mean", "scale", "shift"))
    shape = f"{out.height}, {out.width}, {out.pixel}"
    pointers = at("in", source.first), at("out", out.first)
    call = f"kernel_normalise({shape}, {pointers[0]}, {source.row}, {names}, {pointers[1]}, {out.row});"
    weights = {"mean": mean, "scale": scale, "shift": shift}
    return Piece(body=(call,), weights={f"{name}_{what}": _padded(w, out.pixel) for what, w in weights.items()})


def _padded(array: NDArray[Any] | None, length: int) -> NDArray[np.float32]:
    assert array is not None
    out = np.zeros(length, np.float32)
    out[: len(array)] = array
    return out
