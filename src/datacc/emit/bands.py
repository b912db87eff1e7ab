"""Cutting a convolution's output channels into bands of whole vectors, and its weights with them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datacc.ir.plan import LANES, lanes

Weights = NDArray[np.float32]


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


def ungrouped(weight: Weights, groups: int) -> Weights:
    """Weights (O, taps down, taps across, C) of (O, …, C / groups): zero where an output does not read an input."""
    outputs, down, across, per_in = weight.shape
    full = np.zeros((outputs, down, across, per_in * groups), np.float32)
    per_out = outputs // groups
    for g in range(groups):
        mine = slice(g * per_out, (g + 1) * per_out)
        full[mine, :, :, g * per_in : (g + 1) * per_in] = weight[mine]
    return full


def cut(full: Weights, band: Band) -> Weights:
    """A band's share of ungrouped weights in the order of the kernel: block, tap, input channel, output channel."""
    padded, blocks = filled(full), []
    for i in range(band.blocks):
        first, channel = band.first + i * band.width, i // band.share * band.advance
        block = padded[first : first + band.width, :, :, channel : channel + band.channels]
        blocks.append(block.transpose(1, 2, 3, 0).reshape(-1))
    return np.concatenate(blocks)


def by_lane(weight: Weights) -> Weights:
    """Depthwise weights (O, taps down, taps across, 1) in the order of the kernel: vector, tap, channel."""
    padded = filled(weight.reshape(len(weight), -1))
    return np.ascontiguousarray(padded.reshape(-1, LANES, padded.shape[1]).transpose(0, 2, 1)).reshape(-1)


def filled(array: Weights) -> Weights:
    """The array with its first axis filled up with zeros to whole vectors."""
    out = np.zeros((lanes(len(array)), *array.shape[1:]), np.float32)
    out[: len(array)] = array
    return out
