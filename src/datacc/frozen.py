"""Frozen values: dataclasses whose fields are given by keyword and never set again, made sooner than by `dataclass`.

`dataclass(frozen=True, kw_only=True)` compiles six functions for each class, and a build has 160 classes: a quarter
of all its imports. Here one is compiled, and the others, which are the same for every class, read its fields.
"""

from collections.abc import Callable, Sequence
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def frozen(cls: type[T], /) -> type[T]: ...


@overload
def frozen(*, eq: bool) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: Any = None, /, *, eq: bool = True) -> Any:
    """Make a dataclass of `cls`: frozen, by keyword alone, equal and hashed by its fields, with `eq=False` by itself.

    `fields`, `replace` and `asdict` take it as any other; what inherits from it must be frozen, too. What the class
    defines itself stays. Whoever sets or deletes an attribute gets a `FrozenInstanceError`.
    """
    return _made(cls, eq) if cls is not None else lambda cls: _made(cls, eq)


def _made(cls: type[Any], eq: bool) -> type[Any]:
    cls.__doc__ = cls.__doc__ or cls.__name__  # without one, a signature is derived to make one of
    made = dataclass(init=False, repr=False, eq=False, kw_only=True)(cls)
    methods = {"__init__": _initial(made), "__repr__": _shown, "__setattr__": _refuse, "__delattr__": _refuse}
    if eq:
        methods |= _equality([one.name for one in fields(made) if one.compare])
    for name, method in methods.items():
        if cls.__dict__.get(name) is None:  # where a class defines __eq__ alone, Python says so of its __hash__
            setattr(made, name, method)
    return made


def _initial(cls: type[Any]) -> Callable[..., Any]:
    """The `__init__` of `cls`, which sets every field once."""
    absent = object()  # stands for a value that a factory makes
    known: dict[str, Any] = {"_SET": object.__setattr__, "_ABSENT": absent}
    given, lines = ["self"], list[str]()
    for one in fields(cls):
        name, value = one.name, one.name
        if one.default_factory is not MISSING:
            known[f"_{name}"], default = one.default_factory, "=_ABSENT"
            value = f"_{name}() if {name} is _ABSENT else {name}"
        elif one.default is not MISSING:
            known[f"_{name}"], default = one.default, f"=_{name}"
        else:
            default = ""
        given += [name + default] if len(given) > 1 else ["*", name + default]
        lines.append(f"_SET(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    exec(f"def __init__({', '.join(given)}):\n " + "\n ".join(lines or ["pass"]), known)
    made: Callable[..., Any] = known["__init__"]
    return made


def _equality(names: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """`__eq__` and `__hash__` by the fields of these names."""
    told = attrgetter("__class__", *names)

    def equal(self: Any, other: Any) -> Any:
        return told(self) == told(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(told(self))

    return {"__eq__": equal, "__hash__": hashed}


def _shown(self: Any) -> str:
    values = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({values})"


def _refuse(self: Any, name: str, *value: Any) -> NoReturn:
    raise FrozenInstanceError(f"{name!r} of a {type(self).__name__} stays as it is")
