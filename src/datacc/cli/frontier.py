"""`datacc build --frontier`: cost against quality, as a table."""

from rich import box
from rich.table import Table

from datacc.compiler.report import Candidate
from datacc.compiler.shown import percent, show_sizes, shown


def frontier_table(candidates: tuple[Candidate, ...]) -> Table:
    """One line for each candidate that is better than every cheaper one."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False, title_justify="left")
    table.add_column("")
    table.add_column("candidate")
    for head in ("multiply-adds", "size, B", "memory, B", f"right {candidates[0].how}"):
        table.add_column(head, justify="right")
    for one in candidates:
        what = f"{shown(one.skeleton)} {show_sizes(one.sizes, one.arithmetic)}"
        costs = ("–" if count is None else f"{count:,}" for count in (one.size, one.memory))
        mark = "→" if one.chosen else ""
        table.add_row(mark, what, f"{one.work:,}", *costs, percent(one.tune or 0, 2))
    return table
