"""Find the labelling commit that broke a slice, a class or one example.

Halves the history between a good and a bad revision. At each step the examples of that commit are fitted, from the
cache where they were before, and measured on tune, or out of fold; judge stays sealed. What cannot be built is skipped.
Working tree, index and HEAD stay as they are, and no program is left. Inside a guilty merge the search goes on.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.changes import as_text
from datacc.cli.outcome import Outcome, visible
from datacc.cli.progress import FitDisplay
from datacc.compiler.bisect import Found, bisect
from datacc.compiler.bisect.demand import Demand, Pinned, SliceGoal, read_goal, read_share
from datacc.compiler.bisect.trials import Ask, Step
from datacc.compiler.cache import cache
from datacc.errors import UsageError
from datacc.repo.find import find
from datacc.repo.words import counted
from datacc.spec.read import find_program

EXAMPLE: Final = 'datacc bisect --good v1 --where camera=2 --goal "accuracy >= 0.9"'


def arguments(parser: argparse.ArgumentParser) -> None:
    """Between which revisions, and for what."""
    parser.add_argument("--good", required=True, metavar="R", help="a revision at which it holds")
    parser.add_argument("--bad", default="HEAD", metavar="R", help="a later one at which it does not (HEAD)")
    parser.add_argument("--goal", metavar="TEXT", help='what must hold: "accuracy >= 0.9", or recall with --class')
    parser.add_argument(
        "--drop", metavar="SHARE", help="without a goal: how far the metric may fall under that of good"
    )
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE",
                        help="on the examples with this value; may be repeated")  # fmt: skip
    parser.add_argument("--class", dest="of_class", metavar="NAME", help="on the examples of this class")
    parser.add_argument("--example", metavar="ID", help="instead: this example must be answered …")
    parser.add_argument("--is", dest="answer", metavar="CLASS", help="… as this class, number or labels")
    parser.add_argument("--truth", metavar="R", help="measure every step by the labels of R (by its own)")
    parser.add_argument("--out-of-fold", action="store_true", help="on learn, by models that had not seen the example")
    parser.add_argument("--first-parent", action="store_true", help="let a merge be the answer")


def run(options: argparse.Namespace) -> Outcome:
    """Search, and tell each step."""
    ask = Ask(
        good=options.good,
        bad=options.bad,
        demand=_demand(options),
        truth=options.truth,
        out_of_fold=options.out_of_fold,
        into_merges=not options.first_parent,
    )
    root = find_program(Path.cwd()).parent
    with FitDisplay() as display:
        found = bisect(
            ask,
            root,
            find(root),
            cache(root),
            announce=display.watch,
            tell=lambda step: print(visible(f"{_mark(step)}: {step.told}"), file=sys.stderr, flush=True),
        )
    return Outcome(facts=asdict(found), text=_text(found))


def _demand(options: argparse.Namespace) -> Demand:
    asked = [name for name in ("goal", "drop", "example") if getattr(options, name) is not None]
    if len(asked) != 1:
        what = "one of --goal, --drop and --example says what must hold" + (", not two" if asked else "")
        raise UsageError(what, tries=['--goal "accuracy >= 0.9"', "--drop 0.02", "--example ID --is CLASS"])
    if options.example is not None:
        slices = {"--where": options.where, "--class": options.of_class, "--truth": options.truth}
        others = [name for name, value in slices.items() if value]
        if options.answer is None or others:
            what = f"{others[0]} is of a slice" if others else "--example: answered as what?"
            raise UsageError(what, tries=["--example ID --is CLASS"])
        return Pinned(example=options.example, answer=options.answer)
    if options.answer is not None:
        raise UsageError("--is is of one example", tries=["--example ID --is CLASS"])
    metric, at_least = read_goal(options.goal) if options.goal is not None else (None, None)
    return SliceGoal(
        metric=metric or "",
        at_least=at_least,
        drop=read_share(options.drop, "--drop") if options.drop is not None else 0.0,
        where=dict(map(_pair, options.where)),
        of_class=options.of_class,
    )


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--where {text}: a column, =, and its value", tries=["--where camera=2"])
    return column, value


def _mark(step: Step) -> str:
    did = [f"+{counted(step.imported, 'row')}"] if step.imported else []
    did += [counted(step.edits, "edit")] if step.edits else []
    did += [f"merges {counted(step.merged, 'commit')}"] if step.merged else []
    how = "" if step.state == "skipped" else ", built" if step.fits else ", cached"
    brought = f" ({', '.join(did)})" if did else ""
    return f"{step.commit[:10]} {step.when[:10]} {step.author}: {step.subject}{brought}: {step.state}{how}"


def _text(found: Found) -> str:
    """Where it broke, what was said otherwise there, and what to do."""
    head = f"{found.demand}: {counted(found.built, 'build')} for {counted(found.commits, 'commit')}"
    if len(found.guilty) > 1:
        head += f"\none of these {len(found.guilty)} broke it; those that were skipped cannot be built"
    parts = [head]
    for step, changed in zip(found.guilty, found.changes, strict=True):
        parts.append(f"{_mark(step)}: {step.told}\n{as_text(changed)}")
    parts.append(f"  try: {_next(found.guilty[-1])}")
    return "\n".join(parts)


def _next(step: Step) -> str:
    """The command that takes a commit back."""
    if step.merged:
        return f"git revert --mainline 1 {step.commit[:10]}"
    return f"{'datacc' if step.edits else 'git'} revert {step.commit[:10]}"
