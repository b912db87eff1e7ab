"""Programs that know when they do not know: the law of their coverage, what both goals reach, what abstaining costs.

    python bench/abstain.py              two minutes: the gallery's digits, two builds, 100 splits
    python bench/abstain.py labels number   ten minutes: 100 fits and 100 searches for each
    python bench/abstain.py --quick      under a minute: one build, of a small net; ten of each of these
    python bench/abstain.py --json       one JSON object on standard output, row → figures

The digits are those of gallery/digits. One program is built with `error = 0.01` and `coverage = 0.9`, a second one of
the same net, which stands beside it, without. Then 100 times all examples that the first did not learn from are dealt
anew into those that give a temperature, those that give a limit, and those that are counted.

Several labels and numbers are of generated examples, new for each of 100 fits of one form, and again for each of 100
searches, all counted on fresh rows: so it shows, too, what a search chooses by rows that calibrate. It prints figures
and asserts none.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sides.abstaining import OPTIONS as GENERATED
from sides.abstaining import law_rows as law_of_programs
from sides.process import ROOT
from sides.rows import Row
from sides.telling import tell

from datacc.compiler.build import LOCK, Order, build
from datacc.compiler.certify import chance_of
from datacc.compiler.knowing import features_of
from datacc.compiler.limit import Asked, choose
from datacc.compiler.report import Report
from datacc.compiler.temperature import sharpness
from datacc.goals import rate
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.registry import load
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.sources import Source
from datacc.spec.lock import read_lock, shape_digest, write_lock
from datacc.spec.program import Goal, Origin, Program
from datacc.spec.read import read_program
from datacc.store import Store

SPLITS: Final = 100
PROGRAMS, QUICK_PROGRAMS = 100, 10  # of each other form, and each way
FORMS: Final = ("label", *GENERATED)
SELECT, CALIBRATE = 250, 250  # of the examples that a split deals; the others are counted
COVERAGE: Final = 0.90
BANDS: Final = (0.95, 0.999)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Examples that a program did not learn from: features (N, K) and classes (N,); `answer` is its answer's Graph."""

    features: NDArray[np.float32]
    truth: NDArray[np.int32]
    answer: Graph

    def confidence(self, rows: NDArray[np.intp], sharp: float) -> NDArray[np.float32]:
        """Of the answers to these rows."""
        graph = self.answer.fill({"digit.sharpness": np.array([sharp])})
        found: NDArray[np.float32] = interpret(graph, {"digit.features": self.features[rows]})["digit_confidence"]
        return found[:, 0]


def asked_of(folder: Path, *, quick: bool) -> Program:
    """The gallery's program, of the table that its fetch.py wrote into `folder`."""
    program = read_program(ROOT / "gallery" / "digits" / "datacc.toml")
    source = Origin(type="table", options={"path": str(folder / "digits.npz")})
    skeleton = "mlp.v1" if quick else program.skeleton
    return replace(program, source=source, skeleton=skeleton, path=folder / "datacc.toml")


def abstaining(program: Program) -> Program:
    """The same, asked to know when it does not know."""
    [digit] = program.outputs
    goals = (Goal(metric="error", limit=0.01), Goal(metric="coverage", limit=COVERAGE))
    return replace(program, outputs=(replace(digit, options={"abstain": True}),), goals=goals)


def pool_of(program: Program, folder: Path) -> Pool:
    """Tune and judge of a built program; the labels come from the public file, by the picture's own bytes."""
    store = Store(folder / "store")
    source: Source = load("sources", "table")
    snapshot: Snapshot = source.snapshot(program, folder, None, store)
    rows = np.flatnonzero(snapshot.splits != LEARN)
    graph = load_graph((folder / "build" / program.name / "graph.dcc").read_bytes())
    inputs = {name: array[rows] for name, array in snapshot.inputs.items()}
    label = load("types", "label")
    answer = label.answer("digit", snapshot.classes["digit"], label.options(abstain=True))
    return Pool(features=features_of(graph, "digit", inputs), truth=_labels(snapshot, rows, folder), answer=answer)


def _labels(snapshot: Snapshot, rows: NDArray[np.intp], folder: Path) -> NDArray[np.int32]:
    with np.load(folder / "digits.npz") as file:
        pictures, labels = file["x"], file["y"]
    known = {picture.astype(np.uint8).tobytes(): str(label) for picture, label in zip(pictures, labels, strict=True)}
    classes = snapshot.classes["digit"]
    [pixels] = (array[rows] for array in snapshot.inputs.values())
    return np.array([classes.index(known[picture.tobytes()]) for picture in pixels], np.int32)


