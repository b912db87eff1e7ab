"""Dense layers with few outputs of many inputs: whole rows of weights times the input, without padded outputs."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.bands import filled
from datacc.emit.lanes import WIDE, both_widths
from datacc.emit.piece import Piece, at, stretches, vector
from datacc.emit.walk import call
from datacc.ir.plan import LANES, Place, Plan, Step
from datacc.spec.cpus import CPUS, Cpu

MOST: Final = 12  # outputs, one vector of sums for each
BESIDE: Final = 2  # vectors in registers beside the sums
LEAST: Final = 256  # inputs, below which adding up the vectors takes too much of the time

_TOTAL: Final = """\
/* The sum of 8 floats, in pairs. */
INLINE float dense_total(lanes x)
{
    float part[8];
    lanes_store(part, x);
    UNROLL for (int n = 8 / 2; n > 0; n /= 2)
        UNROLL for (int i = 0; i < n; i++) part[i] += part[n + i];
    return part[0];
}"""

_ROWS: Final = """\
/* `count` products of `run` inputs with a row of weights each, in `chains` vectors of partial sums. */
INLINE void kernel_dense_rows(int count, int chains, int run, const float *in, const float *weight, float *total)
{
    lanes sum[16];
    UNROLL for (int i = 0; i < chains * count; i++) sum[i] = lanes_all(0);
    for (int k = 0; k < run; k += 8 * chains)
        UNROLL for (int c = 0; c < chains; c++) {
            const float *row = weight + k + 8 * c;
            const lanes x = lanes_load(in + k + 8 * c);
            UNROLL for (int i = 0; i < count; i++)
                sum[c * count + i] = lanes_multiply_add(sum[c * count + i], x, lanes_load(row + i * run));
        }
    UNROLL for (int n = chains * count / 2; n >= count; n /= 2) /* chains are 1, 2, 4 or 8 */
        UNROLL for (int i = 0; i < n; i++) sum[i] = lanes_add(sum[i], sum[n + i]);
    UNROLL for (int i = 0; i < count; i++) total[i] = dense_total(sum[i]);
}"""

_FINISH: Final = """\
/* Adds bias and residual to `count` totals, applies the threshold. */
INLINE void kernel_dense_finish(int count, int relu, const float *total, const float *bias, const float *residual,
                                float *out)
{
    for (int i = 0; i < count; i += 8) {
        lanes sum = lanes_add(lanes_load(total + i), lanes_load(bias + i));
        if (residual) sum = lanes_add(sum, lanes_load(residual + i));
        lanes_store(out + i, relu ? lanes_larger(lanes_all(0), sum) : sum);
    }
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    **both_widths({"dense_total": _TOTAL, "kernel_dense_rows": _ROWS}),
    "kernel_dense_finish": _FINISH,
}


def suits(source: Place, out: Place, cpu: Cpu) -> bool:
    """Whether a dense layer is computed so: its inputs lie in whole vectors, its outputs would not fill theirs."""
    rows, pixels, run = stretches(source)
    is_whole = rows == pixels == 1 and run % LANES == 0 and run >= LEAST
    return is_whole and out.channels <= min(MOST, cpu.registers - BESIDE, out.pixel - 1)


def dense_rows(step: Step, plan: Plan, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> Piece:
    """The step of a dense layer in this form."""
    source, out, cpu = plan.places[step.reads[0]], plan.places[step.out], CPUS[plan.cpu]
    count, run = out.channels, stretches(source)[2]
    wide = cpu.wide and run % WIDE == 0
    most = (8 if cpu.registers >= 16 else 4) // count
    chains = max([n for n in (1, 2, 4, 8) if n <= most and run % (n * (WIDE if wide else LANES)) == 0], default=1)
    arguments = (str(count), str(chains), str(run), at("in", source.first), f"{name}_weight", "total")
    residual = at("residual", plan.places[step.residual].first) if step.residual else "NULL"
    body = [
        f"float total[{out.pixel}] = {{0}};",
        *call(f"kernel_dense_rows{'_wide' if wide else ''}", *arguments),
        *call(
            "kernel_dense_finish",
            str(out.pixel),
            str(int(step.relu)),
            "total",
            f"{name}_bias",
            residual,
            at("out", out.first),
        ),
    ]
    return Piece(body=tuple(body), weights={f"{name}_weight": vector(weight), f"{name}_bias": filled(bias)})
