"""The check `direction`: raising a column of a record must raise, or lower, the score of a class or the number."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Arrays, ask
from datacc.compiler.certify import refuse_rows
from datacc.compiler.checks import RowKind, Trial
from datacc.compiler.slices import class_index, place_of, with_slice
from datacc.errors import SpecError
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.spec.checks import read_input, read_where
from datacc.spec.program import Check, Field, Program
from datacc.spec.table import Table
from datacc.types import options_of

DIRECTIONS: Final = ("up", "down")
ROUNDING: Final = 1e-6  # by which a score may go the wrong way; a number by that share of its tolerance
RECORD: Final = "record"
_WHOSE: Final = 'class = "…": whose score is it?'
_KEYS: Final = ("direction", "column", "by", "strict", "input")


class Direction(RowKind):
    """Keys: `direction` ("up" or "down"), `column`, `class`, `by`, `strict`, `input`, `where`, `at_least`.

    The class is that whose score is looked at; a number has none, and is looked at itself. `by` is what is added to the
    column, one deviation over learn when it is left out. Without `strict` a score that stays as it is will do.
    """

    def read(self, table: Table, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Check:
        """The check that the table asks for."""
        table.known([*_KEYS, "class", "where", "at_least"])
        direction = table.need("direction", str, example='direction = "up"')
        if direction not in DIRECTIONS:
            what = f"a score goes up or down, not {direction!r}, when a column is raised"
            raise table.error(what, "direction", [f'direction = "{one}"' for one in DIRECTIONS])
        field = read_input(table, inputs, RECORD, "direction is about a column of", ['invariant = "brightness"'])
        column = table.need("column", str, example='column = "…"')
        with table.blaming("column"):
            options_of(field).measured(column)
        by = table.find("by", float)
        if by is not None and not 0 < by < np.inf:
            raise table.error("by is what is added to the column: above 0", "by", ["by = 1"])
        strict = table.flag("strict")
        if outputs[0].form == "number" and "class" in table.values:
            raise table.error(f"{outputs[0].name} is a number, and has no classes", "class", ["leave class out"])
        return Check(
            at_least=table.share("at_least"),
            of_class=None if outputs[0].form == "number" else table.need("class", str, example=_WHOSE),
            where=read_where(table),
            options={key: table.values[key] for key in _KEYS if key in table.values and (key != "strict" or strict)},
        )

    def described(self, check: Check) -> str:
        """What moves, and where to."""
        options = check.options
        strict, up = options.get("strict", False), options["direction"] == "up"
        does = ("rises" if up else "falls") if strict else ("does not fall" if up else "does not rise")
        by = f" by {options['by']:g}" if "by" in options else ""
        return with_slice(f"{_what(check)} {does} as {options['column']!r} is raised{by}", check)

    def certify(self, check: Check, program: Program, snapshot: Snapshot) -> str:
        """Refuse a slice that is too small, and a column of which nothing can be learnt."""
        class_index(snapshot, program.outputs[0].name, check, program.file)
        refuse_rows(self.described(check), check, program, snapshot)
        constant = _deviation(check, program, snapshot) == 0
        if constant and (check.options.get("strict", False) or "by" not in check.options):
            what = f"column {check.options['column']!r} is the same in all of learn: no score can follow it"
            raise SpecError(what, where=place_of(check, program.file), tries=["another column", "examples that differ"])
        return ""

    def contradicts(self, check: Check, other: Check) -> str:
        """Up and down at once."""
        same = all(check.options.get(key) == other.options.get(key) for key in ("column", "input"))
        turned = check.options["direction"] != other.options["direction"]
        strict = check.options.get("strict", False) or other.options.get("strict", False)
        if not (same and turned and strict) or (check.of_class, check.where) != (other.of_class, other.where):
            return ""
        return f"the {_what(check)} cannot go up and down at once"

    def kept(self, check: Check, trial: Trial) -> NDArray[np.bool_]:
        """The rows whose score goes the right way."""
        index = class_index(trial.snapshot, trial.field, check, trial.program.file)
        field, column = _column(check, trial.program)
        step = check.options.get("by") or _deviation(check, trial.program, trial.snapshot)
        raised = trial.inputs[field.name].copy()
        limit = np.finfo(np.float32).max
        raised[:, column] = np.clip(raised[:, column].astype(np.float64) + step, -limit, limit)
        after = ask(trial.native, {**trial.inputs, field.name: raised})
        before, now = (_level(answers, trial.field, index) for answers in (trial.answers, after))
        gain = now - before if check.options["direction"] == "up" else before - now
        rounding = ROUNDING * (trial.likeness.tolerance or 1)
        return np.asarray(gain > 0 if check.options.get("strict", False) else gain >= -rounding)


def _what(check: Check) -> str:
    return "answer" if check.of_class is None else f"score of {check.of_class!r}"


def _level(answers: Arrays, field: str, index: int | None) -> NDArray[np.float64]:
    """The score of the class with that index, (R,); of a number itself."""
    found = answers[field] if index is None else answers[f"{field}_scores"]
    return found.reshape(len(found), -1)[:, index or 0].astype(np.float64)


def _column(check: Check, program: Program) -> tuple[Field, int]:
    named = check.options.get("input")
    field = next(one for one in program.inputs if one.name == named or (not named and one.type == RECORD))
    return field, options_of(field).place(check.options["column"])


def _deviation(check: Check, program: Program, snapshot: Snapshot) -> float:
    """That of the column over the learn rows; 0 where all are the same, to the last bit."""
    field, column = _column(check, program)
    values = snapshot.inputs[field.name][snapshot.rows(LEARN), column].astype(np.float64)
    values = values[np.isfinite(values)]
    return float(values.std()) if len(values) and np.ptp(values) else 0.0


ENTRY: Final = Direction()
