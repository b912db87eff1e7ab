"""Plain values, as TOML and JSON have them, read as what the annotations of a frozen dataclass say, and told again."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache, partial
from operator import ge, gt, le, lt
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Place = tuple[str | int, ...]  # the way to a value: keys of tables, positions in lists
Reader = Callable[[Any, Place], Any]
T = TypeVar("T")

_NAMES: Final = {int: "a whole number", float: "a number", str: "text", bool: "true or false", NoneType: "left out"}


class Wrong(ValueError):
    """A value that is not what it should be, and the `place` where it stands."""

    def __init__(self, what: str, place: Place = ()) -> None:
        super().__init__(f"{'.'.join(map(str, place))}: {what}" if place else what)
        self.what, self.place = what, place


@dataclass(frozen=True)
class Within:
    """In `Annotated`: which numbers are allowed, or how long a list may be."""

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    def wrong(self, value: Any) -> str:
        """Why `value` is not allowed; "" when it is."""
        number, verb = (len(value), "have") if isinstance(value, tuple) else (value, "be")
        limits = (
            (self.least, ge, "{} or more"),
            (self.most, le, "{} or less"),
            (self.above, gt, "more than {}"),
            (self.below, lt, "less than {}"),
        )
        said = (told.format(limit) for limit, holds, told in limits if limit is not None and not holds(number, limit))
        return next((f"it should {verb} {what}" for what in said), "")


def read(kind: type[T], value: Any, place: Place = ()) -> T:
    """`value` as a `kind`: a dataclass (keys that it lacks are passed over), a tuple, a mapping, a number, text ….

    Raises `Wrong` that names what stands in the wrong place, or is missing.
    """
    as_told: Any = kind
    found: T = _reader(as_told)(value, place)
    return found


def tell(value: Any) -> str:
    """The JSON that `read` reads as `value` again; what is no finite number is null."""
    return json.dumps(_told(value), indent=1, ensure_ascii=False, allow_nan=False)


def kinds(model: type) -> Mapping[str, Any]:
    """The annotation of every field of a dataclass."""
    return _kinds(model)


def needed(model: type) -> list[str]:
    """The fields of a dataclass that have no default."""
    return [field.name for field in fields(model) if _is_needed(field)]


def _is_needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


@cache
def _kinds(model: Any) -> Mapping[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    return {field.name: hints[field.name] for field in fields(model)}


@cache
def _reader(kind: Any) -> Reader:
    origin, args = get_origin(kind), get_args(kind)
    if kind in _NAMES:
        return partial(_one, kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return partial(_model, kind)
    if origin is Annotated:
        return partial(_within, _reader(args[0]), args[1:])
    if origin is Literal:
        return partial(_literal, args)
    if origin in (Union, UnionType):
        return partial(_either, tuple(map(_reader, args)))
    if origin is tuple:
        return partial(_tuple, [_reader(arg) for arg in args if arg is not ...], ... in args)
    if origin in (dict, Mapping):
        return partial(_mapping, _reader(args[1]))
    raise TypeError(f"{kind} is no kind of plain value")


def _one(kind: type, value: Any, place: Place) -> Any:
    if isinstance(value, kind) and isinstance(value, bool) == (kind is bool):
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    raise Wrong(f"it should be {_NAMES[kind]}", place)


def _model(model: type, value: Any, place: Place) -> Any:
    if not isinstance(value, Mapping):
        raise Wrong("it should be a table", place)
    found = {}
    for field in fields(model):
        if field.name in value:
            found[field.name] = _reader(kinds(model)[field.name])(value[field.name], (*place, field.name))
        elif _is_needed(field):
            raise Wrong("it is missing", (*place, field.name))
    return model(**found)


def _within(inner: Reader, limits: tuple[Within, ...], value: Any, place: Place) -> Any:
    found = inner(value, place)
    wrong = next(filter(None, (limit.wrong(found) for limit in limits)), "")
    if wrong:
        raise Wrong(wrong, place)
    return found


def _literal(allowed: tuple[Any, ...], value: Any, place: Place) -> Any:
    if any(type(value) is type(one) and value == one for one in allowed):
        return value
    *before, last = map(repr, allowed)
    raise Wrong(f"it should be {', '.join(before)} or {last}" if before else f"it should be {last}", place)


def _either(inner: tuple[Reader, ...], value: Any, place: Place) -> Any:
    """As the first that fits; where none does, what is wrong with the first."""
    first: Wrong | None = None
    for one in inner:
        try:
            return one(value, place)
        except Wrong as wrong:
            first = first or wrong
    assert first is not None
    raise first


def _tuple(inner: list[Reader], more: bool, value: Any, place: Place) -> Any:
    if not isinstance(value, list | tuple):
        raise Wrong("it should be a list", place)
    each = inner * len(value) if more else inner
    if len(value) != len(each):
        raise Wrong(f"it should be a list of {len(each)}", place)
    return tuple(one(item, (*place, n)) for n, (one, item) in enumerate(zip(each, value, strict=True)))


def _mapping(inner: Reader, value: Any, place: Place) -> Any:
    if not isinstance(value, Mapping):
        raise Wrong("it should be a table", place)
    return {_one(str, key, place): inner(one, (*place, key)) for key, one in value.items()}


def _told(value: Any) -> Any:
    if is_dataclass(value):
        return {name: _told(_number(getattr(value, name), kind)) for name, kind in kinds(type(value)).items()}
    if isinstance(value, Mapping):
        return {key: _told(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_told(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: Any, kind: Any) -> Any:
    """What is meant as a float, as one: 1.0 for 1, so that it is told alike before and after it is read."""
    return float(value) if isinstance(value, int) and kind in (float, float | None) else value
