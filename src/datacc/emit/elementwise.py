"""Thresholds and sums that no layer took along: whole vectors, padded channels included."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.piece import Piece, at, row_run
from datacc.ir.plan import Plan, Step

_RELU: Final = """\
/* The larger of zero and each float, in rows of `run` floats. */
INLINE void kernel_relu(int rows, int run, const float *in, int in_row, float *out, int out_row)
{
    for (int y = 0; y < rows; y++)
        for (int i = 0; i < run; i += 8)
            lanes_store(out + y * out_row + i, lanes_larger(lanes_all(0), lanes_load(in + y * in_row + i)));
}"""

_ADD: Final = """\
/* Sums, in rows of `run` floats. */
INLINE void kernel_add(int rows, int run, const float *in1, int row1, const float *in2, int row2, float *out,
                       int out_row)
{
    for (int y = 0; y < rows; y++)
        for (int i = 0; i < run; i += 8) {
            const lanes sum = lanes_add(lanes_load(in1 + y * row1 + i), lanes_load(in2 + y * row2 + i));
            lanes_store(out + y * out_row + i, sum);
        }
}"""

FRAGMENTS: Final[Mapping[str, str]] = {"kernel_relu": _RELU, "kernel_add": _ADD}


def relu(step: Step, plan: Plan, name: str) -> Piece:
    """The step of a threshold alone."""
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    rows, run = row_run(source, out)
    arguments = f"{rows}, {run}, {at('in', source.first)}, {source.row}, {at('out', out.first)}, {out.row}"
    return Piece(body=(f"kernel_relu({arguments});",))


def add(step: Step, plan: Plan, name: str) -> Piece:
    """The step of an addition alone."""
    one, two, out = (plan.places[value] for value in (*step.reads, step.out))
    rows, run = row_run(one, two, out)
    operands = f"{at('in1', one.first)}, {one.row}, {at('in2', two.first)}, {two.row}"
    return Piece(body=(f"kernel_add({rows}, {run}, {operands}, {at('out', out.first)}, {out.row});",))
