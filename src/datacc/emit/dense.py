"""Dense layers: a matrix times a vector, several partial sums at a time so that additions overlap."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit import dense_fours
from datacc.emit.bands import filled, stretch
from datacc.emit.dense_rows import dense_rows, suits
from datacc.emit.lanes import both_widths
from datacc.emit.piece import Piece, at, stretches, times
from datacc.emit.walk import call, loop, walk
from datacc.ir.plan import Place, Plan, Step
from datacc.spec.cpus import CPUS

_WALK: Final = """\
/* How a dense layer walks through its input. All distances are in floats. */
typedef struct {
    int rows, row, pixels, pixel, run;  /* so many rows of so many pixels of so many adjacent inputs */
    int relu;
} dense_walk;"""

_KERNEL: Final = """\
/* 8 * vectors outputs, each the sum of `chains` partial sums. */
INLINE void kernel_dense(const dense_walk *walk, int vectors, int chains, const float *in, const float *weight,
                         const float *bias, const float *residual, float *out)
{
    lanes sum[16];
    UNROLL for (int c = 0; c < chains; c++)
        UNROLL for (int v = 0; v < vectors; v++) sum[c * vectors + v] = c ? lanes_all(0) : lanes_load(bias + 8 * v);
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->pixels; x++) {
            const float *from = in + y * walk->row + x * walk->pixel;
            int k = 0;
            for (; k + chains <= walk->run; k += chains, weight += 8 * chains * vectors)
                UNROLL for (int c = 0; c < chains; c++)
                    UNROLL for (int v = 0; v < vectors; v++)
                        sum[c * vectors + v] = lanes_multiply_add(sum[c * vectors + v], lanes_all(from[k + c]),
                                                       lanes_load(weight + 8 * (c * vectors + v)));
            for (; k < walk->run; k++, weight += 8 * vectors)
                UNROLL for (int v = 0; v < vectors; v++)
                    sum[v] = lanes_multiply_add(sum[v], lanes_all(from[k]), lanes_load(weight + 8 * v));
        }
    UNROLL for (int n = chains * vectors / 2; n >= vectors; n /= 2) /* chains are 1, 2, 4 or 8 */
        UNROLL for (int i = 0; i < n; i++) sum[i] = lanes_add(sum[i], sum[n + i]);
    UNROLL for (int v = 0; v < vectors; v++)
        dense_finish(walk->relu, sum[v], residual ? residual + 8 * v : NULL, out + 8 * v);
}"""

_FINISH: Final = """\
/* Adds the residual, applies the threshold, and writes one vector. */
INLINE void dense_finish(int relu, lanes sum, const float *residual, float *out)
{
    if (residual) sum = lanes_add(sum, lanes_load(residual));
    if (relu) sum = lanes_larger(lanes_all(0), sum);
    lanes_store(out, sum);
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "dense_walk": _WALK,
    **both_widths({"dense_finish": _FINISH, "kernel_dense": _KERNEL}),
    **dense_fours.FRAGMENTS,
}


def dense(step: Step, plan: Plan, name: str) -> Piece:
    """The step that computes a dense layer with what is fused to it."""
    node = plan.graph.by_name[step.nodes[0]]
    weight, bias = (plan.graph.by_name[i].value for i in node.inputs[1:])
    assert weight is not None  # arrange refused holes
    assert bias is not None
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    if suits(source, out, CPUS[plan.cpu]):
        return dense_rows(step, plan, name, weight, bias)
    matrix = filled(weight.reshape(len(weight), -1))
    cpu = CPUS[plan.cpu]
    sums = 8 if cpu.registers >= 16 else 4
    in_fours = dense_fours.suits(source, cpu)
    kernel = "kernel_dense_fours" if in_fours else "kernel_dense"
    body: list[str] = []
    parts = []
    for band in dense_fours.bands(out, cpu) if in_fours else stretch(out.pixel, cpu, 4):
        first, width, block = band.first, band.width, "block" if band.blocks > 1 else ""
        size = width * matrix.shape[1]
        arguments = (
            at("in", source.first),
            at(f"{name}_weight", first * matrix.shape[1], times(block, size)),
            at(f"{name}_bias", first, times(block, width)),
            at("residual", plan.places[step.residual].first + first, times(block, width)) if step.residual else "NULL",
            at("out", out.first + first, times(block, width)),
        )
        chains = dense_fours.chains(band, source) if in_fours else max(1, sums // band.vectors)
        lines = call(f"{kernel}{band.suffix}", "&walk", str(band.vectors), str(chains), *arguments)
        body += loop("block", 0, band.blocks, 1, lines)
        blocks = [matrix[b : b + width] for b in range(first, first + band.blocks * width, width)]
        parts += [dense_fours.ordered(block, band) if in_fours else _ordered(block) for block in blocks]
    weights = {f"{name}_weight": np.concatenate(parts), f"{name}_bias": filled(bias)}
    return Piece(table=_table(source, relu=step.relu), body=tuple(body), weights=weights)


def _table(source: Place, *, relu: bool) -> tuple[str, ...]:
    rows, pixels, run = stretches(source)
    return walk(
        "dense_walk",
        rows=rows,
        row=source.row if rows > 1 else 0,
        pixels=pixels,
        pixel=source.pixel if pixels > 1 else 0,
        run=run,
        relu=int(relu),
    )


def _ordered(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights (outputs, inputs) of one block in the order of the kernel: input, then output."""
    return np.ascontiguousarray(matrix.T).reshape(-1)
