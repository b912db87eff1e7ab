"""The behaviour diff as plain text, with its evidence named part by part."""

from collections.abc import Sequence
from typing import Final

from datacc.compiler.changes import EFFECTS, Answers, Diff, Judged
from datacc.compiler.shown import number, shown

NAMED: Final = 20  # examples named of each kind


def diff_text(diff: Diff, named: int = NAMED) -> str:
    """The diff in words, at most so many named of each kind; every example that is named comes from learn or tune."""
    head = f"{shown(diff.old)} → {shown(diff.new)}"
    return "\n".join([head, *_labels(diff, named), answers_text(diff, named)]) + "\n"


def answers_text(diff: Diff, named: int = NAMED) -> str:
    """What the answers did, in words: split by split, judge as counts."""
    return "\n".join([*(line for part in diff.answers for line in _answers(part, named)), *_judge(diff.judge)])


def _labels(diff: Diff, named: int) -> list[str]:
    lines = [f"labels  {diff.labels:,} changed, {diff.added:,} examples added, {diff.removed:,} removed"]
    rows = [f"{_who(one.id, one.name)}  {shown(one.old)} → {shown(one.new)}" for one in diff.relabelled]
    lines += _some(rows, diff.labels, named)
    for said, names in (("new", diff.classes_added), ("gone", diff.classes_removed)):
        if names:
            lines.append(f"        classes {said}: {', '.join(shown(name) for name in names[:NAMED])}")
    return lines


def _answers(part: Answers, named: int) -> list[str]:
    counts = [f"{part.fixed:,} fixed", f"{part.broke:,} broke"]
    if part.other:
        counts.append(f"{part.other:,} wrong both times")
    lines = [f"{part.split:<6}  {part.differ:,} of {part.rows:,} answers changed: {', '.join(counts)}"]
    if part.off is not None:
        was, now = part.off
        lines.append(f"        off by {number(was)} in the mean before, {number(now)} now")
    lines.append(f"        evidence: {part.evidence}")
    for effect in EFFECTS:
        rows = [
            f"{effect:<5}  {_who(c.id, c.name)}  label {shown(c.label)}: {shown(c.old)} → {shown(c.new)}"
            for c in part.of(effect)
        ]
        lines += _some(rows, getattr(part, effect), named)
    return lines


def _judge(judge: Judged) -> list[str]:
    lines = [f"judge   {judge.differ:,} of {judge.rows:,} answers differ"]
    if judge.old is not None and judge.new is not None:
        (was, of), (now, total) = judge.old, judge.new
        lines[0] += f"; {was:,} of {of:,} right before, {now:,} of {total:,} now"
    lines.append("        evidence: counts only, since judge is sealed")
    return lines


def _who(example: str, name: str | None) -> str:
    return f"{example[:12]}  {shown(name)}" if name else example[:12]


def _some(lines: Sequence[str], count: int, named: int) -> list[str]:
    more = [f"        … and {count - named:,} more"] if count > named else []
    return [f"        {line}" for line in lines[:named]] + more
