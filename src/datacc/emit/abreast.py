"""Two output pixels in one wide vector: for convolutions of eight channels, which fill half of it.

Neighbours lie side by side in memory, so two of them are one vector of outputs. Where every channel reads its own, two
windows are one vector of inputs as well, if they move on by single pixels. Other convolutions add up the products of
two inputs at a time in even and odd lanes, a vector for each pixel, and put the sums of two pixels together at the end.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from datacc.emit.bands import Weights, filled
from datacc.emit.form import Form
from datacc.ir.plan import LANES

_KERNEL: Final = """\
/* rows x columns pairs of output pixels of 8 channels. Even lanes hold the products of one input, odd lanes those of
 * the next; their sums stay in registers, are put together, and take along the last input of each odd run. */
INLINE void kernel_conv_abreast(const conv_walk *walk, int rows, int columns, const float *in, const float *weight,
                                const float *bias, const float *residual, float *out)
{
    wide sum[24];
    UNROLL for (int p = 0; p < 2 * rows * columns; p++) sum[p] = wide_load(bias);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++) {
            const float *from = in + conv_row(walk, tap) + run * walk->run_step;
            ROLLED for (int k = 0; k + 1 < walk->run; k += 2, weight += 16)
                UNROLL for (int p = 0; p < 2 * rows * columns; p++) {
                    const int at = p / (2 * columns) * walk->next_row + p % (2 * columns) * walk->next_pixel + k;
                    sum[p] = wide_multiply_add(sum[p], wide_twos(from + at), wide_load(weight));
                }
        }
    UNROLL for (int p = 0; p < rows * columns; p++) sum[p] = wide_joined(sum[2 * p], sum[2 * p + 1]);
    for (int tap = 0; tap < walk->taps && walk->run % 2; tap++)
        for (int run = 0; run < walk->runs; run++, weight += 16) {
            const float *from = in + conv_row(walk, tap) + run * walk->run_step + walk->run - 1;
            UNROLL for (int p = 0; p < rows * columns; p++) {
                const int at = p / columns * walk->next_row + p % columns * 2 * walk->next_pixel;
                const wide x = wide_both(from[at], from[at + walk->next_pixel]);
                sum[p] = wide_multiply_add(sum[p], x, wide_load(weight));
            }
        }
    UNROLL for (int p = 0; p < rows * columns; p++) {
        const int to = p / columns * walk->out_row + p % columns * 2 * walk->out_pixel;
        const int with = p / columns * walk->residual_row + p % columns * 2 * walk->residual_pixel;
        conv_finish_wide(walk->relu, walk->most, sum[p], residual ? residual + with : NULL, out + to);
    }
}"""

FRAGMENTS: Final[Mapping[str, str]] = {"kernel_conv_abreast": _KERNEL}


def abreast(form: Form) -> Form:
    """The form with two pixels side by side in each vector where that is possible and faster; else as it is."""
    if not form.cpu.wide or form.out.pixel != LANES or form.out.width % 2:
        return form
    both = replace(form, abreast=2)
    if form.is_depthwise:
        return both if form.stride[1] == 1 and form.source.pixel == LANES else form
    return both if form.groups == 1 and both.cycles < form.cycles else form


def weights(form: Form) -> Weights:
    """The weights in the order of the kernel: tap, run, two inputs, output, which of the two; then what is left over.

    That is tap, run, pixel, output: the same for both pixels.
    """
    rows = filled(form.weight).reshape(LANES, form.weight.shape[1], *form.runs).transpose(1, 2, 3, 0)
    even = form.runs[1] // 2 * 2
    pairs = rows[:, :, :even].reshape(*rows.shape[:2], -1, 2, LANES).swapaxes(-1, -2)
    left = np.concatenate([rows[:, :, even:]] * 2, axis=-1)
    return np.concatenate([pairs.reshape(-1), left.reshape(-1)])


def bias(form: Form) -> Weights:
    """The bias in even lanes."""
    return np.stack([filled(form.bias), np.zeros(LANES, np.float32)], axis=1).reshape(-1)
