"""The report in the terminal; the only file of the compiler that knows rich."""

from collections.abc import Iterable
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from datacc.compiler.diff_text import diff_text
from datacc.compiler.report import WIDTHS, Report, Tune, width_rows
from datacc.compiler.shown import WARNING, part, shown
from datacc.compiler.verdict import Line

MOST_PAIRS: Final = 5
MOST_DETAIL: Final = 20  # lines
MOST_NAMED: Final = 5  # examples of each kind; `datacc diff` names more


def report_text(report: Report) -> RenderableType:
    """The verdict line by line, the commonest confusions of tune, and where to look next."""
    return Group(
        _head(report),
        _lines(report.verdict.lines),
        *_details(report.verdict.missed),
        *_widths(report),
        *(_confusions(tune) for tune in report.tune),
        *(Text(f"\n{shown(seen, 300)}") for seen in report.seen),
        *(Text(known.told, style="dim") for known in report.known),
        *_since(report),
        *_notes(report),
    )


def _head(report: Report) -> Text:
    rows = report.data.rows
    text = Text()
    text.append(shown(report.name), style="bold")
    holds = report.verdict.holds
    text.append(
        "  holds" if holds else f"  misses {len(report.verdict.missed)}", style="bold green" if holds else "bold red"
    )
    text.append(f"  {', '.join(f'{rows.get(name, 0):,} {name}' for name in ('learn', 'tune', 'judge'))}", style="dim")
    return text


def _lines(lines: Iterable[Line]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    table.add_column("")
    table.add_column("demand", overflow="fold")
    table.add_column("wanted", overflow="fold")
    table.add_column("reached", overflow="fold")
    for line in lines:
        mark = Text("✓", style="green") if line.holds else Text("✗", style="red")
        reached = Text(shown(line.reached, 200))
        if line.closes:
            reached.append(f"\n{shown(line.closes, 300)}", style="red")
        table.add_row(
            mark,
            Text(shown(line.what, 120)),
            Text(line.wanted or "no limit", style="" if line.wanted else "dim"),
            reached,
        )
    return table


def _details(missed: Iterable[Line]) -> Iterable[Text]:
    """What is told beyond the table of lines that are missed."""
    for line in missed:
        if line.detail:
            told = "\n".join(f"  {shown(part, 200)}" for part in line.detail.splitlines()[:MOST_DETAIL])
            yield Text(f"{shown(line.what, 120)}:\n{told}", style="red")


def _widths(report: Report) -> list[Table]:
    """What each width costs, and how often it is right."""
    if not report.verdict.widths:
        return []
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for name in WIDTHS:
        table.add_column(name)
    for cells in width_rows(report.verdict):
        table.add_row(*cells)
    return [table]


def _confusions(tune: Tune) -> Text:
    text = Text(
        f"\n{shown(tune.field)} {tune.how}: {tune.right:,} of {tune.total:,} right ({part(tune.right, tune.total)})"
    )
    pairs = [
        f"{shown(tune.classes[t], 24)} → {shown(tune.classes[a], 24)} {n:,}×" for t, a, n in tune.confused[:MOST_PAIRS]
    ]
    if pairs:
        text.append("\nmost often wrong: " + ", ".join(pairs), style="dim")
    return text


def _since(report: Report) -> list[Text]:
    """What changed since the build before."""
    if report.since is None:
        return []
    return [Text(f"\nsince the build before: {diff_text(report.since, MOST_NAMED).rstrip()}")]


def _notes(report: Report) -> list[Text]:
    notes = [shown(note, 400) for note in report.notes]
    return [
        Text(note, style="bold yellow") if note.startswith(WARNING) else Text(f"note: {note}", style="dim")
        for note in notes
    ]
