"""What a search tried, from cheap to dear, as a drawing and a table."""

from collections.abc import Sequence
from html import escape

from datacc.compiler.report import Candidate
from datacc.compiler.report.cards import bdi
from datacc.compiler.report.plot import plot
from datacc.compiler.shown import percent, shown


def candidates(tried: Sequence[Candidate]) -> str:
    """A row for each; nothing where nothing was tried."""
    if not tried:
        return ""
    rows = "".join(
        f'<tr{" class=chosen" if c.chosen else ""}><td class="mark">{"→" if c.chosen else ""}'
        f"<td>{escape(shown(c.skeleton))} {escape(_sizes(c))}"
        f'<td class="n">{c.work:,}<td class="n">{_bytes(c.size)}<td class="n">{_bytes(c.memory)}'
        f'<td class="n">{"–" if c.tune is None else percent(c.tune, 2)}<td>{bdi(c.note, 200)}'
        for c in tried
    )
    head = (
        '<tr><th class="mark"><th>candidate<th class="n">multiply-adds<th class="n">size, B'
        f'<th class="n">memory, B<th class="n">right {tried[0].how}<th>'
    )
    return (
        "<h2>What was tried</h2><p>From cheap to dear; the judge has seen only the chosen one. Drawn are errors "
        f"{tried[0].how}; filled dots were fitted to the end.</p>{plot(tried)}"
        f'<div class="scroll"><table class="rows wide"><thead>{head}</thead>{rows}</table></div>'
    )


def _bytes(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def _sizes(candidate: Candidate) -> str:
    sizes = [f"{shown(name)} {value:,}" for name, value in candidate.sizes.items()]
    return ", ".join(sizes if candidate.arithmetic == "float" else [*sizes, shown(candidate.arithmetic)])
