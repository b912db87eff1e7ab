"""Suggestions in words: the cells of their tables and the sentences around them, for the terminal and the page."""

from typing import Final

from datacc.compiler.shown import percent, shown
from datacc.compiler.suggest import Need, Suggestions, Suspect
from datacc.repo.words import counted

HEAD: Final = ("row", "label", "looks like", "text")


def suspects_head(found: Suggestions) -> str:
    """How many look mislabelled, and who says so."""
    if not found.total:
        return f"no label of {found.field} looks wrong to models that had not seen the row"
    shown = f"{found.total:,}" if len(found.suspects) == found.total else f"{len(found.suspects)} of {found.total:,}"
    since = f", fitted {counted(found.edits, 'edit')} ago" if found.edits else ""
    rows = "row that looks" if found.total == 1 else "rows that look"
    return f"{shown} {rows} mislabelled to models that had not seen them{since}:"


def suspect_cells(one: Suspect) -> tuple[str, ...]:
    """The cells of a row, as `HEAD` names them."""
    pairs = ((one.label, one.label_share), (one.instead, one.share))
    said = (name if part is None else f"{name} {percent(part)}" for name, part in pairs)
    return one.name or one.id[:12], *said, one.text


def needs_head(found: Suggestions) -> str:
    """What the table of classes says; "" of an output without them."""
    if found.form != "label":
        return ""
    if found.needs:
        return "classes that more examples help, by what the last doubling did:"
    return "no class gains measurably from more examples"


def need_cells(one: Need) -> tuple[str, str]:
    """A class, and what is expected of more of it."""
    seen = f"{percent(one.found)} of {one.rows:,} found ({percent(one.before)} by half as many)"
    return one.name, f"{seen}; {one.more:,} more may make it {percent(one.then)}"


def rare_line(found: Suggestions) -> str:
    """The classes of which nothing can be told, "" where there is none."""
    if not found.rare:
        return ""
    return f"too few examples to tell: {', '.join(f'{shown(name, 40)} ({rows})' for name, rows in found.rare)}"
