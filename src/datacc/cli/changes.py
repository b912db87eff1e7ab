"""Changes of labels between two commits as text, and as a comment for the page of a pull request."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from datacc.cli.outcome import columns
from datacc.repo.changes import Change, Changes
from datacc.repo.words import counted, listed, printable

LONGEST = 60_000  # bytes of a comment: hosts refuse those of more than 65,536 characters
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
    room = LONGEST - sum(len(line.encode()) + 1 for line in lines)
    for shown, one in enumerate(sorted(found.changes, key=lambda change: len(change.new) < 2)):
        line = f"| {' | '.join(map(_cell, _cells(one)))} |"
        room -= len(line.encode()) + 1
        if room < 0:
            rest = f"`datacc diff {found.old[:10]}..{found.new[:10]}`"
            lines.append(f"\n… and {len(found.changes) - shown:,} more: {rest}")
            break
        lines.append(line)
    return "\n".join(lines)


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
    example = one.example[:12] + (f" {one.name}" if one.name else "")
    return example, one.field, _value(one.old), _value(one.new), who, commits, why


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
