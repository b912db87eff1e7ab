"""The check `broken`: what the build before answered right must not be wrong now."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from datacc.compiler.certify import refuse_rows
from datacc.compiler.checks import CheckKind, Trial
from datacc.compiler.diff import Side, said, shared
from datacc.compiler.sides import open_side
from datacc.compiler.slices import place_of, slice_rows, with_slice
from datacc.compiler.verdict import Line, floored, share
from datacc.errors import CertifyError, DataccError
from datacc.goals import rate
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.repo.wishes import require_trusted_build
from datacc.spec.checks import read_where
from datacc.spec.program import Check, Field, Program
from datacc.spec.table import Table


class Broken(CheckKind):
    """Keys: `broken`, a whole number of answers or a share of those that were right; `where`.

    Counted on examples that are in judge of both builds, by their present labels, as a diff of the two would. A whole
    number is counted as it is, a share by its bound. Nothing is broken where there was no build before.
    """

    def read(self, table: Table, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Check:
        """The check that the table asks for."""
        table.known(["broken", "where"])
        limit = table.need("broken", float, example="broken = 0")
        given: Any = table.values["broken"]
        if isinstance(given, int):
            if given < 0:
                raise table.error("fewer than no answer cannot break", "broken", ["broken = 0"])
        elif not 0 < limit < 1:
            what = f"broken is a whole number of answers, or a share above 0 and below 1; {limit:g} is not"
            tries = [f"broken = {limit / 100:g}"] if 1 <= limit < 100 else []
            raise table.error(what, "broken", [*tries, f"broken = {max(0, int(limit)) if limit < 1e9 else 0}"])
        return Check(where=read_where(table), options={"broken": given})

    def described(self, check: Check) -> str:
        """In words."""
        return with_slice("right answers broken since the build before", check)

    def certify(self, check: Check, program: Program, snapshot: Snapshot) -> str:
        """Refuse a slice without judge examples, or with too few for a share."""
        limit = check.options["broken"]
        at_most = 1.0 if isinstance(limit, int) else limit
        chosen = refuse_rows(self.described(check), check, program, snapshot, at_most)
        if not chosen[snapshot.rows(JUDGE)].any():
            what = f"{self.described(check)} cannot be counted: judge has no such example"
            raise CertifyError(what, where=place_of(check, program.file), tries=["another slice", "more examples"])
        return ""

    def line(self, check: Check, trial: Trial) -> Line:
        """The answers that broke, as a count: no judge example is named."""
        place, limit = trial.place, check.options["broken"]
        wanted = f"≤ {limit:,}" if isinstance(limit, int) else f"≤ {share(limit)} of those that were right"
        line = Line(kind="check", what=self.described(check), wanted=wanted, reached="", holds=True)
        if place is None or place.before is None:
            return replace(line, reached="no build before this one to compare with")
        try:
            require_trusted_build(place.before)
            old = open_side(place.before, place.root, place.store)
        except DataccError as error:
            told = f"the build before cannot be asked: {error.what}"
            again = f"to begin anew, remove build/{trial.program.name} and build again"
            return replace(line, reached=told, holds=False, closes=again)
        right, broke = _counted(check, trial, old)
        return _judged(line, limit, right, broke)


def _counted(check: Check, trial: Trial, old: Side) -> tuple[int, int]:
    """Judge examples of both builds in the slice: answered right before, and of these answered wrong now."""
    chosen = slice_rows(trial.snapshot, check, trial.program.file)
    place = {trial.snapshot.ids[row]: n for n, row in enumerate(trial.rows) if chosen[row]}
    ids = [id for id in shared(old.snapshot, trial.snapshot, JUDGE) if id in place]
    at = np.array([place[id] for id in ids], np.intp)
    truth, now = (trial.likeness.decoded(frozen[at]) for frozen in (trial.truth, trial.answer))
    same = trial.likeness.same
    right = [(label, was, is_) for label, was, is_ in zip(truth, said(old, ids), now, strict=True) if same(was, label)]
    return len(right), sum(not same(is_, label) and not same(was, is_) for label, was, is_ in right)


def _judged(line: Line, limit: float, right: int, broke: int) -> Line:
    """The line with what was counted."""
    counts = f"{broke:,} of {right:,} that were right"
    if isinstance(limit, int):
        holds = broke <= limit
        closes = "" if holds else f"{broke - limit:,} fewer; datacc diff names those of tune"
        return replace(line, reached=counts, holds=holds, closes=closes, limit=float(limit), value=float(broke))
    bound = 1 - rate(right - broke, right).bound
    holds = bound <= limit
    closes = "" if holds else "fewer broken answers, or more judge examples; datacc diff names those of tune"
    reached = f"{counts}; at most {_ceiled(bound)}"
    return replace(line, reached=reached, holds=holds, closes=closes, limit=limit, value=bound)


def _ceiled(bound: float) -> str:
    """A bound from above as a percentage, rounded up."""
    return floored(min(1.0, bound + 0.0001 - 1e-12))


ENTRY: Final = Broken()
