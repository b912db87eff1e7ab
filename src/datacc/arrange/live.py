"""When each arena buffer is in use; and which values can take over the buffer of one that dies."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from datacc.ir.plan import Place, Step

ALIGN = 64  # bytes: one cache line, and the widest vector
IN_PLACE = frozenset({"each"})


@dataclass(frozen=True, kw_only=True)
class Life:
    """One buffer: in use from step `first` to step `last`, both included; `size` bytes."""

    first: int
    last: int
    size: int


def lifetimes(steps: tuple[Step, ...], places: Mapping[str, Place]) -> dict[str, Life]:
    """The life of every arena buffer, sizes rounded up to whole lines."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    size: dict[str, int] = {}
    for i, step in enumerate(steps):
        for name in step.touched:
            place = places[name]
            if place.home == "arena":
                first.setdefault(place.buffer, i)
                last[place.buffer] = i
                size[place.buffer] = max(size.get(place.buffer, 0), -(-place.nbytes // ALIGN) * ALIGN)
    return {name: Life(first=first[name], last=last[name], size=size[name]) for name in first}


def share(steps: tuple[Step, ...], places: Mapping[str, Place]) -> dict[str, Place]:
    """Places in which a step writes over an operand that it reads last, element by element."""
    shared = dict(places)
    last = {name: i for i, step in enumerate(steps) for name in step.values}
    for i, step in enumerate(steps):
        for name in _candidates(step):
            if last[name] == i and _holds(shared[name], shared[step.out]):
                shared[step.out] = shared[name]
                break
    return shared


def _candidates(step: Step) -> tuple[str, ...]:
    """Operands of which a kernel reads each element just before it writes the same element."""
    if step.op in IN_PLACE:
        return step.reads
    return (step.residual,) if step.residual and step.residual not in step.reads else ()


def _holds(place: Place, wanted: Place) -> bool:
    """Whether `place` does for what `wanted` asks: the same picture, at least its halo."""
    has_halo = all(have >= want for have, want in zip(place.halo, wanted.halo, strict=True))
    return place.home == "arena" and has_halo and replace(place, buffer=wanted.buffer, halo=wanted.halo) == wanted
