"""Where the work of a program goes, as a table: what costs little is told together."""

from collections.abc import Sequence
from html import escape
from typing import Final

from datacc.compiler.shown import part, percent, shown
from datacc.compiler.verdict import floored
from datacc.ir.cost import NodeCost

SMALL: Final = 0.02  # of all steps, and of the bytes of weights, below which steps are told together


def work(ops: Sequence[NodeCost]) -> str:
    """A row for every step with a share that counts, in their order, and one for all others."""
    steps = sum(op.steps for op in ops)
    most = sum(op.steps for op in ops if op.kind in ("product", "threshold"))
    small = [op for op in ops if not _counts(op, ops)]
    large = [op for op in ops if op not in small]
    rows = "".join(_cost(f"<code>{escape(shown(op.name))}</code><td>{escape(op.op)}", [op], steps) for op in large)
    less = f"{len(small):,} more, each under {percent(SMALL)}<td><code>datacc inspect</code> names them"
    rows += _cost(less, small, steps) if small else ""
    head = (
        '<tr><th>step<th>op<th class="n">multiply-adds<th class="n">comparisons<th>share'
        '<th class="n">bytes of weights<th class="n">of result'
    )
    return (
        "<h2>Where the work goes</h2>"
        f"<p>{floored(most / max(steps, 1))} of all steps are matrix products and thresholds.</p>"
        f'<div class="scroll"><table class="rows wide"><thead>{head}</thead>{rows}</table></div>'
    )


def _counts(op: NodeCost, ops: Sequence[NodeCost]) -> bool:
    """Whether a step has a row of its own: by its share of all steps, or of all weights."""
    steps, weights = sum(one.steps for one in ops), sum(one.weights for one in ops)
    return op.steps >= SMALL * steps or 0 < op.weights >= SMALL * weights


def _cost(name: str, ops: Sequence[NodeCost], whole: int) -> str:
    """A row for what some steps cost together; the largest of their results."""
    steps = sum(op.steps for op in ops)
    return (
        f'<tr><th scope="row">{name}<td class="n">{sum(op.work for op in ops):,}'
        f'<td class="n">{sum(op.comparisons for op in ops):,}<td class="share">{_share(steps, whole)}'
        f'<td class="n">{sum(op.weights for op in ops):,}<td class="n">{max(op.result for op in ops):,}'
    )


def _share(steps: int, whole: int) -> str:
    if not steps:
        return ""
    return f'<span class="bar"><i style="width:{steps / whole:.1%}"></i></span> {part(steps, whole)}'
