"""The behaviour diff as plain text, with its evidence named part by part."""

from collections.abc import Sequence
from typing import Final

from datacc.compiler.diff import Answers, Diff, Effect, Judged
from datacc.compiler.shown import shown

NAMED: Final = 20  # examples named of each kind


def diff_text(diff: Diff) -> str:
    """The diff in words; every example that is named comes from learn or tune."""
    return "\n".join([f"{shown(diff.old)} → {shown(diff.new)}", *_labels(diff), answers_text(diff)]) + "\n"


def answers_text(diff: Diff) -> str:
    """What the answers did, in words: split by split, judge as counts."""
    return "\n".join([*(line for part in diff.answers for line in _answers(part)), *_judge(diff.judge)])


def _labels(diff: Diff) -> list[str]:
    lines = [f"labels  {len(diff.relabelled):,} changed, {diff.added:,} examples added, {diff.removed:,} removed"]
    lines += _some([f"{_who(one.id, one.name)}  {shown(one.old)} → {shown(one.new)}" for one in diff.relabelled])
    for said, names in (("new", diff.classes_added), ("gone", diff.classes_removed)):
        if names:
            lines.append(f"        classes {said}: {', '.join(shown(name) for name in names[:NAMED])}")
    return lines


def _answers(part: Answers) -> list[str]:
    counts = [f"{part.count('fixed'):,} fixed", f"{part.count('broke'):,} broke"]
    if part.count("other"):
        counts.append(f"{part.count('other'):,} wrong both times")
    lines = [f"{part.split:<6}  {len(part.changed):,} of {part.rows:,} answers changed: {', '.join(counts)}"]
    lines.append(f"        evidence: {part.evidence}")
    effects: tuple[Effect, ...] = ("broke", "fixed", "other")
    for effect in effects:
        some = [one for one in part.changed if one.effect == effect]
        lines += _some(
            [
                f"{effect:<5}  {_who(c.id, c.name)}  label {shown(c.label)}: {shown(c.old)} → {shown(c.new)}"
                for c in some
            ]
        )
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


def _some(lines: Sequence[str]) -> list[str]:
    more = [f"        … and {len(lines) - NAMED:,} more"] if len(lines) > NAMED else []
    return [f"        {line}" for line in lines[:NAMED]] + more
