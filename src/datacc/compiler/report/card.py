"""`card.md`: what a program is for, how well it does it and what it was made from, on one page."""

import tomllib
from typing import Final

from datacc.compiler.report import WIDTHS, Report, Tune, width_rows
from datacc.compiler.shown import amount, part, shown, size
from datacc.compiler.verdict import Line

WEAKEST: Final = 5
_KINDS: Final = {"number": "a number with an interval", "labels": "any of {:,} labels"}
_MARKED: Final = str.maketrans({c: f"\\{c}" for c in "\\`*_[]#|~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})


def card(report: Report) -> str:
    """The text of `card.md`, in Markdown."""
    rows, costs = report.data.rows, report.costs
    verdict = "It holds everything that was asked." if report.verdict.holds else "**It misses what was asked.**"
    counts = ", ".join(f"{rows.get(name, 0):,} {name}" for name in ("learn", "tune", "judge"))
    parts = [
        f"# {plain(report.name)}",
        f"{_summary(report)} {verdict}",
        f"A native program of {size(costs.size)} that needs {size(costs.memory)} of memory and "
        f"{amount(costs.work)} multiply-adds for one answer, with no library beside it.",
        "## Goal and budget",
        "| | demand | wanted | reached | to close it |\n|---|---|---|---|---|\n"
        + "\n".join(map(_row, report.verdict.lines)),
        *_widths(report),
        "Shares count by their one-sided 95 % Clopper–Pearson bound on judge examples, which nothing saw before.",
        "## Examples",
        f"{counts}; from {plain(report.data.origin)}, snapshot `{report.data.digest}`.",
        *(f"* {plain(note, 300)}" for note in report.notes),
        *(f"## On tune\n\n{plain(seen, 300)}." for seen in report.seen),
        *(f"## When it does not know\n\n{plain(known.told, 500)}." for known in report.known),
        *(_weakest(tune) for tune in report.tune),
        "## How it was made",
        "\n".join(f"* {name}: {plain(value, 200)}" for name, value in report.makers.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _widths(report: Report) -> list[str]:
    """What each width costs, and how often it is right."""
    rows = ["| " + " | ".join(row) + " |" for row in width_rows(report.verdict)]
    return ["\n".join([f"| {' | '.join(WIDTHS)} |", "|---|---|---|---|", *rows])] if rows else []


def _summary(report: Report) -> str:
    types = {name: field["type"] for name, field in tomllib.loads(report.program)["output"].items()}
    said = (
        f"Answers `{plain(field)}`, {_KINDS.get(types[field], 'one of {:,} classes').format(len(names))}"
        + (f": {plain(', '.join(names), 300)}." if names else ".")
        for field, names in report.data.classes.items()
    )
    return " ".join(said)


def _row(line: Line) -> str:
    cells = ("✓" if line.holds else "✗", line.what, line.wanted or "no limit", line.reached, line.closes)
    return "| " + " | ".join(plain(cell, 200) for cell in cells) + " |"


def _weakest(tune: Tune) -> str:
    """The classes that are found least often among what was not learnt."""
    rows = [f"| {plain(name)} | {labelled:,} | {part(both, labelled)} | {part(both, answered)} |"
            for name, labelled, answered, both in tune.weakest(WEAKEST)]  # fmt: skip
    head = "| class | examples | found | right |\n|---|---|---|---|\n"
    return f"## Weakest classes of {plain(tune.field)} {plain(tune.how)}\n\n{head}" + "\n".join(rows)


def plain(text: str, most: int = 60) -> str:
    """`text` as Markdown that means nothing but itself, on one line."""
    return shown(text, most).translate(_MARKED)
