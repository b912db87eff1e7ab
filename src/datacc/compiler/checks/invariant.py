"""The check `invariant`: a small variation of the input must not change the answer."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import MOST_ROWS
from datacc.compiler.certify import refuse_rows
from datacc.compiler.checks import RowKind, Trial
from datacc.compiler.slices import with_slice
from datacc.registry import load, names
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.spec.checks import read_input, read_where
from datacc.spec.fields import validated
from datacc.spec.plain import kinds, needed
from datacc.spec.program import Check, Field, Program
from datacc.spec.table import Table
from datacc.store import digest
from datacc.types import options_of
from datacc.variations import Variation

DRAWS: Final = 4
MOST_DRAWS: Final = 100


class Invariant(RowKind):
    """Keys: `invariant`, a variation, and `by`, its options; `draws`, `input`, `where`, `at_least`.

    A row counts as one, whatever the number of draws: it keeps its answer when every one of them does, a number within
    its tolerance.
    """

    def read(self, table: Table, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Check:
        """The check that the table asks for."""
        table.known(["invariant", "by", "draws", "input", "where", "at_least"])
        name = table.need("invariant", str, example='invariant = "rotate"')
        with table.blaming("invariant"):
            variation: Variation = load("variations", name)
        field = read_input(table, inputs, variation.varies, f"{name} varies", _fitting(inputs))
        by = table.table("by")
        by.known(kinds(variation.options))
        missing = needed(variation.options)
        if "by" not in table.values and missing:
            raise table.error(f"{name} needs to know by what", "invariant", [f"by = {{ {missing[0]} = … }}"])
        options = validated(by, variation.options, by.values)
        with table.blaming("by" if "by" in table.values else "invariant"):
            variation.refuse(options, options_of(field))
        draws = table.get("draws", int, DRAWS)
        if not 1 <= draws <= MOST_DRAWS:
            raise table.error(f"draws must be between 1 and {MOST_DRAWS}", "draws", ["draws = 4"])
        written = {key: table.values[key] for key in ("invariant", "by", "draws", "input") if key in table.values}
        return Check(at_least=table.share("at_least"), where=read_where(table), options=written)

    def described(self, check: Check) -> str:
        """The variation with its options, and the slice."""
        by = ", ".join(f"{name} = {value!r}" for name, value in check.options.get("by", {}).items())
        return with_slice(f"answer stays under {check.options['invariant']}" + (f" ({by})" if by else ""), check)

    def certify(self, check: Check, program: Program, snapshot: Snapshot) -> str:
        """Refuse a slice that is too small."""
        refuse_rows(self.described(check), check, program, snapshot)
        return ""

    def kept(self, check: Check, trial: Trial) -> NDArray[np.bool_]:
        """The rows with the same answer after every draw."""
        kept = np.ones(len(trial.rows), bool)
        for part, varied in _varied(check, trial):
            kept[part] &= trial.likeness.alike(trial.native.batch(varied)[trial.field], trial.answer[part])
        return kept


def _varied(check: Check, trial: Trial) -> Iterator[tuple[slice, dict[str, NDArray[Any]]]]:
    """Every draw of every row, some rows at a time: where they stand, and their inputs with one of them varied."""
    variation, field = _chosen(check, trial.program)
    options, of = variation.options(**check.options.get("by", {})), options_of(field)
    learn = trial.snapshot.inputs[field.name][trial.snapshot.rows(LEARN)]
    for start in range(0, len(trial.rows), MOST_ROWS):
        part = slice(start, start + MOST_ROWS)
        inputs = {name: array[part] for name, array in trial.inputs.items()}
        ids = [trial.snapshot.ids[row] for row in trial.rows[part]]
        for draw in range(check.options.get("draws", DRAWS)):
            random = [generator(trial.program.seed, id, draw) for id in ids]
            yield part, {**inputs, field.name: variation.vary(inputs[field.name], random, options, of, learn)}


def generator(seed: int, id: str, draw: int) -> np.random.Generator:
    """Chance for one draw of one example: the same whatever else is asked, and whichever program is."""
    return np.random.default_rng(int(digest("draw", str(seed), id, str(draw)), 16))


def _chosen(check: Check, program: Program) -> tuple[Variation, Field]:
    variation: Variation = load("variations", check.options["invariant"])
    named = check.options.get("input")
    fields = (one for one in program.inputs if one.name == named or (not named and one.type == variation.varies))
    return variation, next(fields)


def _fitting(inputs: tuple[Field, ...]) -> list[str]:
    """The variations that these inputs know, as they are written."""
    types = {field.type for field in inputs}
    return [f'invariant = "{name}"' for name in names("variations") if load("variations", name).varies in types]


ENTRY: Final = Invariant()
