"""Say what an example is: a relabel when that is news, a verification when it is not; or a vote, or a model's word."""

from collections.abc import Mapping, Sequence
from typing import Any

from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.repo.change import Edit
from datacc.repo.edit import author, write
from datacc.repo.events import class_name as name_of
from datacc.repo.find import Repository
from datacc.repo.fold import Register
from datacc.repo.machine import is_gold
from datacc.repo.schema import Column
from datacc.repo.values import stored
from datacc.repo.votes import annotator_of, vote_field
from datacc.repo.working import Working, one_example, one_output, read_working


@frozen
class Labelled:
    """What a label did. `op` is "set", "resolve" (a conflict), "verify" (it said so already), "vote" or "keep" (a model
    said it of an example that a person has labelled: nothing changed); `old` class names."""

    example: str
    field: str
    op: str
    old: tuple[str, ...]
    new: str


@frozen
class Label:
    """What somebody says: `label` a class name, a number or its text, a list of names or their text.

    `field` an output (the only one when None); `model`, `confidence` (0 to 1) of a machine. `vote`: it is a vote,
    beside what others say; `settles`: it decides between votes.
    """

    example: str
    label: Any
    field: str | None = None
    vote: bool = False
    settles: bool = False
    model: str | None = None
    confidence: float | None = None


def label(
    repository: Repository,
    id_prefix: str,
    field: str | None,
    class_name: str,
    who: str | None = None,
    *,
    working: Working | None = None,
    **more: Any,
) -> Labelled:
    """Journal that the example is a `class_name` of the output `field` (the only one when None), said by `who`.

    Durable when it returns; `commit` puts it into history. `working`: what the repository says now, for who has read it
    already; `more` as in `Label`. Raises `DataError` for an unknown example or class.
    """
    said = Label(example=id_prefix, label=class_name, field=field, **more)
    [done] = label_all(repository, [said], who, working=working)
    return done


def label_all(
    repository: Repository,
    labels: Sequence[Label],
    who: str | None = None,
    *,
    working: Working | None = None,
    places: Sequence[str] = (),
) -> tuple[Labelled, ...]:
    """Journal all of them, or none: raises `DataError` for the first that cannot be said, at its place in `places`."""
    working = working or read_working(repository)
    me = who or author(repository)
    done, edits, seen = [], [], dict[tuple[str, str], str]()
    for one, place in zip(labels, places or [""] * len(labels), strict=True):
        try:
            said, edit = _said(working, one, annotator_of(me))
        except DataError as error:
            raise DataError(error.what, where=place or error.where, tries=error.tries) if place else error from None
        key = said.example, said.field
        if key in seen:
            raise DataError(f"{said.example[:12]} was labelled already, at {seen[key]}", where=place)
        seen[key] = place
        done.append(said)
        edits += [edit] if edit else []
    if edits:
        write(repository, working.pending, edits, me)
    return tuple(done)


def _said(working: Working, said: Label, me: str) -> tuple[Labelled, Edit | None]:
    example = one_example(working.states, said.example)
    state = working.states[example]
    if not state.alive:
        raise DataError("the example was deleted", where=example, tries=[f"datacc restore {example[:8]}"])
    if said.confidence is not None and not 0 <= said.confidence <= 1:
        raise DataError(f"a confidence is a number from 0 to 1, not {said.confidence}", where=example)
    column = one_output(working.contents.schema.of("output"), said.field)
    chosen = stored(column, said.label)
    votes = said.model is None and not said.settles and (said.vote or column.blind)
    field = vote_field(column, me) if votes else column.id
    register = state.fields.get(field, Register())
    op = _op(register, chosen, said)
    edit: Edit = {"op": op, "example": example, "field": field}
    live = [write.id for write in register.live]
    if op == "verify":
        edit["about"] = live
    else:
        edit |= {"new": chosen, "old": register.value, "replaces": live}
    edit |= {"model": said.model, "confidence": said.confidence} if said.model else {}
    told = "vote" if votes else op
    done = Labelled(
        example=example, field=column.name, op=told, old=_names(register, column), new=str(name_of(column, chosen))
    )
    return done, None if op == "keep" else edit


def _op(register: Register, chosen: Any, said: Label) -> str:
    if said.model is not None:
        return "keep" if register.live and (register.conflict or is_gold(register)) else "set"
    if said.settles or register.conflict:
        return "resolve"
    return "verify" if register.value == chosen else "set"


def _names(register: Register, column: Column) -> tuple[str, ...]:
    return tuple(str(name_of(column, value)) for value in register.values if value is not None)


def from_mapping(values: Mapping[str, Any], where: str, **more: Any) -> Label:
    """The label that one JSON object says. Raises `DataError` that names what is wrong."""
    allowed = {"example": str, "label": (str, int, float, list), "field": str, "model": str, "confidence": (int, float)}
    for key, value in values.items():
        if key not in allowed or isinstance(value, bool) or not isinstance(value, allowed[key]):  # type: ignore[arg-type]
            raise DataError(f"{key!r} is unknown or no such value", where=where, tries=[", ".join(allowed)])
    if not {"example", "label"} <= set(values):
        raise DataError("example and label are needed", where=where, tries=['{"example": "3f2a91", "label": "nine"}'])
    return Label(**{**more, **values})
