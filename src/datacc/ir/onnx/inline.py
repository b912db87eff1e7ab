"""Functions that an ONNX file defines for itself, written out where they are called."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from onnx import AttributeProto

from datacc.errors import ModelError
from datacc.ir.onnx.calls import attribute_of, calls_of
from datacc.ir.onnx.model import Call, shown, text_of

MOST_CALLS: Final = 20_000
DEEPEST: Final = 16

Key = tuple[str, str]


def inlined(protos: Iterable[Any], calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """The calls, those of the file's own functions replaced by what stands in them.

    Raises `ModelError` for functions that call themselves, too deep chains, and more than 20,000 calls in all.
    """
    functions: dict[Key, Any] = {}
    for function in protos:
        key = (text_of(function.domain), text_of(function.name))
        if key in functions:
            raise ModelError(f"two functions are called {shown(function.name)}")
        functions[key] = function
    inliner = _Inliner(functions)
    inliner.walk(calls, {}, "", ())
    return tuple(inliner.done)


class _Inliner:
    """Writes calls out, in order, until there are too many."""

    def __init__(self, functions: Mapping[Key, Any]) -> None:
        self.functions = functions
        self.bodies: dict[Key, tuple[Call, ...]] = {}
        self.done: list[Call] = []
        self.entered = 0

    def walk(self, calls: Iterable[Call], names: Mapping[str, str], prefix: str, stack: tuple[Key, ...]) -> None:
        """Add `calls`; their names are looked up in `names`, others get the prefix."""

        def renamed(name: str) -> str:
            return names.get(name, prefix + name if name else "")

        for call in calls:
            inner = replace(
                call,
                name=prefix + call.name,
                inputs=tuple(map(renamed, call.inputs)),
                outputs=tuple(map(renamed, call.outputs)),
            )
            key = (call.domain, call.op)
            if key in self.functions:
                self._enter(inner, key, stack)
                continue
            passed = [a for a, value in inner.attrs.items() if isinstance(value, AttributeProto)]
            inner.demand(not passed, f"its attributes {passed} refer to a function that it does not stand in")
            self.done.append(inner)
            inner.demand(len(self.done) <= MOST_CALLS, f"the model has more than {MOST_CALLS:,} nodes")

    def _enter(self, call: Call, key: Key, stack: tuple[Key, ...]) -> None:
        call.demand(key not in stack, f"the function {shown(call.op)} calls itself")
        call.demand(len(stack) < DEEPEST, f"functions are called more than {DEEPEST} deep")
        self.entered += 1
        call.demand(self.entered <= MOST_CALLS, f"functions are called more than {MOST_CALLS:,} times")
        function = self.functions[key]
        fits = len(call.inputs) <= len(function.input) and len(call.outputs) <= len(function.output)
        call.demand(fits, f"it has more arguments than the function {shown(call.op)} takes")
        if key not in self.bodies:
            self.bodies[key] = calls_of(function.node)
        names = dict.fromkeys(map(text_of, function.input), "")
        names |= dict(zip(function.input, call.inputs, strict=False))
        names |= dict(zip(map(text_of, function.output), call.outputs, strict=False))
        defaults = {a.name: attribute_of(call, a) for a in function.attribute_proto}
        body = [self._with_attributes(inner, {**defaults, **call.attrs}) for inner in self.bodies[key]]
        self.walk(body, names, f"{call.name}/{self.entered}/", (*stack, key))

    @staticmethod
    def _with_attributes(call: Call, given: Mapping[str, Any]) -> Call:
        """The call with references to the function's parameters replaced by what was passed for them."""
        attrs: dict[str, Any] = {}
        for name, value in call.attrs.items():
            if isinstance(value, AttributeProto):
                if value.ref_attr_name in given:
                    attrs[name] = given[value.ref_attr_name]
            else:
                attrs[name] = value
        return replace(call, attrs=MappingProxyType(attrs))
