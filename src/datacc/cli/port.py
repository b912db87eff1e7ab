"""Port a function that exists: record what it answers, and build a program that agrees with it and is faster.

The function is asked what is in a file of inputs (a column per parameter), what its tests ask it, or what
@datacc.port recorded live, in a process of its own, every different call once and some twice. What it answers is kept
in a label repository, here or in a new folder, whose datacc.toml asks for a program that knows when it does not know.
Where the answers are numbers that hardly repeat, the program answers a number. --within says how near to the
function's it must be to agree, in its unit: then, and with --coverage (near is a tenth of the deviation), it says
which numbers it does not know. With neither it answers all, and --agreement is the variance explained.
With --shadow the program that is there is asked, too, and what it does not know or gets wrong becomes examples.
Nothing runs before you have said yes.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns, visible
from datacc.cli.progress import FitDisplay
from datacc.cli.verdict import verdict
from datacc.compiler.build import Order, build
from datacc.compiler.port import Ported, port
from datacc.compiler.port.shadow import Shadow, shadow
from datacc.compiler.port.wish import MASK, Wish
from datacc.compiler.report import Report
from datacc.compiler.shown import number, percent, seconds
from datacc.errors import CertifyError, DataError, UsageError
from datacc.repo.words import counted
from datacc.store import canonical

EXAMPLE: Final = "datacc port mylib.text:language --inputs texts.csv"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The function, what to ask it, and what is to be agreed on."""
    parser.add_argument("function", metavar="MODULE:FUNCTION", help="such as mylib.text:language")
    parser.add_argument("--inputs", type=Path, metavar="FILE", help="a table, its columns called like the parameters")
    parser.add_argument(
        "--tests", type=Path, metavar="PATH", help="tests to run with pytest: what they ask is recorded"
    )
    parser.add_argument("--calls", type=Path, metavar="FOLDER", help="what @datacc.port recorded")
    parser.add_argument("--group", metavar="COLUMN", help="of the inputs: rows of one group never straddle two splits")
    parser.add_argument("--name", help="of the program, and of the folder that is made (ported_FUNCTION)")
    parser.add_argument("--agreement", type=float, default=0.99, metavar="SHARE", help="of what it answers (0.99)")
    parser.add_argument("--coverage", type=float, metavar="SHARE", help="of what is asked, answered (0.9)")
    parser.add_argument("--within", type=float, metavar="NUMBER", help="numbers that are so near to its own agree")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="that a call may take (5)")
    parser.add_argument("--skip-bad", action="store_true", help="leave out calls without one steady answer, and say so")
    parser.add_argument("--allow-effects", dest="effects", action="store_true",
                        help="let it write files, start processes, connect")  # fmt: skip
    parser.add_argument("--redact", nargs="?", const=MASK, metavar="MODULE:FUNCTION",
                        help="mask secrets and personal data before it is asked; a mask of your own")  # fmt: skip
    parser.add_argument("--keep-secrets", action="store_true", help="keep what looks like secrets")
    parser.add_argument("--no-build", action="store_true", help="record, and build later")
    parser.add_argument(
        "--shadow", action="store_true", help="ask the program that is there, too, and keep where they differ"
    )
    parser.add_argument("--yes", action="store_true", help="run the function without asking")


def run(options: argparse.Namespace) -> Outcome:
    """Record, build, and tell how far they agree."""
    wish = _wish(options)

    def agree(runs: Sequence[str]) -> bool:
        return options.yes or (not options.json and _agreed(runs))

    if options.shadow:
        return _shadowed(wish, shadow(wish, agree))
    ported = port(wish, agree, partial(_tell, events=options.json))
    told, facts = "\n".join(_recorded(wish, ported)), _facts(ported)
    if options.no_build:
        return Outcome(facts=facts, text=f"{told}\nnext: cd {ported.root.name} && datacc build")
    _tell(told, events=options.json)
    with FitDisplay(events=options.json) as display:
        watch = lambda rung: display.watch(f"fit {rung.title}")  # noqa: E731
        report = _built(ported, lambda: build(ported.program, ported.root, Order(), watch, display.tell))
    outcome = verdict(report, ported.root / "build" / ported.program.name)
    return replace(outcome, facts={**facts, **outcome.facts}, text="\n".join(_compared(wish, ported, report)))


def _built(ported: Ported, make: Callable[[], Report]) -> Report:
    """What `make` builds. Of too few calls, or too much alike, the error says so in the words of a port."""
    more = "more calls: port it once more with other inputs, which are added to these"
    kept = f"what was recorded is kept in {ported.root.name}, and too little"
    try:
        return make()
    except CertifyError as error:
        less = "ask for less: --agreement and --coverage, in another folder, or [goal] in its datacc.toml"
        what, tries = f"{kept} for the agreement that is asked: {error.what}", [more, less, *error.tries]
        raise CertifyError(what, where=ported.root.name, tries=tries) from error
    except DataError as error:
        raise DataError(f"{kept}: {error.what}", where=ported.root.name, tries=[more]) from error


