"""Tell how far the people who voted agree.

Percent and Cohen's kappa of each pair, Krippendorff's alpha of all, and the examples on which they differ most.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from datacc.cli.outcome import Outcome, columns
from datacc.repo.agree import Agreement, agreement
from datacc.repo.agreement import Pair
from datacc.repo.find import find
from datacc.repo.words import counted

EXAMPLE: Final = "datacc agreement --between ann ben"
_CONFUSIONS: Final = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which output and which people."""
    parser.add_argument("--output", metavar="OUTPUT", help="which output, when there are several")
    parser.add_argument("--between", nargs=2, metavar=("A", "B"), help="two people, by a part of name or address")


def run(options: argparse.Namespace) -> Outcome:
    """The figures, and what to look at."""
    between = (options.between[0], options.between[1]) if options.between else None
    found = agreement(find(Path.cwd()), options.output, between)
    facts = asdict(found) | {"pairs": [_facts(pair) for pair in found.pairs]}
    return Outcome(facts=facts, text="\n".join(_lines(found)))


def _facts(pair: Pair) -> dict[str, Any]:
    confused = [{"first": a, "second": b, "count": n} for (a, b), n in pair.confused.items()]
    return {**{k: v for k, v in vars(pair).items() if k != "confused"}, "confused": confused}


def _lines(found: Agreement) -> Iterator[str]:
    people = counted(len(found.people), "person", "people")
    yield f"{found.output}: {people}, {counted(found.examples, 'example')} with two votes or more"
    yield f"Krippendorff's alpha {_figure(found.alpha)}"
    if found.alone:
        yield columns([(name, _figure(value)) for name, value in found.alone.items()], indent="  ")
    for pair in found.pairs:
        share = f"{100 * pair.same / pair.shared:.1f} %" if pair.shared else "nothing shared"
        both = f"{found.people[pair.first]} and {found.people[pair.second]}"
        yield f"{both}: {pair.same:,} of {pair.shared:,} alike ({share})"
        yield f"  Cohen's kappa {_figure(pair.kappa)}{_interval(pair)}"
        torn = sorted(((n, a, b) for (a, b), n in pair.confused.items() if a != b), key=lambda one: (-one[0], str(one)))
        if torn:
            yield columns([(a, b, f"{n:,}×") for n, a, b in torn[:_CONFUSIONS]], indent="    ")
    for one in found.disputed:
        yield f"{one.example[:12]}: {', '.join(f'{found.people[k]} {v}' for k, v in one.votes.items())}"
    if found.stale:
        yield f"gold of {counted(len(found.stale), 'example')} rests on other votes"
        yield "  try: datacc gold --majority --dry-run"


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _interval(pair: Pair) -> str:
    return "" if pair.low is None or pair.high is None else f" (95 %: {pair.low:.3f} to {pair.high:.3f})"
