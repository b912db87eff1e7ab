"""Ask the function everything, look whether it is one that a program can stand in for, and keep its answers."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, Final

from datacc.calls import secrets
from datacc.calls.ask import Asker, Told
from datacc.calls.values import Form, NotPlain, alike, form_of, is_number, label_of, names_of, order_of
from datacc.compiler.port.gather import Gathered
from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.intake.importing.columns import look
from datacc.intake.inbox import ANSWER
from datacc.repo.names import check_name
from datacc.repo.words import counted
from datacc.store import canonical

TWICE: Final = 2_000  # calls, spread over all, that are made again to see whether the answer stays
_FEW: Final = 20  # answers; fewer do not tell whether they repeat
_SHOWN: Final = 3
_LEAVE: Final = "--skip-bad leaves these calls out; wrap(fallback=…) may answer them later"
_UNORDERED: Final = "its labels come in no order that all answers keep: the program has an order of its own"
_FAULTS: Final = (
    ("blocked", "gives no answer", ("--seconds 60 waits longer", _LEAVE)),
    ("raised", "raises", (_LEAVE,)),
    ("odd", "answers what is no class", ("a function of your own that makes a text or number of it", _LEAVE)),
)

Announce = Callable[[str], None]
Redact = Callable[[dict[str, Any]], Mapping[str, Any] | None]


@frozen
class Recorded:
    """What the function said: rows of arguments and `answer`, a class, a number or several labels, sorted; how it is
    read back; their groups.

    `classes` of several labels: all of them, in an order that every answer keeps, none where there is no such order.
    `seconds`: the median of a call; `asked` calls, of which `left_out` came to nothing. `notes` say why.
    """

    rows: Sequence[Mapping[str, Any]]
    where: Sequence[str]
    groups: Sequence[str | None]
    form: Form
    classes: tuple[str, ...]
    seconds: float
    asked: int
    left_out: int
    notes: tuple[str, ...]


def without_secrets(gathered: Gathered, redact: Redact | None, *, kept: bool) -> Gathered:
    """The calls as `redact` leaves them; without it, those that seem to hold secrets or personal data are refused.

    Raises `DataError` that names them, unless they are to be `kept`: then a note does.
    """
    if redact is not None:
        changed = [redact(dict(inputs)) for inputs in gathered.inputs]
        stay = [n for n, inputs in enumerate(changed) if inputs is not None]
        count = sum(canonical(changed[n]) != canonical(gathered.inputs[n]) for n in stay)
        note = f"redacted: {counted(count, 'call')} changed, {len(changed) - len(stay):,} left out"
        inputs = [dict(one) for one in changed if one is not None]
        return _only(gathered, stay, inputs=inputs, notes=(note,))
    seen = [(where, what) for where, inputs in zip(gathered.where, gathered.inputs, strict=True)
            for what in secrets.found(inputs)]  # fmt: skip
    if not seen:
        return gathered
    first = {what: where for where, what in reversed(seen)}
    counts = Counter(what for _, what in seen).most_common(_SHOWN)
    told = "; ".join(f"{what}: {counted(count, 'call')}, the first {first[what]}" for what, count in counts)
    if kept:
        return _only(gathered, range(len(gathered.inputs)), notes=(f"secrets or personal data? {told}",))
    what = f"they seem to hold secrets or personal data, which would stay in the history: {told}"
    tries = ["--redact masks them before the function is asked", "--redact module:function is a mask of your own",
             "--keep-secrets, where they are none"]  # fmt: skip
    raise DataError(what, tries=tries)


def record(
    asker: Asker, gathered: Gathered, form: Form | None, *, skip_bad: bool, announce: Announce = lambda what: None
) -> Recorded:
    """Every different call once, and some or (with `skip_bad`) all of them twice; `form` may still be open.

    Raises `DataError` for what no program can stand in for: it raises, does not end, answers differently or what is
    neither class nor number (`skip_bad` leaves such calls out), or reaches outside. `announce` hears what is done.
    """
    different = _different(gathered.inputs)
    plain = _only(gathered, different)
    announce(f"asking {asker.function} {counted(len(different), 'different call')} …")
    told = asker.ask(plain.inputs, range(len(different)), seed=0)
    notes = list(plain.notes)
    copies = len(gathered.inputs) - len(different)
    notes += [f"{counted(copies, 'copy', 'copies')} of a call left out"] if copies else []
    notes += _faults(asker, plain, told, skip_bad=skip_bad)
    good = [row for row, one in sorted(told.items()) if one.is_good]
    announce("asking again, in another order …")
    good, second, unsteady = _steady(asker, plain, told, good, skip_bad=skip_bad)
    notes += unsteady
    good, empty = _filled(plain, good)
    notes += empty
    if not good:
        raise DataError("no call is left", where=asker.function, tries=["give other inputs"])
    form = form or _form(asker.function, [told[row].answer for row in good])
    several = [one[row].answer for one in (told, second) for row in good if row in one] if form == "labels" else []
    classes = order_of(several)
    notes += [_UNORDERED] if several and not classes else []
    return Recorded(
        rows=_rows(asker.function, plain, told, good, form),
        where=[plain.where[row] for row in good],
        groups=[plain.groups[row] for row in good],
        form=form,
        classes=classes,
        seconds=median(told[row].seconds for row in good),
        asked=len(different),
        left_out=len(different) - len(good),
        notes=tuple(notes),
    )


def _different(inputs: Sequence[Mapping[str, Any]]) -> list[int]:
    """Where each different call stands first."""
    firsts = {canonical(dict(one)): n for n, one in reversed([*enumerate(inputs)])}
    return list(firsts.values())[::-1]


def _only(gathered: Gathered, rows: Sequence[int], inputs: Any = None, notes: tuple[str, ...] = ()) -> Gathered:
    return Gathered(
        inputs=[gathered.inputs[n] for n in rows] if inputs is None else inputs,
        where=[gathered.where[n] for n in rows],
        groups=[gathered.groups[n] for n in rows],
        notes=(*gathered.notes, *notes),
    )


def _faults(asker: Asker, gathered: Gathered, told: Mapping[int, Told], *, skip_bad: bool) -> list[str]:
    """What is to be said of calls without a good answer. Raises `DataError` where nothing may be left out."""
    reached = [row for row, one in sorted(told.items()) if one.effect]
    if reached and not asker.effects:
        what = f"it {told[reached[0]].effect} ({_shown(gathered, reached)}); a built program cannot"
        tries = ["--allow-effects calls it nevertheless: the program will give its answers, and do nothing else",
                 "@datacc.port records it where it does its work"]  # fmt: skip
        raise DataError(what, where=asker.function, tries=tries)
    notes = [f"it {told[reached[0]].effect} ({_shown(gathered, reached)}); the program will not"] if reached else []
    unasked = len(gathered.inputs) - len(told)
    for fault, means, ways in _FAULTS:
        rows = [row for row, one in sorted(told.items()) if one.fault == fault]
        if not rows:
            continue
        what = f"it {means} ({_shown(gathered, rows)}): {told[rows[0]].why}"
        if not skip_bad or (fault == "blocked" and unasked):
            more = f"; {counted(unasked, 'call was', 'calls were')} not made any more" if unasked else ""
            rest = any(one.is_good for one in told.values()) and not skip_bad and not unasked
            tries = [way for way in ways if rest or way != _LEAVE] or ["mend it, or give inputs that it answers"]
            raise DataError(what + more, where=asker.function, tries=tries)
        notes.append(f"left out: {what}")
    return notes


def _steady(
    asker: Asker, gathered: Gathered, told: Mapping[int, Told], good: Sequence[int], *, skip_bad: bool
) -> tuple[list[int], Mapping[int, Told], list[str]]:
    """The calls whose answer stayed when they were made again, in another order, with other hashes; what came then."""
    step = 1 if skip_bad else max(1, -(-len(good) // TWICE))
    again = list(good[::step])[::-1]
    second = asker.ask(gathered.inputs, again, seed=1) if again else {}
    torn = sorted(row for row in again if row not in second or not alike(second[row].answer, told[row].answer))
    if not torn:
        return list(good), second, []
    first, other = told[torn[0]], second.get(torn[0], Told(fault="blocked", why="no answer"))
    said = f"{first.answer!r}, then {other.answer!r}" if other.is_good else f"{first.answer!r}, then: {other.why}"
    what = f"it does not answer the same twice ({_shown(gathered, torn)} of {len(again):,}): {said}"
    if not skip_bad:
        tries = ["fix its seed, or give it what it depends on as an argument", "--skip-bad leaves such calls out"]
        raise DataError(what, where=asker.function, tries=tries)
    return [row for row in good if row not in set(torn)], second, [f"left out: {what}"]


def _filled(gathered: Gathered, good: Sequence[int]) -> tuple[list[int], list[str]]:
    """The calls of which no text and no list is empty, and what is to be said of the others."""
    whole = _whole([gathered.inputs[row] for row in good])
    empty = {row for row in good if any(gathered.inputs[row][name] in (None, "") for name in whole)}
    notes = [f"left out: a text or a list is empty ({_shown(gathered, sorted(empty))})"] if empty else []
    return [row for row in good if row not in empty], notes


def _form(function: str, answers: Sequence[Any]) -> Form:
    """How its answers are labels: numbers that hardly repeat are themselves. Raises `DataError` for other such ones."""
    form = form_of(answers)
    different = len(names_of(answers) if form == "labels" else {json.dumps(one) for one in answers})
    if len(answers) >= _FEW and 2 * different > len(answers):
        if all(is_number(one) for one in answers):
            return "number"
        what = f"its answers hardly repeat: {different:,} different texts in {len(answers):,} calls"
        tries = ["a program names classes: a function of your own that makes a few of them, or a number"]
        raise DataError(what, where=function, tries=tries)
    return form


def _rows(
    function: str, gathered: Gathered, told: Mapping[int, Told], good: Sequence[int], form: Form
) -> list[Mapping[str, Any]]:
    """Arguments and answer of each good call."""
    said = [_label(function, told[row].answer, form, gathered.where[row]) for row in good]
    return [{**gathered.inputs[row], ANSWER: label} for row, label in zip(good, said, strict=True)]


def _label(function: str, answer: Any, form: Form, where: str) -> str | float | list[str]:
    """The answer to the call `where` as a label. Raises `DataError` for one that can be no class, and for one that is
    no number or no labels, where all of them were."""
    try:
        label = label_of(answer, form)
    except NotPlain as error:
        what = f"its answers are to be {'numbers' if form == 'number' else 'labels'}, and {error}"
        without = ["leave --within out"] if form == "number" else []
        raise DataError(what, where=function, tries=[*without, "port it anew, in another folder"]) from error
    try:
        for name in [label] if isinstance(label, str) else label if isinstance(label, list) else ():
            check_name(name, "class")
    except DataError as error:
        what = f"its answer can be no class ({where}): {error.what}"
        tries = ["a function of your own that makes a short text or a number of it"]
        raise DataError(what, where=function, tries=tries) from error
    return label


def _whole(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The arguments that must be there: what is None of any other is a missing cell of a record."""
    lists = {name for row in rows for name, value in row.items() if isinstance(value, list)}
    return [*lists, *text_columns(rows)]


def text_columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The arguments, none of them a list, that are texts and no few values: read as texts, even if all are numbers."""
    found = []
    for name in rows[0] if rows else ():
        cells = [row[name] for row in rows]
        if any(isinstance(cell, str) for cell in cells) and look(cells).kind not in ("category", "order"):
            found.append(name)
    return found


def _shown(gathered: Gathered, rows: Sequence[int]) -> str:
    """How many calls, and the first of them."""
    inputs = ", ".join(f"{name}={value!a}" for name, value in gathered.inputs[rows[0]].items())
    short = inputs if len(inputs) <= 60 else f"{inputs[:59]}…"
    return f"{counted(len(rows), 'call')}, the first {gathered.where[rows[0]]}: {short}"
