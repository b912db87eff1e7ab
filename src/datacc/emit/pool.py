"""Pooling: the largest or the mean value of each window, eight or sixteen channels at a time."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from datacc.emit.lanes import WIDE, both_widths
from datacc.emit.piece import Piece, at
from datacc.emit.text import number
from datacc.emit.walk import walk
from datacc.ir.plan import Plan, Step
from datacc.spec.cpus import CPUS

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

_BYTES: Final = """\
INLINE void kernel_maxpool_{name}(const pool_walk *walk, const {name}_t *in, {name}_t *out)
{{
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->columns; x++)
            for (int c = 0; c < walk->pixel; c += 8) {{
                const {name}_t *from = in + y * walk->next_row + x * walk->next_column + c;
                {name}_t largest[8];
                for (int n = 0; n < 8; n++) largest[n] = from[n];
                for (int i = 0; i < walk->down; i++)
                    for (int j = 0; j < walk->across; j++)
                        for (int n = 0; n < 8; n++) {{
                            const {name}_t other = from[i * walk->in_row + j * walk->pixel + n];
                            largest[n] = other > largest[n] ? other : largest[n];
                        }}
                for (int n = 0; n < 8; n++) out[y * walk->out_row + x * walk->pixel + c + n] = largest[n];
            }}
}}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "pool_walk": _WALK,
    **both_widths({"kernel_maxpool": _MAX, "kernel_meanpool": _MEAN}),
    **{f"kernel_maxpool_{name}": _BYTES.format(name=name) for name in ("uint8", "int8", "int16", "int32")},
}


def pool(step: Step, plan: Plan, name: str) -> Piece:
    """The step of a pool of either kind over floats."""
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    down, across = (1, *plan.graph.by_name[step.nodes[0]]["size"])[-2:]
    share = f"{number(np.float32(1 / (down * across)))}, " if step.op == "meanpool" else ""
    width = "_wide" if CPUS[plan.cpu].wide and out.pixel % WIDE == 0 else ""
    call = f"kernel_{step.op}{width}(&walk, {at('in', source.first)}, {share}{at('out', out.first)});"
    return Piece(table=_table(step, plan), body=(call,))


def of_bytes(step: Step, plan: Plan, name: str) -> Piece:
    """The step of a maxpool over integers."""
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    call = f"kernel_maxpool_{source.dtype}(&walk, {at('in', source.first)}, {at('out', out.first)});"
    return Piece(table=_table(step, plan), body=(call,))


def _table(step: Step, plan: Plan) -> tuple[str, ...]:
    node = plan.graph.by_name[step.nodes[0]]
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    down, across = (1, *node["size"])[-2:]
    next_down, next_across = (1, *node["stride"])[-2:]
    return walk(
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
