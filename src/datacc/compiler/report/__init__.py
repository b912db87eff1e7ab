"""What a build leaves to be read: the frozen `Report`, its JSON, and nothing about any single judge row."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

import numpy as np

from datacc.compiler.changes import Diff
from datacc.compiler.evidence import Evidence
from datacc.compiler.knowing import Knowing
from datacc.compiler.learnt import ON_TUNE
from datacc.compiler.shown import percent, seconds
from datacc.compiler.suggest import Suggestions
from datacc.compiler.verdict import Costs, Verdict, floored
from datacc.compiler.worn import worn
from datacc.errors import DataError, UsageError
from datacc.frozen import frozen
from datacc.ir.cost import NodeCost
from datacc.repo.snapshot import SPLITS, Snapshot
from datacc.spec.lock import LEARN
from datacc.spec.plain import read_json, tell

VERSION: Final = 1
_SAID: Final = {"accuracy": "of judge", "r2": "of the variance (r2)"}
WIDTHS: Final = ("width", "work", "latency", "right")


@frozen
class Data:
    """The examples: snapshot digest, origin, notes, rows of each split, class names by output."""

    digest: str
    origin: str
    notes: tuple[str, ...]
    rows: Mapping[str, int]
    classes: Mapping[str, tuple[str, ...]]


@frozen
class Candidate:
    """One choice that the search looked at: its costs, its score (None: never fitted), and why it stopped there.

    `tune` is the share of right answers to what it has not learnt, `how` they were had. `work` in multiply-adds;
    `size` and `memory` in bytes, None when it was not linked to know them. `share` says for how much of its whole
    recipe it was fitted.
    """

    skeleton: str
    sizes: Mapping[str, int]
    work: int
    size: int | None
    memory: int | None
    tune: float | None = None
    chosen: bool = False
    note: str = ""
    share: float = 1.0
    arithmetic: str = "float"
    how: str = ON_TUNE


@frozen
class Tune:
    """Answers to what was not learnt, for one output: (truth, answer, count) of every pair that occurs, as class
    indices, sorted; `how` they were had.
    """

    field: str
    classes: tuple[str, ...]
    pairs: tuple[tuple[int, int, int], ...]
    how: str = ON_TUNE

    @property
    def total(self) -> int:
        """All rows."""
        return sum(count for _, _, count in self.pairs)

    @property
    def right(self) -> int:
        """Rows whose answer is the label."""
        return sum(count for truth, answer, count in self.pairs if truth == answer)

    def of_class(self, index: int) -> tuple[int, int, int]:
        """Rows with this label, rows with this answer, rows with both."""
        labelled = sum(count for truth, _, count in self.pairs if truth == index)
        answered = sum(count for _, answer, count in self.pairs if answer == index)
        return labelled, answered, sum(count for truth, answer, count in self.pairs if truth == answer == index)

    @property
    def confused(self) -> tuple[tuple[int, int, int], ...]:
        """The pairs whose answer is not the label, the commonest first."""
        return tuple(sorted((pair for pair in self.pairs if pair[0] != pair[1]), key=lambda pair: -pair[2]))

    def weakest(self, most: int) -> tuple[tuple[str, int, int, int], ...]:
        """At most so many classes, found least often first: name, then as `of_class`; classes without a row are not."""
        figures = [(name, *self.of_class(index)) for index, name in enumerate(self.classes)]
        return tuple(sorted((f for f in figures if f[1]), key=lambda f: (f[3] / f[1], f[0]))[:most])


@frozen
class Provenance:
    """What made the program: versions, processor and arithmetic, the commit, the digest of `datacc.lock`, and
    those of the files that its checks ran; `machine` is the class of machines that it was made on, "" in older reports.

    `parent` is the digest of the Graph that its fit went on from, None for a fit from nothing; `tutor` the skeleton
    and sizes of what taught it, None without one. `learnt` says which splits it learnt.
    """

    datacc: str
    toolchain: Mapping[str, str]
    cpu: str
    commit: str | None
    lock: str | None
    arithmetic: str = "float"
    checks: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    tutor: str | None = None
    learnt: str = LEARN
    machine: str = ""

    @property
    def equal(self) -> str:
        """For which builds the same bytes are promised; "" where the report does not know."""
        kept = ", where the cache or the artifact has what it was fitted from" if self.parent else ""
        given = f"of the same examples, datacc.lock, toolchain and Python packages{kept}"
        return f"promised on {self.machine}, {given}" if self.machine else ""


@frozen
class Digests:
    """Digests of the fitted Graph, the emitted C and the linked library."""

    graph: str
    source: str
    library: str


@frozen
class Report:
    """Everything about one build.

    `program` is the text of the `datacc.toml` that was asked for, `recipe` how it was fitted, as in `datacc.lock`;
    `files` digests of the artifact's files by name; `seen` what outputs that are no label do on tune, in words; `known`
    how outputs that abstain were calibrated. `since` is what changed since the build that this one replaced, with some
    examples named, and `unlike` says why the two cannot be compared. `suggestions` are there where models that had not
    seen an example were asked about it.
    """

    version: int = field(default=VERSION)
    name: str
    program: str
    data: Data
    tried: tuple[Candidate, ...]
    verdict: Verdict
    costs: Costs
    ops: tuple[NodeCost, ...]
    tune: tuple[Tune, ...]
    recipe: Mapping[str, int | float | str] = field(default_factory=dict)
    provenance: Provenance
    digests: Digests
    files: Mapping[str, str] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    known: tuple[Knowing, ...] = ()
    since: Diff | None = None
    unlike: str = ""
    suggestions: Suggestions | None = None

    def to_json(self) -> str:
        """The text of `report.json` (docs/formats/report.md)."""
        return tell(self) + "\n"

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the examples, of the comparison with the build before, and of how worn judge is."""
        return tuple(note for note in (*self.data.notes, self.unlike, worn(self.verdict)) if note)

    @property
    def makers(self) -> dict[str, str]:
        """What made the program, in words: versions and digests by what they are of; what there is none of is not."""
        made, digests = self.provenance, self.digests
        facts = {
            "datacc": made.datacc,
            "toolchain": ", ".join(f"{name} {version}" for name, version in sorted(made.toolchain.items())),
            "processor": made.cpu,
            "machine": made.machine,
            "arithmetic": made.arithmetic,
            "commit": made.commit,
            "datacc.lock": made.lock,
            "fitted from": made.parent or "nothing",
            "taught by": made.tutor,
            "learnt": made.learnt,
            "examples": self.data.digest,
            "graph": digests.graph,
            "C": digests.source,
            "library": digests.library,
            "checks": ", ".join(f"{name} {digest}" for name, digest in sorted(made.checks.items())),
            "the same bytes": made.equal,
        }
        return {name: value for name, value in facts.items() if value}


