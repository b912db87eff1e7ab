"""Measures the label repository on a million labelled texts, beside other ways to keep versions of labels.

    python bench/repository.py             some minutes
    python bench/repository.py --quick     at most 50 s; 100,000 texts and no peers
    python bench/repository.py --json      one JSON object on standard output, row → figures

Seconds are processor time with all children, medians where a thing is done more than once; `acknowledge` and `clone`
are on the wall clock. It asserts nothing about time; that what is measured was done is checked.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from sides.cpu import cpu, wall
from sides.labelled import Texts, edits, make_texts
from sides.labels_datacc import Datacc
from sides.labels_peers import PEERS
from sides.machine import load, machine_class, versions
from sides.rows import Row, as_json, table

FULL, QUICK = 1_000_000, 100_000
PACKAGES = ("numpy",)


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Every row of ours, then those of the peers."""
    texts = make_texts(QUICK if quick else FULL)
    texts.write(folder / "texts.csv")
    ours = list(_ours(folder / "datacc", folder / "texts.csv", texts, rounds=3 if quick else 5))
    yield from ours
    if quick:
        return
    known = {row.name: row for row in ours}
    for name, peer in PEERS.items():
        try:
            for row, seconds in peer(folder / name, texts):
                yield Row(name=f"{row}/{name}", ours=known[row].ours, peer=seconds)
        except Exception as error:  # a peer that is not installed, or cannot, is left out, whatever it says
            print(f"{name}: skipped: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)


def _ours(folder: Path, table_file: Path, texts: Texts, rounds: int) -> Iterator[Row]:
    note = f"{len(texts.texts):,} texts"
    side = Datacc(folder, texts)
    yield Row(name="import_1m", ours=cpu(lambda: side.load(table_file)), note=note)
    yield Row(name="size", ours=side.size(), unit="B", note="objects of git, without inputs.jsonl")
    yield Row(name="snapshot_cold", ours=cpu(side.open_cold), note="ids, labels, states; no local index")
    yield Row(name="snapshot_cached", ours=median(cpu(side.open_cached) for _ in range(rounds)))
    seconds = []
    for k in range(rounds):
        side.edit(edits(texts, 1, k))
        seconds.append(cpu(side.commit))
    yield Row(name="commit_1", ours=median(seconds))
    seconds, differences = [], []
    for k in range(rounds):
        side.edit(edits(texts, 1000, 10 + k))
        seconds.append(cpu(side.commit))
        differences.append(cpu(lambda: side.diff(1000)))
    yield Row(name="commit_1000", ours=median(seconds))
    yield Row(name="diff_1000", ours=median(differences))
    seconds = []
    for k in range(rounds):
        side.branch(edits(texts, 1000, 20 + k), edits(texts, 1000, 30 + k), shared=50, number=k)
        seconds.append(cpu(side.merge))
        side.check_merged()
    yield Row(
        name="merge_1000x1000", ours=median(seconds), note="50 examples in both, 25 of them in conflict: all found"
    )
    yield Row(name="blame", ours=median(cpu(lambda k=k: side.blame(k)) for k in range(20)))  # type: ignore[misc]
    side.edit(edits(texts, 1, 40))
    yield Row(name="status", ours=median(cpu(side.status) for _ in range(20)), note="with an edit in the journal")
    yield Row(name="acknowledge", ours=median(wall(lambda k=k: side.label(k)) for k in range(50)), note="wall")  # type: ignore[misc]
    side.commit()
    yield Row(name="commit_command", ours=median(side.commit_command(k) for k in range(rounds)), note="a process")
    yield Row(
        name="clone", ours=wall(lambda: side.clone(folder.with_name("clone"))), note="wall; by git, from a folder"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="100,000 texts, no peers")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    print(f"{machine_class()}; {load()}; {versions(PACKAGES)}", file=sys.stderr)
    folder = Path(tempfile.mkdtemp(prefix="bench-repository-"))
    try:
        rows = list(measure(folder, quick=options.quick))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(as_json(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
