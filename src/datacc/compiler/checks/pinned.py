"""The check `pinned`: examples named by their ids must be answered right, whatever else changes."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.checks import NAMED, CheckKind, Trial
from datacc.compiler.likeness import likeness_of
from datacc.compiler.slices import class_index, place_of, row_named
from datacc.compiler.verdict import Line
from datacc.compiler.whole import ask_whole
from datacc.errors import DataccError, SpecError
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.repo.words import counted
from datacc.spec.program import Check, Field, Program
from datacc.spec.table import Table


class Pinned(CheckKind):
    """Keys: `pinned`, ids of examples or what they begin with; `class` or `answer`, what they must be answered as.

    Without it an example's own label is the right answer; judge examples need one, since their labels are sealed.
    """

    def read(self, table: Table, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Check:
        """The check that the table asks for."""
        table.known(["pinned", "class", "answer"])
        if not table.texts("pinned", ()):
            raise table.error("pinned names examples by their ids", "pinned", ['pinned = ["3fa8c1…"]'])
        options = {key: table.values[key] for key in ("pinned", "answer") if key in table.values}
        of_class, form = table.find("class", str), outputs[0].form
        if of_class is not None and form != "label":
            what = f"a class is the answer of one label; {outputs[0].name} is of type {outputs[0].type}"
            raise table.error(what, "class", ["answer = 12.5" if form == "number" else 'answer = ["…", "…"]'])
        if of_class is not None and "answer" in options:
            raise table.error("class and answer say the same: one of them", "answer", ["leave class out"])
        return Check(of_class=of_class, options=options)

    def described(self, check: Check) -> str:
        """How many, and as what."""
        count, wanted = counted(len(check.options["pinned"]), "pinned example"), _wanted(check)
        return f"{count} answered {wanted!r}" if wanted is not None else f"{count} answered right"

    def certify(self, check: Check, program: Program, snapshot: Snapshot) -> str:
        """Refuse ids that no example has, or several, those whose label is sealed, and what is no answer."""
        class_index(snapshot, program.outputs[0].name, check, program.file)
        try:
            likeness_of(program, snapshot, program.outputs[0].name).encoded([_wanted(check)])
        except DataccError as error:
            raise SpecError(error.what, where=place_of(check, program.file), tries=error.tries) from error
        _rows(check, program, snapshot)
        return ""

    def contradicts(self, check: Check, other: Check) -> str:
        """One example as two classes."""
        one, two = check.of_class, other.of_class
        if None in (one, two) or one == two:
            return ""
        ids = [id for id in check.options["pinned"] for also in other.options["pinned"] if _meet(id, also)]
        return f"{ids[0]} cannot be answered {one!r} and {two!r}" if ids else ""

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
        rows, like = _rows(check, trial.program, trial.snapshot), trial.likeness
        wanted, labels = _wanted(check), trial.snapshot.labels[trial.field][rows]
        right = like.decoded(labels if wanted is None else like.encoded([wanted] * len(rows)))
        answers = ask_whole(trial.native, trial.snapshot, rows)
        wrong = [
            f"{trial.named(int(row))} is answered {like.quoted(got)}, not {like.quoted(label)}"
            for row, got, label in zip(rows, like.decoded(answers[trial.field]), right, strict=True)
            if not like.same(got, label)
        ]
        return wrong, len(rows)


def _wanted(check: Check) -> Any:
    """What the examples must be answered as, None where their labels say it."""
    return check.options.get("answer") if check.of_class is None else check.of_class


def _rows(check: Check, program: Program, snapshot: Snapshot) -> NDArray[np.intp]:
    """The rows of the pinned examples, each once. Raises `SpecError`."""
    where = place_of(check, program.file)
    found = []
    for prefix in check.options["pinned"]:
        try:
            row = row_named(snapshot, prefix)
        except DataccError as error:
            raise SpecError(error.what, where=where, tries=error.tries) from error
        if _wanted(check) is None and snapshot.splits[row] == JUDGE:
            what = f"{snapshot.ids[row][:12]} is in judge, whose labels stay sealed: say what it must be answered"
            key = "class" if program.outputs[0].form == "label" else "answer"
            raise SpecError(what, where=where, tries=[f"{key} = …", "an example of learn or tune"])
        found.append(row)
    return np.array(sorted(set(found)), np.intp)


def _meet(one: str, other: str) -> bool:
    """Whether two beginnings of ids may mean one example."""
    one, other = one.strip().lower(), other.strip().lower()
    return one.startswith(other) or other.startswith(one)


ENTRY: Final = Pinned()
