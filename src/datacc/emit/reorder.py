"""Pieces, orders, shapes: elements that move as they are, or become other integers, in plain loops."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Final

from datacc.emit.piece import Piece, at, times
from datacc.emit.walk import loop
from datacc.frozen import frozen
from datacc.ir.plan import Place, Plan, Step

VARIABLES: Final = "abcdefghijklm"


@frozen
class Axis:
    """One loop: how often it runs, and how far elements of input and output lie apart."""

    size: int
    source: int
    out: int


def slice_(step: Step, plan: Plan, name: str) -> Piece:
    """The step that copies a block."""
    node = plan.graph.by_name[step.nodes[0]]
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    apart = list(_strides(source, plan.graph.by_name[node.inputs[0]].type.shape))
    first = source.first + node["first"] * apart[node["axis"]]
    apart[node["axis"]] *= node["step"]
    return Piece(body=_moves(node.type.shape, apart, first, out))


def transpose(step: Step, plan: Plan, name: str) -> Piece:
    """The step that copies in another order of axes."""
    node = plan.graph.by_name[step.nodes[0]]
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    apart = _strides(source, plan.graph.by_name[node.inputs[0]].type.shape)
    return Piece(body=_moves(node.type.shape, [apart[axis] for axis in node["axes"]], source.first, out))


def reshape(step: Step, plan: Plan, name: str) -> Piece:
    """The step that copies in the same order into another shape."""
    node = plan.graph.by_name[step.nodes[0]]
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    before, after = plan.graph.by_name[node.inputs[0]].type.shape, node.type.shape
    axes = _common(before, _strides(source, before), after, _strides(out, after))
    if axes is not None:
        return Piece(body=tuple(_loops(axes, source.first, out.first)))
    move = f"{at('out', out.first, _place('i', after, out))}"
    line = f"*({move}) = *({at('in', source.first, _place('i', before, source))});"
    return Piece(body=tuple(loop("i", 0, prod(after), 1, [line])))


def cast(step: Step, plan: Plan, name: str) -> Piece:
    """The step from one integer type to another: the nearest number that it has."""
    node = plan.graph.by_name[step.nodes[0]]
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    (least, most), (low, high) = (_limits(place.dtype) for place in (source, out))

    def value(element: str) -> str:
        text = element
        if low > least:
            text = f"({element} > {low} ? {element} : {low})"
        if high < most:
            text = f"({text} < {high} ? {text} : {high})"
        return f"({out.dtype}_t){text}"

    return Piece(body=_moves(node.type.shape, _strides(source, node.type.shape), source.first, out, value))


def _limits(dtype: str) -> tuple[int, int]:
    bits = int(dtype.strip("uint"))
    return (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _strides(place: Place, shape: Sequence[int]) -> tuple[int, ...]:
    """How far elements lie apart along each axis of a value."""
    found = [1, place.pixel, place.row][: len(shape)]
    while len(found) < len(shape):
        found.append(found[-1] * shape[len(shape) - len(found)])
    return tuple(reversed(found))


def _moves(
    shape: Sequence[int],
    apart: Sequence[int],
    first: int,
    out: Place,
    value: Callable[[str], str] = lambda element: element,
) -> tuple[str, ...]:
    axes = [Axis(size=n, source=i, out=o) for n, i, o in zip(shape, apart, _strides(out, shape), strict=True)]
    return tuple(_loops(axes, first, out.first, value))


def _loops(
    axes: Sequence[Axis], source: int, out: int, value: Callable[[str], str] = lambda element: element
) -> list[str]:
    """The loops over axes, as few as do."""
    axes = _merged(axes)
    names = VARIABLES[: len(axes)]
    inside = [times(name, axis.source) for name, axis in zip(names, axes, strict=True)]
    outside = [times(name, axis.out) for name, axis in zip(names, axes, strict=True)]
    lines = [f"{_element('out', out, outside)} = {value(_element('in', source, inside))};"]
    for name, axis in reversed(list(zip(names, axes, strict=True))):
        lines = loop(name, 0, axis.size, 1, lines)
    return lines


def _element(name: str, first: int, terms: Sequence[str]) -> str:
    index = " + ".join(term for term in (*terms, str(first)) if term not in ("", "0"))
    return f"{name}[{index or 0}]"


def _merged(axes: Sequence[Axis]) -> list[Axis]:
    """Without axes of one element, and with neighbours joined that lie as one on both sides."""
    merged: list[Axis] = []
    for axis in axes:
        if axis.size == 1:
            continue
        last = merged[-1] if merged else None
        if last and last.source == axis.source * axis.size and last.out == axis.out * axis.size:
            merged[-1] = Axis(size=last.size * axis.size, source=axis.source, out=axis.out)
        else:
            merged.append(axis)
    return merged


def _common(
    before: Sequence[int], source: Sequence[int], after: Sequence[int], out: Sequence[int]
) -> list[Axis] | None:
    """Axes that both shapes can be cut into; None when there are none."""
    left, right = list(zip(before, source, strict=True)), list(zip(after, out, strict=True))
    axes: list[Axis] = []
    while left and right:
        (n, i), (m, o) = left.pop(), right.pop()
        size = min(n, m)
        if n % size or m % size:
            return None
        axes.append(Axis(size=size, source=i, out=o))
        if n > size:
            left.append((n // size, i * size))
        if m > size:
            right.append((m // size, o * size))
    axes += [Axis(size=n, source=i, out=0) for n, i in reversed(left)]  # of one element each
    return list(reversed(axes))


def _place(index: str, shape: Sequence[int], place: Place) -> str:
    """Where the element of this number lies, by divisions."""
    terms, below = [], 1
    for n, apart in reversed(list(zip(shape, _strides(place, shape), strict=True))):
        number = f"{index} / {below}" if below > 1 else index
        terms.append(times(f"{number} % {n}" if below * n < prod(shape) else number, apart))
        below *= n
    return " + ".join(term for term in reversed(terms) if term)
