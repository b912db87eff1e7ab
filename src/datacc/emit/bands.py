"""Cutting a convolution's output channels into bands of whole vectors, and its weights with them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from datacc.emit.lanes import WIDE
from datacc.emit.tiles import most_vectors
from datacc.frozen import frozen
from datacc.ir.plan import LANES, lanes
from datacc.spec.cpus import Cpu

Weights = NDArray[np.float32]


@frozen
class Band:
    """Output channels that one loop over blocks computes, and the input channels that each block reads.

    Block i holds the `width` channels from `first` + i · `width` on, in `vectors` vectors of eight or, if `wide`,
    sixteen; it reads `channels` inputs from (i // `share`) · `advance` on.
    """

    first: int
    blocks: int
    vectors: int
    wide: bool
    channels: int = 0
    advance: int = 0
    share: int = 1

    @property
    def lanes(self) -> int:
        """The floats of a vector."""
        return WIDE if self.wide else LANES

    @property
    def width(self) -> int:
        """The output channels of a block."""
        return self.lanes * self.vectors

    @property
    def suffix(self) -> str:
        """What follows the name of a kernel on such vectors."""
        return "_wide" if self.wide else ""


def bands(outputs: int, inputs: int, groups: int, cpu: Cpu) -> tuple[Band, ...]:
    """The bands that cover a convolution; groups that fill no whole vectors are computed as one with zeros."""
    per_out, per_in = outputs // groups, inputs // groups
    for vectors, wide in _forms(cpu) if groups > 1 else ():
        width = vectors * (WIDE if wide else LANES)
        if per_out % width and (width % per_out or outputs % width):
            continue
        share = max(1, per_out // width)
        window = max(1, width // per_out) * per_in
        blocks = outputs // width
        return (Band(first=0, blocks=blocks, vectors=vectors, wide=wide, channels=window, advance=window, share=share),)
    return tuple(replace(band, channels=inputs) for band in stretch(lanes(outputs), cpu, most_vectors(cpu)))


def _forms(cpu: Cpu) -> list[tuple[int, bool]]:
    """(vectors, are they wide) of blocks that fit the processor, widest first."""
    return [(v, wide) for wide in (True, False) if wide <= cpu.wide for v in range(most_vectors(cpu), 0, -1)]


def stretch(outputs: int, cpu: Cpu, most: int) -> tuple[Band, ...]:
    """Bands of at most `most` vectors that cover so many outputs, a multiple of 8; wide ones first."""
    found: list[Band] = []
    first = 0
    for wide in (True, False) if cpu.wide else (False,):
        for vectors in (most, *range(most - 1, 0, -1)):
            width = vectors * (WIDE if wide else LANES)
            blocks = (outputs - first) // width
            if blocks:
                found.append(Band(first=first, blocks=blocks, vectors=vectors, wide=wide))
                first += blocks * width
    return tuple(found)


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


def by_lane(weight: Weights, band: Band) -> Weights:
    """Depthwise weights (O, taps down, taps across, 1) in the order of the kernel: vector, tap, channel."""
    padded = filled(weight.reshape(len(weight), -1))[band.first :][: band.blocks * band.width]
    return np.ascontiguousarray(padded.reshape(-1, band.lanes, padded.shape[1]).transpose(0, 2, 1)).reshape(-1)


def filled(array: Weights) -> Weights:
    """The array with its first axis filled up with zeros to whole vectors."""
    out = np.zeros((lanes(len(array)), *array.shape[1:]), np.float32)
    out[: len(array)] = array
    return out
