"""The report as one HTML file that needs nothing else: what was asked and reached, what it confuses, what it costs."""

import base64
import hashlib
import tomllib
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Final

from datacc.compiler.diff_text import diff_text
from datacc.compiler.evidence import Evidence, Far
from datacc.compiler.legible import columns_of
from datacc.compiler.report import WIDTHS, Report, Tune, width_rows
from datacc.compiler.report.cards import MOST_BYTES, PER_CELL, Columns, bdi, cards
from datacc.compiler.report.far import farthest
from datacc.compiler.report.matrix import MOST_CLASSES, matrix
from datacc.compiler.report.suggestions import suggestions
from datacc.compiler.report.tried import candidates
from datacc.compiler.report.work import work
from datacc.compiler.shown import amount, part, percent, seconds, shown, size
from datacc.compiler.verdict import Line, certified, measured
from datacc.repo.snapshot import SPLITS
from datacc.repo.words import counted
from datacc.spec.lock import ALL

SIDE_BY_SIDE: Final = 14  # classes up to which the matrix leaves room for examples beside it


def report_html(report: Report, examples: Sequence[Evidence], far: Sequence[Far] = ()) -> str:
    """The text of `report.html`; `examples` is the tune evidence of each label, `far` that of each other output.

    Every text from outside is escaped, and the policy in the head lets no script but ours run.
    """
    style, script = (_asset(name) for name in ("page.css", "page.js"))
    tables = {tune.field: tune for tune in report.tune}
    columns = _columns(report.program)
    commands = report.data.origin.startswith("commit")
    body = [
        _header(report),
        _demands(report),
        *(_confusions(tables[e.field], e, columns, commands) for e in examples),
        *(f"<h2>On tune</h2><p>{bdi(seen, 300)}.</p>" for seen in report.seen),
        *(farthest(one, columns) for one in far),
        *(f"<h2>When it does not know</h2><p>{bdi(known.told, 500)}.</p>" for known in report.known),
        suggestions(report.suggestions),
        work(report.ops),
        candidates(report.tried),
        _since(report),
        _notes(report),
        _made(report),
    ]
    return _PAGE.format(
        title=escape(shown(report.name)),
        policy=f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{_sha256(script)}'",
        style=style,
        body="\n".join(part for part in body if part),
        script=script,
    )


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} · datacc</title>
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
{style}</style></head><body>
{body}
<script>{script}</script></body></html>
"""


def _asset(name: str) -> str:
    return files("datacc.compiler.report").joinpath(name).read_text(encoding="utf-8")


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _columns(program: str) -> Columns:
    """The columns of record inputs, by input, out of the text of `datacc.toml`."""
    return {name: columns_of(options) for name, options in tomllib.loads(program).get("input", {}).items()}


def _header(report: Report) -> str:
    missed = len(report.verdict.missed)
    stamp = "holds" if report.verdict.holds else f"misses {missed} of {len(report.verdict.lines)} demands"
    return (
        f'<header><h1>{bdi(report.name)}</h1><span class="stamp {_tone(report.verdict.holds)}">{stamp}</span>'
        f'<p class="lead">{_examples(report)}. From {bdi(_origin(report))}.</p></header>{_figures(report)}'
    )


def _origin(report: Report) -> str:
    """Where the examples come from, a commit by its first digits."""
    kind, _, name = report.data.origin.partition(" ")
    return f"{kind} {name[:10]}" if kind == "commit" else report.data.origin


def _examples(report: Report) -> str:
    learn, tune, judge = (report.data.rows.get(split, 0) for split in SPLITS)
    known = f"{learn:,} to learn from, {tune:,} to tune on"
    if report.provenance.learnt == ALL:
        known = f"{learn + tune:,} to learn from"
    return f"{known}, {judge:,} to judge by, sealed"


def _figures(report: Report) -> str:
    costs, timing = report.costs, report.verdict.timing
    found = [
        (
            shown(line.what),
            certified(line.figure),
            f"certified; measured {measured(line.figure)}",
        )
        for line in report.verdict.lines
        if line.kind == "goal" and line.figure is not None
    ]
    found += [
        ("one answer", seconds(timing.median), f"p99 {seconds(timing.p99)}"),
        ("size", size(costs.size), f"{size(costs.weights)} of weights"),
        ("memory", size(costs.memory), f"arena {size(costs.arena)}, stack {size(costs.stack)}"),
        ("work", amount(costs.work), "multiply-adds"),
    ]
    parts = (f"<div><dt>{escape(a)}<dd>{escape(b)}<small>{escape(c)}</small></div>" for a, b, c in found)
    return f'<dl class="figures">{"".join(parts)}</dl>'


def _demands(report: Report) -> str:
    head = '<tr><th class="mark"><th>demand<th>wanted<th>reached<th>used of what is allowed'
    rows = "".join(_demand(line) for line in report.verdict.lines)
    judge = report.data.rows.get("judge", 0)
    return (
        "<h2>What was asked, and what was reached</h2>"
        f"<p>Judged on the linked program itself, by {judge:,} examples that nothing before has seen. "
        "A share counts by its one-sided 95&nbsp;% bound.</p>"
        f'<div class="scroll"><table class="rows wide demands"><thead>{head}</thead>{rows}</table></div>'
        f"{_widths(report)}"
    )


def _widths(report: Report) -> str:
    """What each width costs, and how often it is right."""
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}' for cell in row)}" for row in width_rows(report.verdict))
    head = "".join(f"<th>{name}" for name in WIDTHS)
    table = f'<div class="scroll"><table class="rows wide"><thead><tr>{head}</thead>{rows}</table></div>'
    return f"<h2>Widths</h2>{table}" if rows else ""


def _demand(line: Line) -> str:
    mark = "✓" if line.holds else "✗"
    said = "holds" if line.holds else "missed"
    closes = f'<span class="closes">{escape(shown(line.closes, 300))}</span>' if line.closes else ""
    detail = (
        f"<details><summary>more</summary><pre>{escape(_visible(line.detail))}</pre></details>" if line.detail else ""
    )
    return (
        f'<tr><td class="mark {_tone(line.holds)}" title="{said}">{mark}<th scope="row">{bdi(line.what, 120)}'
        f"<td>{escape(line.wanted) or '<span class=quiet>no limit</span>'}<td>{escape(shown(line.reached, 300))}"
        f"{closes}{detail}"
        f'<td class="share">{_bar(line)}'
    )


def _bar(line: Line) -> str:
    """How much of the limit is used; of a rate: of the errors that the bound may leave."""
    if line.limit is None or line.value is None or (line.figure is not None and line.figure.spread is not None):
        return ""
    is_least = line.figure is not None and not line.figure.at_most
    limit, value = (1 - line.limit, 1 - line.value) if is_least else (line.limit, line.value)
    used = value / limit if limit > 0 else 2.0 if value > 0 else 0.0
    over = "" if line.holds else " over"
    return f'<span class="bar{over}"><i style="width:{min(used, 1):.1%}"></i></span> {percent(used)}'


def _tone(holds: bool) -> str:
    return "good" if holds else "bad"


def _confusions(tune: Tune, evidence: Evidence, columns: Columns, commands: bool) -> str:
    made = cards(evidence, columns, commands=commands)
    wrong = tune.total - tune.right
    title = f"{wrong:,} errors, the most confident first" if wrong != 1 else "The one error"
    if not wrong:
        title = f"No errors {tune.how}: pick a cell to see its examples"
    narrow = " narrow" if len(tune.classes) <= SIDE_BY_SIDE else ""
    kind = "" if any(array.ndim == 4 for array in evidence.inputs.values()) else " records"
    of = f"of {tune.total:,} examples"
    left_out = counted(made.left_out, f"{of} is", f"{of} are")
    cut = (
        f'<p class="quiet">{left_out} not in this file: it keeps at most '
        f"{PER_CELL} a cell and {MOST_BYTES // 1_000_000} MB.</p>"
    )
    pick = "cell" if len(tune.classes) <= MOST_CLASSES else "count"
    return (
        f"<h2>What it confuses: {bdi(tune.field)}</h2>"
        f"<p>{tune.right:,} of {tune.total:,} right {escape(tune.how)} ({part(tune.right, tune.total)}). "
        f"Pick a {pick} to see its examples; nothing here comes from judge.</p>"
        f'<div class="confusions{narrow}"><div class="scroll">{matrix(tune)}</div><section>'
        f'<div class="shelf"><h3 id="shelf" aria-live="polite" data-errors="{escape(title)}">{title}</h3>'
        '<button id="errors" hidden>back to the errors</button></div>'
        f'<ul class="cards{kind}" tabindex="0" aria-labelledby="shelf">{made.html}</ul>'
        f"{cut if made.left_out else ''}</section></div>"
    )


def _since(report: Report) -> str:
    """What changed since the build before."""
    if report.since is None:
        return ""
    return f"<h2>Since the build before</h2><pre>{escape(diff_text(report.since))}</pre>"


def _notes(report: Report) -> str:
    notes = "".join(f"<li>{bdi(note, 400)}" for note in report.notes)
    return f'<h2>Notes on the examples</h2><ul class="notes">{notes}</ul>' if notes else ""


def _made(report: Report) -> str:
    rows = "".join(f"<dt>{name}<dd><code>{escape(shown(value, 300))}</code>" for name, value in report.makers.items())
    return (
        f'<h2>What made it</h2><dl class="facts">{rows}</dl>'
        f"<details><summary>datacc.toml as asked</summary><pre>{escape(_visible(report.program))}</pre></details>"
    )


def _visible(text: str) -> str:
    return "\n".join(shown(line, 2000) for line in text.splitlines())
