"""Import examples: a folder per class, a table, .npz, Parquet, Label Studio, Hugging Face, or an archive.

One import is one commit, or nothing at all when anything in it cannot be read. The first import also writes the
datacc.toml that fits.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.errors import DataError
from datacc.intake.importing import ImportOptions, ImportReport, import_examples
from datacc.intake.inbox import is_inbox
from datacc.repo.find import find
from datacc.repo.packs import keeps_outside
from datacc.repo.words import counted
from datacc.spec.fields import check_output_type

EXAMPLE: Final = "datacc import photos/ --skip-bad"
MOST_CLASSES: Final = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to import, and which column is what."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "path", nargs="?", type=Path, help="a folder, or a .csv, .tsv, .jsonl, .npz, .parquet, .json, .zip or .tar file"
    )
    what.add_argument(
        "--inbox",
        type=Path,
        metavar="FOLDER",
        help="instead: the calls that a built program, or @datacc.port, kept there",
    )
    parser.add_argument("--label", metavar="COLUMN", help="the column that holds the labels")
    parser.add_argument("--type", metavar="TYPE", help="what a label is: label, labels (between semicolons), number")
    parser.add_argument("--group", metavar="COLUMN", help="rows with the same value there never straddle two splits")
    parser.add_argument(
        "--split", metavar="COLUMN", help="the column that says learn, tune or judge (by a hash of the input)"
    )
    parser.add_argument("--key", metavar="COLUMN", help="the column that tells equal inputs apart")
    parser.add_argument(
        "--inputs", metavar="COLUMN", nargs="+", help="the columns to learn from (those that look like it)"
    )
    parser.add_argument("--skip-bad", action="store_true", help="leave out what cannot be read, and say so")


def run(options: argparse.Namespace) -> Outcome:
    """Import, and count what came in."""
    given = ImportOptions(
        label=options.label,
        group=options.group,
        split=options.split,
        key=options.key,
        inputs=tuple(options.inputs) if options.inputs else None,
        skip_bad=options.skip_bad,
        type=None if options.type is None else check_output_type(options.type),
    )
    if options.inbox is not None and not is_inbox(options.inbox):
        tries = ["wrap(inbox=FOLDER) of a built wheel keeps what it does not know"]
        raise DataError("there are no calls in it", where=str(options.inbox), tries=tries)
    repository = find(Path.cwd())
    done = import_examples(repository, options.inbox or options.path, given)
    alone = any((repository.root / "media").glob(f"{done.run}/index.tsv")) and keeps_outside(repository)
    note = ["note: its files are here alone until datacc push"] if done.run and alone else []
    return Outcome(facts=asdict(done), text="\n".join([*_lines(done), *note, "next: datacc build"]))


def _lines(done: ImportReport) -> Iterator[str]:
    where = f" in commit {done.commit[:10]}" if done.commit else "; nothing to commit"
    yield f"{counted(done.examples, 'example')} imported from {done.origin}{where}"
    classes = [f"{name} {count:,}" for name, count in done.classes.items()]
    more = f", and {len(classes) - MOST_CLASSES:,} more" if len(classes) > MOST_CLASSES else ""
    if classes:
        yield f"{done.output}: {', '.join(classes[:MOST_CLASSES])}{more}"
    left = (
        (done.already, "in the repository already"),
        (done.forgotten, "of examples that are forgotten: they stay out"),
        (done.copies, "copies of another in it"),
        (done.unlabelled, "without a label"),
        (done.skipped, "unreadable and left out"),
    )
    yield from (f"{count:,} {what}" for count, what in left if count)
    if done.conflicted:
        yield f"{counted(done.conflicted, 'conflict')} to resolve with datacc label:"
        yield from (f"  {conflict}" for conflict in done.conflicts)
    yield from (f"note: {note}" for note in done.notes)
    if done.wrote_program:
        yield "wrote datacc.toml: say there what you need"
