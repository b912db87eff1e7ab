"""Changes of labels and answers between two commits as text, and as a comment for the page of a pull request."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from datacc.cli.outcome import columns
from datacc.compiler.changes import EFFECTS, Answers, Diff
from datacc.repo.changes import Change, Changes
from datacc.repo.words import counted, listed, printable

LONGEST = 30_000  # bytes of labels, and of answers: hosts refuse a comment of more than 65,536 characters
PAIRS = 8  # of old and new values that are counted in words


def as_text(found: Changes) -> str:
    """A line of counts, then one for each change."""
    return f"{_counts(found, listed)}\n{columns(map(_row, found.changes), indent='  ')}".rstrip()


def as_markdown(found: Changes) -> str:
    """Counts, and a table with conflicts first; what anybody named stands as code, so that it does nothing."""
    lines = [f"**Labels** {_counts(found, _codes)}"]
    if found.changes:
        lines += ["", ", ".join(_pairs(found)), "", "| example | | from | to | who | commit | why |"]
        lines += ["|---|---|---|---|---|---|---|"]
    ordered = sorted(found.changes, key=lambda change: len(change.new) < 2)
    rows = [f"| {' | '.join(map(_cell, _cells(one)))} |" for one in ordered]
    return _fitting(lines, rows, f": `datacc diff {found.old[:10]}..{found.new[:10]}`")


def answers_markdown(found: Diff) -> str:
    """What the answers did, as a table; broken ones first. Judge is counts."""
    parts = [f"{part.split}: {_effects(part)}" for part in found.answers]
    parts.append(f"judge: {found.judge.differ:,} of {found.judge.rows:,} differ")
    lines = [f"**Answers** {'; '.join(parts)}"]
    changed = [(part.split, one) for part in found.answers for one in part.changed]
    changed.sort(key=lambda row: EFFECTS.index(row[1].effect))
    if changed:
        lines += ["", "| | split | example | label | from | to |", "|---|---|---|---|---|---|"]
    rows = []
    for split, one in changed:
        cells = [split, _example(one.id, one.name), one.label, one.old, one.new]
        rows.append(f"| {one.effect} | {' | '.join(map(_cell, cells))} |")
    return _fitting(lines, rows, "")


def _fitting(lines: Sequence[str], rows: Sequence[str], where: str) -> str:
    """The lines and as many rows as fit; `where` tells of the others."""
    shown, room = list(lines), LONGEST - sum(len(line.encode()) + 1 for line in lines)
    for number, row in enumerate(rows):
        room -= len(row.encode()) + 1
        if room < 0:
            shown.append(f"\n… and {len(rows) - number:,} more{where}")
            break
        shown.append(row)
    return "\n".join(shown)


def _effects(part: Answers) -> str:
    counts = [f"{getattr(part, effect):,} {effect}" for effect in EFFECTS if getattr(part, effect)]
    return ", ".join([f"{part.differ:,} of {part.rows:,} changed", *counts])


def _pairs(found: Changes) -> Iterator[str]:
    """How often which value became which, the most frequent first."""
    counts = Counter((_value(one.old), _value(one.new)) for one in found.changes)
    for (old, new), count in counts.most_common(PAIRS):
        yield f"{count:,} × {_cell(old)} → {_cell(new)}"
    if len(counts) > PAIRS:
        yield "…"


def _counts(found: Changes, named: Callable[[Sequence[str]], str]) -> str:
    gone = sum(1 for one in found.changes if one.field == "" and one.new == ("deleted",))
    parts = [
        counted(sum(1 for one in found.changes if one.field), "label") + " changed",
        counted(found.added, "example") + " added",
        f"{found.removed + gone:,} removed",
    ]
    for word, names in (("new", found.classes_added), ("gone", found.classes_removed)):
        parts += [f"classes {word}: {named(names)}"] if names else []
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


def _codes(names: Sequence[str]) -> str:
    return ", ".join([*map(_cell, names[:PAIRS]), *([f"and {len(names) - PAIRS:,} more"] if names[PAIRS:] else [])])


def _cell(text: str) -> str:
    """Foreign text as it stands in a table: as code, in which nothing is a link, a mention or the end of a cell."""
    shown = printable(text, longest=80).replace("|", "¦").replace("`", "'")
    return f"`{shown}`" if shown else ""