@frozen
class _About:
    version: int


def read_report(path: Path) -> Report:
    """The report in the file `path`. Raises `UsageError` without one, `DataError` when it is damaged or newer."""
    tries = ["datacc build"]
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError("there is no built program", where=str(path.parent), tries=tries) from error
    try:
        about = read_json(_About, text)
        if about.version > VERSION:
            newer = f"version {about.version} is newer than this datacc reads ({VERSION})"
            raise DataError(newer, where=str(path), tries=["install a newer datacc"])
        return read_json(Report, text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not a report: {error}", where=str(path), tries=tries) from error


def data_of(snapshot: Snapshot) -> Data:
    """What a report says about the examples."""
    rows = {name: len(snapshot.rows(split)) for split, name in enumerate(SPLITS)}
    return Data(
        digest=snapshot.digest, origin=snapshot.origin, notes=snapshot.notes, rows=rows, classes=dict(snapshot.classes)
    )


def width_rows(verdict: Verdict) -> list[tuple[str, str, str, str]]:
    """A row of cells for each width, under the heads `WIDTHS`."""
    return [
        (
            f"{one.width:g}",
            f"{one.work:,} multiply-adds",
            seconds(one.latency),
            f"{percent(one.accuracy.value, 2)} {_SAID.get(one.metric, one.metric)}, ≥ {floored(one.accuracy.bound)}",
        )
        for one in verdict.widths
    ]


def tune_of(evidence: Evidence) -> Tune:
    """The counts behind the confusion matrix."""
    pairs = np.stack([evidence.truth, evidence.answer], axis=1)
    found, counts = np.unique(pairs, axis=0, return_counts=True)
    rows = tuple((int(t), int(a), int(n)) for (t, a), n in zip(found, counts, strict=True))
    return Tune(field=evidence.field, classes=evidence.classes, pairs=rows, how=evidence.how)
