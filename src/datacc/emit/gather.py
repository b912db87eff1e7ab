"""Rows of a table: the only reads whose addresses depend on the input, limited to the table."""

from collections.abc import Mapping
from typing import Final

from datacc.emit.piece import C_TYPES, Piece, times
from datacc.emit.walk import loop
from datacc.ir.plan import Plan, Step

_ROW: Final = """\
/* The nearest of the rows 0 to `last`. */
INLINE int32_t kernel_row(int32_t number, int32_t last)
{
    const int32_t row = number > 0 ? number : 0;
    return row < last ? row : last;
}"""

FRAGMENTS: Final[Mapping[str, str]] = {"kernel_row": _ROW}


def gather(step: Step, plan: Plan, name: str) -> Piece:
    """The step that copies a row for every number."""
    node = plan.graph.by_name[step.nodes[0]]
    table = plan.graph.by_name[node.inputs[1]].value
    assert table is not None  # arrange refused holes
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    rows, columns = table.shape
    n, f = "n" if source.channels > 1 else "0", "f" if columns > 1 else "0"
    to = " + ".join(term for term in (times(n, out.pixel), f, str(out.first)) if term not in ("", "0")) or "0"
    lines = [
        f"const {C_TYPES[table.dtype.name]} *const row = {name}_table + kernel_row(in[{n}], {rows - 1}) * {columns};",
        *loop("f", 0, columns, 1, [f"out[{to}] = row[{f}];"]),
    ]
    return Piece(body=tuple(loop("n", 0, source.channels, 1, lines)), weights={f"{name}_table": table.reshape(-1)})
