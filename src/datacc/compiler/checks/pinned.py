"""The check `pinned`: examples named by their ids must be answered right, whatever else changes."""

from typing import Final

import numpy as np

from datacc.compiler.checks import NAMED, CheckKind, Trial
from datacc.compiler.slices import class_index, place_of, row_named
from datacc.compiler.verdict import Line
from datacc.compiler.whole import ask_whole
from datacc.errors import DataccError, SpecError
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.repo.words import counted
from datacc.spec.program import Check, Field, Program
from datacc.spec.table import Table


class Pinned(CheckKind):
    """Keys: `pinned`, ids of examples or what they begin with; `class`, what they must be answered as.

    Without a class an example's own label is the right answer; judge examples need one, since their labels are sealed.
    """

    def read(self, table: Table, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Check:
        """The check that the table asks for."""
        table.known(["pinned", "class"])
        if not table.texts("pinned", ()):
            raise table.error("pinned names examples by their ids", "pinned", ['pinned = ["3fa8c1…"]'])
        return Check(of_class=table.find("class", str), options={"pinned": table.values["pinned"]})

    def described(self, check: Check) -> str:
        """How many, and as what."""
        count = counted(len(check.options["pinned"]), "pinned example")
        return f"{count} answered {check.of_class!r}" if check.of_class is not None else f"{count} answered right"

    def certify(self, check: Check, program: Program, snapshot: Snapshot) -> str:
        """Refuse ids that no example has, or several, and those whose label is sealed."""
        class_index(snapshot, program.outputs[0].name, check, program.file)
        _rows(check, program, snapshot)
        return ""

    def contradicts(self, check: Check, other: Check) -> str:
        """One example as two classes."""
        if None in (check.of_class, other.of_class) or check.of_class == other.of_class:
            return ""
        ids = [one for one in check.options["pinned"] for two in other.options["pinned"] if _meet(one, two)]
        return f"{ids[0]} cannot be answered {check.of_class!r} and {other.of_class!r}" if ids else ""

    def line(self, check: Check, trial: Trial) -> Line:
        """Right answers of all that are pinned."""
        wrong, total = self._wrong(check, trial)
        named = f"\n  and {len(wrong) - NAMED:,} more" if len(wrong) > NAMED else ""
        return Line(
            kind="check",
            what=self.described(check),
            wanted="all of them",
            reached=f"{total - len(wrong):,} of {total:,}",
            holds=not wrong,
            closes="" if not wrong else "more examples like these, or a look at their labels",
            detail="\n  ".join(["wrong:", *wrong[:NAMED]]) + named if wrong else "",
        )

    def promising(self, check: Check, trial: Trial) -> bool:
        """A candidate that breaks one is not chosen."""
        return not self._wrong(check, trial)[0]

    def _wrong(self, check: Check, trial: Trial) -> tuple[list[str], int]:
        """The wrong ones in words, and how many are asked."""
        rows = _rows(check, trial.program, trial.snapshot)
        index = class_index(trial.snapshot, trial.field, check, trial.program.file)
        wanted = trial.snapshot.labels[trial.field][rows] if index is None else np.full(len(rows), index)
        answers = ask_whole(trial.native, trial.snapshot, rows)
        said = answers[trial.field].reshape(-1)
        names = trial.classes
        wrong = [
            f"{trial.named(int(row))} is answered {names[int(got)]!r}, not {names[int(right)]!r}"
            for row, got, right in zip(rows, said, wanted, strict=True)
            if got != right
        ]
        return wrong, len(rows)


def _rows(check: Check, program: Program, snapshot: Snapshot) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The rows of the pinned examples, each once. Raises `SpecError`."""
    where = place_of(check, program.file)
    found = []
    for prefix in check.options["pinned"]:
        try:
            row = row_named(snapshot, prefix)
        except DataccError as error:
            raise SpecError(error.what, where=where, tries=error.tries) from error
        if check.of_class is None and snapshot.splits[row] == JUDGE:
            what = f"{snapshot.ids[row][:12]} is in judge, whose labels stay sealed: say what it must be answered"
            raise SpecError(what, where=where, tries=['class = "…"', "an example of learn or tune"])
        found.append(row)
    return np.array(sorted(set(found)), np.intp)


def _meet(one: str, other: str) -> bool:
    """Whether two beginnings of ids may mean one example."""
    one, other = one.strip().lower(), other.strip().lower()
    return one.startswith(other) or other.startswith(one)


ENTRY: Final = Pinned()
