"""Dense layers four inputs at a time: each lane keeps a quarter of an output's sum, so that weights alone are loaded.

A processor of wide vectors loads two of them a cycle and multiplies as many: loading every input by itself, spread
over all lanes, would take a load from the weights. Four inputs are loaded as one vector, for one output in four lanes.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.bands import Band, stretch
from datacc.emit.lanes import both_widths
from datacc.emit.piece import stretches
from datacc.ir.plan import Place
from datacc.spec.cpus import Cpu

FOUR: Final = 4  # inputs at a time, and lanes that share an output
SUMS: Final = 16  # vectors of sums

_KERNEL: Final = """\
/* 8 * vectors outputs of inputs that come in 4 * chains; each output has four lanes of one vector for its sums. */
INLINE void kernel_dense_fours(const dense_walk *walk, int vectors, int chains, const float *in, const float *weight,
                               const float *bias, const float *residual, float *out)
{
    const int count = 4 * vectors;
    lanes sum[16];
    UNROLL for (int i = 0; i < chains * count; i++) sum[i] = lanes_all(0);
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->pixels; x++) {
            const float *from = in + y * walk->row + x * walk->pixel;
            for (int k = 0; k < walk->run; k += 4 * chains, weight += 8 * chains * count)
                UNROLL for (int c = 0; c < chains; c++) {
                    const lanes four = lanes_fours(from + k + 4 * c);
                    UNROLL for (int i = c * count; i < (c + 1) * count; i++)
                        sum[i] = lanes_multiply_add(sum[i], four, lanes_load(weight + 8 * i));
                }
        }
    UNROLL for (int n = chains * count / 2; n >= count; n /= 2) /* chains are 1, 2 or 4 */
        UNROLL for (int i = 0; i < n; i++) sum[i] = lanes_add(sum[i], sum[n + i]);
    UNROLL for (int v = 0; v < vectors; v++) {
        const lanes *four = sum + 4 * v;
        const lanes products = lanes_halved(lanes_halved(four[0], four[2]), lanes_halved(four[1], four[3]));
        dense_finish(walk->relu, lanes_add(products, lanes_load(bias + 8 * v)), residual ? residual + 8 * v : NULL,
                     out + 8 * v);
    }
}"""

FRAGMENTS: Final[Mapping[str, str]] = both_widths({"kernel_dense_fours": _KERNEL}, "dense_finish")


def suits(source: Place, cpu: Cpu) -> bool:
    """Whether a dense layer is computed so: inputs lie in fours, and loads are what multiply-adds wait for."""
    return cpu.wide and stretches(source)[2] % FOUR == 0


def bands(out: Place, cpu: Cpu) -> tuple[Band, ...]:
    """The bands of outputs: four vectors of sums for each vector of them."""
    return stretch(out.pixel, cpu, SUMS // FOUR)


def chains(band: Band, source: Place) -> int:
    """How many sums of each kind are kept, as their number and that of the inputs allow."""
    most = SUMS // (FOUR * band.vectors)
    return max(n for n in (1, 2, 4) if n <= most and stretches(source)[2] % (FOUR * n) == 0)


def ordered(matrix: NDArray[np.float32], band: Band) -> NDArray[np.float32]:
    """Weights (outputs, inputs) of one block in the order of the kernel.

    Four inputs, then vector of outputs, then which output of four, then the four outputs' lanes: (k, v, j, q, i) is the
    weight of output v · lanes + 4 · q + j and input 4 · k + i.
    """
    parts = matrix.reshape(band.vectors, band.lanes // FOUR, FOUR, -1, FOUR)  # v, q, j, k, i
    return np.ascontiguousarray(parts.transpose(3, 0, 2, 1, 4)).reshape(-1)
