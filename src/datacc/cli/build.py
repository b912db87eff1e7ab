"""Build the program: search, fit, compile, and judge the final bytes.

Without arguments it builds what the datacc.toml here or above asks for, as its datacc.lock says. With a table it needs
no file at all, and leaves the datacc.toml and datacc.lock that it used. Ctrl-C keeps what was fitted; the next build
goes on from there. With --json, standard error tells what happens meanwhile, a JSON object a line. The exit code is 8
when the program misses its goal, a check or its budget.
"""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from rich.console import Group

from datacc.cli.frontier import frontier_table
from datacc.cli.outcome import Outcome, columns
from datacc.cli.progress import FitDisplay
from datacc.cli.suggest import suggestions_text
from datacc.cli.verdict import verdict
from datacc.compiler.attempts import Wish
from datacc.compiler.build import Order, build
from datacc.compiler.cache import cache
from datacc.compiler.report import Report
from datacc.compiler.report.plot import frontier_of
from datacc.compiler.verify import verify
from datacc.errors import UsageError
from datacc.intake.importing.columns import known_columns
from datacc.intake.importing.read import format_of
from datacc.repo.words import listed
from datacc.sources.table import infer_program
from datacc.spec.fields import check_output_type
from datacc.spec.program import FILE, Field, Program
from datacc.spec.read import find_program, read_program

EXAMPLE: Final = "datacc build messages.csv --label topic"


def arguments(parser: argparse.ArgumentParser) -> None:
    """A table or nothing, and how the build is wanted."""
    parser.add_argument(
        "table",
        nargs="?",
        type=Path,
        help="a .csv, .tsv, .jsonl, .npz or .parquet file, an archive, or a folder per class",
    )
    parser.add_argument("--label", metavar="COLUMN", help="the table's column that holds the labels")
    parser.add_argument("--type", metavar="TYPE", help="what a label is: label, labels (between semicolons), number")
    parser.add_argument(
        "--inputs", metavar="COLUMN", nargs="+", help="the columns to learn from (those that look like it)"
    )
    parser.add_argument("--skip-bad", action="store_true", help="leave out what cannot be read, and say so")
    parser.add_argument("--revision", metavar="R", help="build the examples of this commit")
    parser.add_argument("--search", action="store_true", help="choose anew, and renew datacc.lock")
    wish = parser.add_mutually_exclusive_group()
    wish.add_argument("--best", action="store_true", help="choose anew: the best that the budget allows")
    wish.add_argument("--frontier", action="store_true", help="choose anew, and show cost against quality")
    parser.add_argument("--exact", action="store_true", help="use no cache and no earlier program")
    parser.add_argument("--verify", action="store_true", help="build again elsewhere, and compare the bytes")


def run(options: argparse.Namespace) -> Outcome:
    """Build, and tell how the judge decided."""
    program, root = _asked(options)
    wish: Wish = "best" if options.best else "frontier" if options.frontier else "cheapest"
    order = Order(revision=options.revision, exact=options.exact, search=options.search, wish=wish)
    with FitDisplay(events=options.json) as display:
        report = build(program, root, order, lambda rung: display.watch(f"fit {rung.title}"), display.tell)
    outcome = verdict(report, root / "build" / program.name)
    if options.frontier:
        found = frontier_of(report.tried)
        facts = {**outcome.facts, "frontier": [asdict(one) for one in found]}
        outcome = replace(outcome, facts=facts, picture=Group(outcome.picture, "", frontier_table(found)))
    texts = [_inferred(program, report)] if program.path is None else []
    texts += [suggestions_text(report.suggestions)] if report.suggestions else []
    outcome = replace(outcome, text="\n\n".join(texts))
    return _verified(outcome, program, root, options.revision, report) if options.verify else outcome


def _verified(outcome: Outcome, program: Program, root: Path, revision: str | None, report: Report) -> Outcome:
    """The outcome, with the files that a second build made equal."""
    same = verify(program, root, revision)
    told = f"built twice, equal: {', '.join(same)}\nequal bytes are {report.provenance.equal}"
    return replace(
        outcome, facts={**outcome.facts, "verified": same}, text="\n".join(filter(None, [outcome.text, told]))
    )


def _inferred(program: Program, report: Report) -> str:
    """What nobody had said, as the `datacc.toml` that is there now says it."""
    [output] = program.outputs
    column, classes = program.source.options.get("label"), len(report.data.classes[output.name])
    rows = [(f"input {field.name}", field.type, _options(field)) for field in program.inputs]
    what = f"{classes} {'labels' if output.form == 'labels' else 'classes'}" if classes else "a number"
    other = "; --type label takes each for a class" if output.form == "number" else ""
    rows.append((f"output {output.name}", output.type, f"{what}{f' of column {column!r}' if column else ''}{other}"))
    floor = "more than the mean explains" if output.form == "number" else "more than always giving the commonest answer"
    rows.append(("goal", "", floor))
    return f"{FILE} says now what was inferred; change it there:\n" + columns(rows, indent="  ")


def _options(field: Field) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in field.options.items())


def _plain(value: Any) -> str:
    """A list by its first items, a table of lists by how many each holds."""
    if isinstance(value, Mapping):
        return listed([f"{name} ({len(values)})" for name, values in value.items()])
    return listed(value) if isinstance(value, list) else str(value)


def _inferred_in(root: Path, options: argparse.Namespace) -> Program:
    """The program of a table that has no file yet."""
    kind = None if options.type is None else check_output_type(options.type)
    cached = None if options.exact else (root, cache(root))
    return infer_program(
        options.table,
        options.label,
        skip_bad=options.skip_bad,
        type=kind,
        inputs=options.inputs,
        cached=cached,
    )


def _asked(options: argparse.Namespace) -> tuple[Program, Path]:
    """The program and the folder that it is built in."""
    if options.table is None:
        if options.label or options.skip_bad or options.type or options.inputs:
            what = "--label, --type, --inputs and --skip-bad are about a table"
            raise UsageError(what, tries=["datacc build data.csv --label COLUMN"])
        path = find_program(Path.cwd())
        return read_program(path), path.parent
    root = Path.cwd()
    if not (root / FILE).exists():
        return _inferred_in(root, options), root
    asked = read_program(root / FILE)
    given = {"path": str(options.table), "label": options.label, "skip_bad": options.skip_bad or None}
    has, inputs = asked.source.options, {*known_columns(asked.inputs)}
    other = any(has.get(name) != value for name, value in given.items() if value is not None)
    other |= options.type is not None and check_output_type(options.type) != asked.outputs[0].type
    if asked.source.type != "table" or other or (options.inputs and set(options.inputs) != inputs):
        format_of(options.table)  # tells where there is no such table
        what = f"there is a {FILE} here already, and it asks for other examples or columns"
        raise UsageError(what, where=str(root / FILE), tries=["datacc build", "build in another folder"])
    return asked, root
