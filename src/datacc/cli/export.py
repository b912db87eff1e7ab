"""Export examples: a folder per class, CSV, TSV, JSON Lines, Parquet, .npz, Label Studio or Hugging Face.

The ending of PATH says the format, or --format; a name without an ending is a folder per class. datacc import reads
back the same examples under the same ids. Edits that are not committed are not exported.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.intake.exporting import ExportReport, export_examples
from datacc.repo.find import find
from datacc.repo.words import counted

EXAMPLE: Final = "datacc export cats.parquet"
MOST_CLASSES: Final = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, in which format, and what."""
    parser.add_argument("path", type=Path, help="the file or folder to write")
    parser.add_argument("revision", nargs="?", default="HEAD", help="a commit, branch or tag (HEAD)")
    parser.add_argument("--format", metavar="F", help="folder, table, jsonl, npz, parquet, labelstudio or huggingface")
    parser.add_argument("--label", metavar="OUTPUT", help="the output that is the label, of several")
    parser.add_argument("--force", action="store_true", help="replace what an earlier export wrote there")


def run(options: argparse.Namespace) -> Outcome:
    """Export, and count what went out."""
    done = export_examples(
        find(Path.cwd()),
        options.path,
        format=options.format,
        revision=options.revision,
        label=options.label,
        force=options.force,
    )
    return Outcome(facts=asdict(done), text="\n".join(_lines(done)))


def _lines(done: ExportReport) -> Iterator[str]:
    yield f"{counted(done.examples, 'row')} of commit {done.commit[:10]} exported to {done.path} ({done.format})"
    classes = [f"{name} {count:,}" for name, count in done.classes.items()]
    more = f", and {len(classes) - MOST_CLASSES:,} more" if len(classes) > MOST_CLASSES else ""
    if classes:
        yield f"{', '.join(classes[:MOST_CLASSES])}{more}"
    if done.unlabelled:
        yield f"{done.unlabelled:,} without a label"
    beside = [name for name in done.files if name != Path(done.path).name]
    yield from (f"{name} says what the columns are; keep it beside the file" for name in beside)