def _tell(what: str, *, events: bool) -> None:
    """Say what is done meanwhile."""
    print(json.dumps({"event": "port", "what": what}) if events else visible(what), file=sys.stderr)


def _wish(options: argparse.Namespace) -> Wish:
    if options.inputs is None and options.tests is None and options.calls is None:
        tries = ["--inputs FILE", "--tests PATH", "--calls FOLDER, recorded by @datacc.port"]
        raise UsageError("what is it to be asked?", tries=tries)
    for name in ("agreement", "coverage"):
        share = getattr(options, name)
        if share is not None and not 0 < share < 1:
            raise UsageError(f"--{name} is a share between 0 and 1", tries=[f"--{name} 0.9"])
    if options.within is not None and not 0 < options.within < math.inf:
        raise UsageError("--within is a number above 0", tries=["--within 0.5"])
    if options.seconds <= 0:
        raise UsageError("--seconds is above 0", tries=["--seconds 5"])
    if options.redact is not None and options.keep_secrets:
        raise UsageError("--redact and --keep-secrets contradict each other", tries=["--redact"])
    named = {one.name: getattr(options, one.name) for one in fields(Wish) if hasattr(options, one.name)}
    return Wish(here=Path.cwd(), **named)


def _agreed(runs: Sequence[str]) -> bool:
    """Whether a person at a terminal says yes."""
    if not sys.stdin.isatty():
        return False
    print(visible("\n".join(["to record it, datacc will", *(f"  {what}" for what in runs)])))
    return input("allow it? [y/N] ").strip().casefold() in ("y", "yes")


def _facts(ported: Ported) -> dict[str, object]:
    recorded = ported.recorded
    return {
        "root": str(ported.root),
        "program": ported.program.name,
        "function": ported.program.source.options["function"],
        "asked": recorded.asked,
        "left_out": recorded.left_out,
        "seconds": recorded.seconds,
        "answers": recorded.form,
        "import": asdict(ported.imported),
        "notes": [*recorded.notes, *ported.imported.notes, *ported.notes],
    }


def _recorded(wish: Wish, ported: Ported) -> list[str]:
    recorded, imported = ported.recorded, ported.imported
    classes = counted(len({canonical(row["answer"]) for row in recorded.rows}), "answer")
    lines = [
        f"{wish.function}: {counted(recorded.asked, 'different call')}, {classes}, {seconds(recorded.seconds)} each",
        f"{counted(imported.examples, 'example')} recorded in {ported.root}",
    ]
    lines += (
        [f"{counted(imported.conflicted, 'conflict')} with what was recorded before"] if imported.conflicted else []
    )
    return [*lines, *(f"note: {note}" for note in (*recorded.notes, *imported.notes, *ported.notes))]


def _compared(wish: Wish, ported: Ported, report: Report) -> list[str]:
    """How far they agree, how fast both are, and how the program is used."""
    reached = {line.what: line.value for line in report.verdict.lines if line.value is not None}
    place, function = ported.root / "build" / ported.program.name, wish.function.rpartition(":")[2]
    rows = []
    if "error" in reached:
        rows.append(("agreement", "of what it answers", f"at least {percent(1 - reached['error'], 2)}"))
    if "r2" in reached:
        told = f"at least {percent(reached['r2'], 2)} is explained"
        rows.append(("agreement", "of the variance of its answers", told))
    if "coverage" in reached:
        rows.append(("coverage", "of what it is asked", f"at least {percent(reached['coverage'], 2)}"))
    if reached.get("latency"):
        faster = ported.recorded.seconds / reached["latency"]
        times = f"{seconds(reached['latency'])}, {faster:{',.0f' if faster >= 10 else '.2g'}} times as fast"
        rows.append(("time", f"{function} took {seconds(ported.recorded.seconds)}", times))
    wanted = ported.program.outputs[0].options.get("within")
    if "error" in reached and wanted is not None:
        rows.append(("", "agree", f"numbers at most {number(wanted)} apart"))
    value = ", value=json.loads" if ported.recorded.form == "json" else ""
    wheels = [f"use it: pip install {wheel}" for wheel in sorted(place.rglob("*.whl"))[:1]]
    return [columns(rows), *wheels, f"  {function} = {ported.program.name}.wrap(fallback={function}{value})"]


def _shadowed(wish: Wish, found: Shadow) -> Outcome:
    agreed = found.known - found.disagreed
    lines = [
        f"{wish.function} and {found.program}, asked the same {counted(found.asked, 'call')}:",
        f"  known {found.known:,}, of which {agreed:,} agree",
        f"{counted(found.imported, 'new example')} of what was not known, or not agreed on, in {found.root}",
    ]
    lines += [f"note: {note}" for note in found.notes]
    return Outcome(
        facts=asdict(found), text="\n".join([*lines, "next: datacc build" if found.imported else ""]).rstrip()
    )
