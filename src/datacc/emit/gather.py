"""Rows of a table: the only reads whose addresses depend on the input, limited to the table."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.piece import C_TYPES, Piece, at, times
from datacc.emit.walk import call, loop
from datacc.ir.graph import HALF_BYTE
from datacc.ir.plan import Plan, Step

_ROW: Final = """\
/* The nearest of the rows 0 to `last`. */
INLINE int32_t kernel_row(int32_t number, int32_t last)
{
    const int32_t row = number > 0 ? number : 0;
    return row < last ? row : last;
}"""

# `restrict` here and below: else a compiler asks of each row whether it lies where is written, a branch by the input.
_TAKE: Final = """\
INLINE void kernel_take_{name}(const {type} *restrict row, int count, {type} *restrict out)
{{
    for (int f = 0; f < count; f++) out[f] = row[f];
}}"""

_HALVES: Final = """\
/* The high halves of `count` bytes to `first`, their low halves to `last`: as high halves, both. */
INLINE void kernel_halves(const uint8_t *restrict row, int count, void *first, void *last)
{
    uint8_t *const to = first, *const then = last;
    int n = 0;
#ifndef DATACC_PORTABLE
    typedef uint64_t eight __attribute__((aligned(1), may_alias));
    typedef uint32_t four __attribute__((aligned(1), may_alias));
    for (; n + 8 <= count; n += 8) {
        const uint64_t both = *(const eight *)(row + n);
        *(eight *)(to + n) = both & 0xF0F0F0F0F0F0F0F0u;
        *(eight *)(then + n) = both << 4 & 0xF0F0F0F0F0F0F0F0u;
    }
    for (; n + 4 <= count; n += 4) {
        const uint32_t both = *(const four *)(row + n);
        *(four *)(to + n) = both & 0xF0F0F0F0u;
        *(four *)(then + n) = both << 4 & 0xF0F0F0F0u;
    }
#endif
    for (; n < count; n++) {
        to[n] = row[n] & 0xF0u;
        then[n] = (uint8_t)(row[n] << 4);
    }
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "kernel_row": _ROW,
    **{f"kernel_take_{name}": _TAKE.format(name=name, type=kind) for name, kind in C_TYPES.items()},
    "kernel_halves": _HALVES,
}


def gather(step: Step, plan: Plan, name: str) -> Piece:
    """The step that copies a row for every number."""
    node = plan.graph.by_name[step.nodes[0]]
    table = plan.graph.by_name[node.inputs[1]]
    assert table.value is not None  # arrange refused holes
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    rows, columns = table.type.shape
    n = "n" if source.channels > 1 else "0"
    to = times(n, out.pixel)
    if table.type.dtype == HALF_BYTE:
        stored = _in_halves(table.value)
        ends = at("out", out.first, to), at("out", out.first + columns - stored.shape[1], to)
        lines = call("kernel_halves", "row", str(stored.shape[1]), *ends)
    else:
        stored = table.value
        lines = call(f"kernel_take_{stored.dtype.name}", "row", str(columns), at("out", out.first, to))
    row = f"{name}_table + kernel_row(in[{n}], {rows - 1}) * {stored.shape[1]}"
    lines = [f"const {C_TYPES[stored.dtype.name]} *const row = {row};", *lines]
    return Piece(body=tuple(loop("n", 0, source.channels, 1, lines)), weights={f"{name}_table": stored.reshape(-1)})


def _in_halves(table: NDArray[Any]) -> NDArray[np.uint8]:
    """The high halves of bytes (R, F), two to a byte: (R, F / 2), rounded up.

    High are the columns from the first on, low those up to the last: the middle one of an odd count is both.
    """
    whole = table.view(np.uint8)
    half = -(-table.shape[1] // 2)
    both: NDArray[np.uint8] = (whole[:, :half] | whole[:, -half:] >> 4).astype(np.uint8)
    return both
