"""Changes of labels and answers between two commits as text, and as a comment for the page of a pull request."""

from collections.abc import Iterator

from datacc.cli.outcome import columns
from datacc.compiler.diff import EFFECTS, Answers, Diff
from datacc.repo.changes import Change, Changes
from datacc.repo.words import counted, listed, printable

MOST = 1_000  # rows of a comment: hosts cut longer ones off


def as_text(found: Changes) -> str:
    """A line of counts, then one for each change."""
    return f"{_counts(found)}\n{columns(map(_row, found.changes), indent='  ')}".rstrip()


def as_markdown(found: Changes) -> str:
    """A table in Markdown; what people and files are called is quoted, since anybody may have named them."""
    lines = [f"**Labels** {_counts(found)}", ""]
    if found.changes:
        lines += ["| example | | from | to | who | commit | why |", "|---|---|---|---|---|---|---|"]
        lines += [f"| {' | '.join(map(_cell, _cells(one)))} |" for one in found.changes[:MOST]]
    if len(found.changes) > MOST:
        lines.append(f"\n… and {len(found.changes) - MOST:,} more: `datacc diff {found.old[:10]}..{found.new[:10]}`")
    return "\n".join(lines).rstrip()


def answers_markdown(found: Diff) -> str:
    """What the answers did, as a table; broken ones first. Judge is counts."""
    parts = []
    rows = []
    for part in found.answers:
        parts.append(f"{part.split}: {_effects(part)}")
        rows += [(part.split, one) for one in part.changed]
    parts.append(f"judge: {found.judge.differ:,} of {found.judge.rows:,} differ")
    lines = [f"**Answers** {'; '.join(parts)}", ""]
    if rows:
        lines += ["| | split | example | label | from | to |", "|---|---|---|---|---|---|"]
        rows.sort(key=lambda row: EFFECTS.index(row[1].effect))
    for split, one in rows[:MOST]:
        cells = [split, _example(one.id, one.name), one.label, one.old, one.new]
        lines.append(f"| {one.effect} | {' | '.join(map(_cell, cells))} |")
    if len(rows) > MOST:
        lines.append(f"\n… and {len(rows) - MOST:,} more")
    return "\n".join(lines).rstrip()


def _effects(part: Answers) -> str:
    counts = [f"{getattr(part, effect):,} {effect}" for effect in EFFECTS if getattr(part, effect)]
    return ", ".join([f"{part.differ:,} of {part.rows:,} changed", *counts])


def _counts(found: Changes) -> str:
    gone = sum(1 for one in found.changes if one.field == "" and one.new == ("deleted",))
    parts = [
        counted(sum(1 for one in found.changes if one.field), "label") + " changed",
        counted(found.added, "example") + " added",
        f"{found.removed + gone:,} removed",
    ]
    for word, names in (("new", found.classes_added), ("gone", found.classes_removed)):
        parts += [f"classes {word}: {listed(names)}"] if names else []
    torn = len({one.example for one in found.changes if len(one.new) > 1})
    parts += [f"{counted(torn, 'example')} in conflict"] if torn else []
    return f"{found.old[:10]}..{found.new[:10]}: {', '.join(parts)}"


def _cells(one: Change) -> tuple[str, ...]:
    """Example, output, old, new, who, commit, why."""
    who = " and ".join(dict.fromkeys(event.model or event.who for event in one.said))
    commits = " ".join(dict.fromkeys((event.commit or "")[:10] for event in one.said))
    why = "; ".join(_why(one))
    return _example(one.example, one.name), one.field, _value(one.old), _value(one.new), who, commits, why


def _example(id: str, name: str | None) -> str:
    return id[:12] + (f" {name}" if name else "")


def _row(one: Change) -> tuple[str, ...]:
    example, field, old, new, *rest = _cells(one)
    return example, field, f"{old} → {new}", *rest


def _why(one: Change) -> Iterator[str]:
    for event in one.said:
        if event.op == "revert":
            yield "reverted"
        if event.confidence is not None:
            yield f"confidence {event.confidence:.2f}"
        if event.reason:
            yield event.reason


def _value(names: tuple[str, ...]) -> str:
    return " or ".join(names) or "unlabelled"


def _cell(text: str) -> str:
    """Foreign text as it stands in a table: as code, in which nothing is a link, a mention or the end of a cell."""
    shown = printable(text, longest=80).replace("|", "¦").replace("`", "'")
    return f"`{shown}`" if shown else ""
