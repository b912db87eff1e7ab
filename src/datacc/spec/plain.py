"""Plain values, as TOML and JSON have them, read as what annotations say, and told again; msgspec does the work."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

from msgspec import DecodeError, ValidationError, convert, json

Place = tuple[str | int, ...]  # the way to a value: keys of tables, positions in lists
T = TypeVar("T")

_SAID: Final = re.compile(r"(?P<what>.*?)(?: - at `(?:key in )?\$(?P<place>.*)`)?", re.DOTALL)
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[\.\.\.\]")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")


class Wrong(ValueError):
    """A value that is not what it should be, and the `place` where it stands."""

    def __init__(self, what: str, place: Place = ()) -> None:
        super().__init__(f"{'.'.join(map(str, place))}: {what}" if place else what)
        self.what, self.place = what, place


def read(kind: type[T], value: Any, place: Place = ()) -> T:
    """`value` as a `kind`: a dataclass (keys that it lacks are passed over), a tuple, a mapping, a number, text ….

    Raises `Wrong` that names what stands in the wrong place, or is missing.
    """
    try:
        return convert(value, kind)
    except ValidationError as error:
        raise _wrong(kind, error, place) from error


def read_json(kind: type[T], text: bytes) -> T:
    """The same of JSON. Raises `Wrong` for what is none, too."""
    try:
        return json.decode(text, type=kind)
    except DecodeError as error:
        raise _wrong(kind, error, ()) from error


def tell(value: Any) -> str:
    """The JSON that `read_json` reads as `value` again; what is no finite number is null."""
    return json.format(json.encode(value, enc_hook=_number), indent=1).decode()


def kinds(model: type) -> Mapping[str, Any]:
    """The annotation of every field of a dataclass."""
    return _kinds(model)


def needed(model: type) -> list[str]:
    """The fields of a dataclass that have no default."""
    return [f.name for f in fields(model) if f.default is MISSING and f.default_factory is MISSING]


@cache
def _kinds(model: Any) -> Mapping[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    return {field.name: hints[field.name] for field in fields(model)}


def _number(value: Any) -> Any:
    """NumPy's number as Python's own."""
    return value.item()


def _wrong(kind: Any, error: DecodeError, before: Place) -> Wrong:
    """What msgspec says, in the words of other messages."""
    said = _SAID.fullmatch(str(error))
    assert said is not None  # it matches anything
    steps = [step for step in _STEP.findall(said["place"] or "") if step]
    place = (*before, *(int(step) if step.isdigit() else step for step in steps))
    missing = _MISSING.fullmatch(said["what"])
    if missing:
        return Wrong("it is missing", (*place, missing[1]))
    allowed = _allowed(kind, steps)
    what = f"Expected {allowed}" if allowed else said["what"].replace("`", "")
    return Wrong(what.replace("Expected", "it should be", 1), place)


def _allowed(kind: Any, steps: list[str]) -> str:
    """The few values that a field of a dataclass may have; "" where it may have many."""
    of = kinds(kind).get(steps[0]) if isinstance(kind, type) and is_dataclass(kind) and len(steps) == 1 else None
    if get_origin(of) is not Literal:
        return ""
    *others, last = map(repr, get_args(of))
    return f"{', '.join(others)} or {last}" if others else last
