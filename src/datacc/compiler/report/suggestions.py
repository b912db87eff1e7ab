"""The suggestions of a report as HTML: labels that look wrong, and classes that more examples help."""

from collections.abc import Iterable, Sequence
from html import escape

from datacc.compiler.report.cards import bdi
from datacc.compiler.suggest import Suggestions
from datacc.compiler.suggest.words import HEAD, need_cells, needs_head, rare_line, suspect_cells, suspects_head


def suggestions(found: Suggestions | None) -> str:
    """The section; "" where nothing is suggested."""
    if found is None:
        return ""
    return (
        f"<h2>What could be done about the examples</h2>{_sentence(suspects_head(found))}"
        f"{_table(HEAD, map(suspect_cells, found.suspects))}{_sentence(needs_head(found))}"
        f"{_table(('class', 'what more examples may do'), map(need_cells, found.needs))}"
        f"{_sentence(rare_line(found))}"
    )


def _sentence(text: str) -> str:
    return f"<p>{escape(text[0].upper() + text[1:].rstrip(':'))}.</p>" if text else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of these rows, none where there is no row."""
    body = "".join(f"<tr>{''.join(f'<td>{bdi(cell, 120)}' for cell in row)}" for row in rows)
    named = "".join(f"<th>{escape(name)}" for name in head)
    whole = f'<div class="scroll"><table class="rows wide"><thead><tr>{named}</thead>{body}</table></div>'
    return whole if body else ""
