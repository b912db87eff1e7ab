"""Of an output that is no label: the tune examples whose answers are farthest from it, and each of several labels."""

from html import escape
from typing import Final

from datacc.compiler.evidence import Far
from datacc.compiler.report.cards import Columns, bdi, far_from_usual, input_html, who
from datacc.compiler.shown import number, part

MOST_EACH: Final = 40  # labels in the table


def farthest(far: Far, columns: Columns) -> str:
    """The section: a table of several labels, the worst first, and a card for each example that is far."""
    unusual = far_from_usual(far.inputs)
    cards = []
    for row, (at, example) in enumerate(zip(far.rows, far.ids, strict=True)):
        inputs = "".join(input_html(one[at], columns.get(n), unusual.get(n), at) for n, one in far.inputs.items())
        off = number(float(far.distance[row])) + (" off" if far.form == "number" else " wrong")
        cards.append(
            f'<li class="card">{inputs}<p class="says"><b class="wrong">{bdi(far.answers[row])}</b> '
            f'<span class="sure">{escape(off)}</span><span class="was">label {bdi(far.labels[row])}</span></p>'
            f"{who(far.names[row], example)}</li>"
        )
    kind = "" if any(array.ndim == 4 for array in far.inputs.values()) else " records"
    shelf = f'<ul class="cards{kind}" tabindex="0">{"".join(cards)}</ul>' if cards else ""
    total = len(next(iter(far.inputs.values())))
    said = f"The {len(cards):,} of {total:,} tune examples whose answers are farthest from their labels."
    return (
        f"<h2>Where it is far off: {bdi(far.field)}</h2>{_each(far)}"
        f"<p>{said if cards else 'Every tune example is answered as its label says.'} "
        f"Nothing here comes from judge.</p>{shelf}"
    )


def _each(far: Far) -> str:
    """How often each label is found, and right where it is given."""
    ranked = sorted(far.each, key=lambda one: (2 * one[3] / max(1, one[1] + one[2]), one[0]))[:MOST_EACH]
    rows = "".join(
        f'<tr><th scope="row">{bdi(name)}<td class="n">{wanted:,}<td class="n">{part(both, wanted)}'
        f'<td class="n">{part(both, given)}'
        for name, wanted, given, both in ranked
    )
    head = '<tr><th>label<th class="n">examples<th class="n">found<th class="n">right where given'
    return f'<div class="scroll"><table class="rows wide"><thead>{head}</thead>{rows}</table></div>' if rows else ""