def law_rows(pool: Pool) -> Iterator[Row]:
    """How much is known of what was not dealt to temperature and limit, against the exact law of it."""
    random, count = np.random.default_rng(0), len(pool.truth) - SELECT - CALIBRATE
    asked, shares, inside = Asked(coverage=COVERAGE, judge=count), [], dict.fromkeys(BANDS, 0)
    for _ in range(SPLITS):
        order = random.permutation(len(pool.truth))
        select, calibrate, counted = np.split(order, [SELECT, SELECT + CALIBRATE])
        sharp = sharpness(pool.features[select], pool.truth[select])
        limit = choose(pool.confidence(calibrate, sharp), np.ones(CALIBRATE, bool), asked)
        known = int((pool.confidence(counted, sharp) >= np.float32(limit.value)).sum())
        shares.append(known / count)
        for band in BANDS:
            low, high = band_of(limit.unknown, count, band)
            inside[band] += low <= known <= high
    mean = (CALIBRATE - limit.unknown) / (CALIBRATE + 1)
    said = f"of {SPLITS} splits: {CALIBRATE} rows calibrate, {count} are counted"
    for band, found in inside.items():
        low, high = (n / count for n in band_of(limit.unknown, count, band))
        note = f"in the exact {band:.1%} band {low:.4f} … {high:.4f}, {said}"
        yield Row(name=f"abstain/{band:.1%}", ours=found / SPLITS, unit="share", better="more", note=note)
    law = f"Beta({CALIBRATE - limit.unknown}, {limit.unknown + 1})"
    note = f"mean of the splits, beside that of {law}; {min(shares):.4f} … {max(shares):.4f}"
    yield Row(
        name="abstain/coverage/law", ours=float(np.mean(shares)), peer=mean, unit="share", better="more", note=note
    )


def band_of(unknown: int, count: int, share: float) -> tuple[int, int]:
    """The narrowest central counts that hold at least `share` of the beta-binomial law of a limit."""
    seen, rest = rate(CALIBRATE - 1 - unknown, CALIBRATE - 1), (1 - share) / 2
    at_least = [chance_of(n, count, seen) for n in range(count + 1)]  # falls from 1
    low = max(n for n, chance in enumerate(at_least) if chance >= 1 - rest)
    high = min(n for n, chance in enumerate(at_least) if n == count or at_least[n + 1] <= rest)
    return low, high


def build_rows(one: Report, other: Report | None) -> Iterator[Row]:
    """What judge certified of both goals, the calibration error, and what abstaining costs."""
    for line in one.verdict.lines:
        if line.kind == "goal" and line.figure is not None:
            wrong = line.figure.total - line.figure.right if line.figure.at_most else line.figure.right
            note = f"judge's bound, {'holds' if line.holds else 'MISSES'} {line.wanted}; "
            note += f"{wrong:,} of {line.figure.total:,}"
            better: Any = "less" if line.figure.at_most else "more"
            yield Row(name=f"abstain/build/{line.what}", ours=line.figure.bound, unit="share", better=better, note=note)
    [known] = one.known
    note = f"peer: before the temperature; on {known.calibrating} calibrating rows"
    yield Row(name="abstain/calibration/before", ours=known.after, peer=known.before, unit="share", note=note)
    if other is not None:
        yield Row(name="abstain/size/without", ours=one.costs.size, peer=other.costs.size, unit="B", note="library")
        yield Row(name="abstain/work/without", ours=one.costs.work, peer=other.costs.work, unit="", note="MAC")


def build_like(program: Program, folder: Path, lock: Path) -> Report:
    """The report of a program that is built in the form of another one's lock."""
    known = read_lock(lock)
    assert known is not None
    write_lock(folder / LOCK, replace(known, program=shape_digest(program)))
    return build(program, folder)


def measure(forms: Iterable[str], *, quick: bool) -> Iterator[Row]:
    programs = QUICK_PROGRAMS if quick else PROGRAMS
    for form in forms:
        yield from measured_label(quick=quick) if form == "label" else law_of_programs(form, programs)


def measured_label(*, quick: bool) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as place:
        folder, plain = Path(place) / "abstain", Path(place) / "plain"
        for one in (folder, plain):
            one.mkdir()
            subprocess.run(
                [sys.executable, ROOT / "gallery" / "digits" / "fetch.py", one], check=True, capture_output=True
            )
        program = abstaining(asked_of(folder, quick=quick))
        report = build(program, folder, Order(search=True))
        alone = quick or not report.verdict.holds  # then there is no lock
        without = None if alone else build_like(asked_of(plain, quick=False), plain, folder / LOCK)
        return [*law_rows(pool_of(program, folder)), *build_rows(report, without)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("forms", nargs="*", default=["label"], metavar="form", help=f"of {', '.join(FORMS)}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="under a minute")
    options = parser.parse_args()
    unknown = sorted({*options.forms} - {*FORMS})
    if unknown:
        parser.error(f"{unknown[0]!r} is no form; there are: {', '.join(FORMS)}")
    tell(measure(options.forms, quick=options.quick), (), json=options.json)


if __name__ == "__main__":
    main()
