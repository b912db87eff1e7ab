"""Pooling: the largest or the mean value of each window, eight channels at a time."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from datacc.emit.piece import Piece, at
from datacc.emit.text import number
from datacc.emit.walk import walk
from datacc.ir.plan import Plan, Step

_WALK: Final = """\
/* How a pool walks: an output of rows x columns x pixel floats, windows of down x across input pixels. */
typedef struct {
    int rows, columns, pixel;
    int down, across, in_row;
    int next_row, next_column, out_row;  /* from one window, one output row, to the next */
} pool_walk;"""

_LOOPS: Final = """\
INLINE void {name}(const pool_walk *walk, const float *in, {more}float *out)
{{
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->columns; x++)
            for (int c = 0; c < walk->pixel; c += 8) {{
                const float *from = in + y * walk->next_row + x * walk->next_column + c;
                lanes {value} = {start};
                for (int i = 0; i < walk->down; i++)
                    for (int j = 0; j < walk->across; j++)
                        {value} = {join}({value}, lanes_load(from + i * walk->in_row + j * walk->pixel));
                lanes_store(out + y * walk->out_row + x * walk->pixel + c, {end});
            }}
}}"""

_MAX: Final = _LOOPS.format(
    name="kernel_maxpool", more="", value="largest", start="lanes_load(from)", join="lanes_larger", end="largest"
)
_MEAN: Final = _LOOPS.format(
    name="kernel_meanpool",
    more="float share, ",
    value="sum",
    start="lanes_all(0)",
    join="lanes_add",
    end="lanes_multiply(sum, lanes_all(share))",
)

FRAGMENTS: Final[Mapping[str, str]] = {"pool_walk": _WALK, "kernel_maxpool": _MAX, "kernel_meanpool": _MEAN}


def pool(step: Step, plan: Plan, name: str) -> Piece:
    """The step of a pool of either kind."""
    node = plan.graph.by_name[step.nodes[0]]
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    down, across = (1, *node["size"])[-2:]
    next_down, next_across = (1, *node["stride"])[-2:]
    table = walk(
        "pool_walk",
        rows=out.height,
        columns=out.width,
        pixel=out.pixel,
        down=down,
        across=across,
        in_row=source.row,
        next_row=next_down * source.row,
        next_column=next_across * source.pixel,
        out_row=out.row,
    )
    share = f"{number(np.float32(1 / (down * across)))}, " if step.op == "meanpool" else ""
    call = f"kernel_{step.op}(&walk, {at('in', source.first)}, {share}{at('out', out.first)});"
    return Piece(table=table, body=(call,))
