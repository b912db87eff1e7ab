"""When each arena buffer is in use; and which values can take over the buffer of one that dies."""

from collections.abc import Mapping
from dataclasses import replace

from datacc.arrange.spans import moments, spans
from datacc.arrange.trail import trails
from datacc.frozen import frozen
from datacc.ir.plan import Halo, Place, Step

ALIGN = 64  # bytes: one cache line, and the widest vector
IN_PLACE = frozenset({"each"})
OVER = IN_PLACE | {"conv", "maxpool", "meanpool"}  # as the last of a chain these write every float of their rows


@frozen
class Life:
    """One buffer: in use from moment `first` to moment `last`, both included; `size` bytes."""

    first: int
    last: int
    size: int


def lifetimes(steps: tuple[Step, ...], places: Mapping[str, Place]) -> dict[str, Life]:
    """The life of every arena buffer in moments, of which a step has one or several; sizes in whole lines."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    size: dict[str, int] = {}
    now = 0
    for step in steps:
        for name, (begin, end) in spans(step).items():
            place = places[name]
            if place.home == "arena":
                first[place.buffer] = min(first.get(place.buffer, now + begin), now + begin)
                last[place.buffer] = max(last.get(place.buffer, now + end), now + end)
                size[place.buffer] = max(size.get(place.buffer, 0), -(-place.nbytes // ALIGN) * ALIGN)
        now += moments(step)
    return {name: Life(first=first[name], last=last[name], size=size[name]) for name in first}


def loads(steps: tuple[Step, ...], places: Mapping[str, Place]) -> list[int]:
    """The most bytes that are in use at one moment of each step."""
    lives, found, now = lifetimes(steps, places).values(), [], 0
    for step in steps:
        times = range(now, now + moments(step))
        found.append(max(sum(life.size for life in lives if life.first <= at <= life.last) for at in times))
        now += moments(step)
    return found


def share(steps: tuple[Step, ...], places: Mapping[str, Place]) -> dict[str, Place]:
    """Places in which a step writes over an operand that it reads last, element by element."""
    shared = dict(places)
    last = {name: i for i, step in enumerate(steps) for name in step.values}
    for i, step in enumerate(steps):
        for name in _candidates(step):
            if _is_last(name, i, last, shared) and _is_alike(shared[name], shared[step.out]):
                both = _with_halo(shared[name], shared[step.out].halo)
                shared |= {other: both for other, place in shared.items() if place == shared[name]} | {step.out: both}
                break
    return shared


def _is_last(name: str, i: int, last: Mapping[str, int], places: Mapping[str, Place]) -> bool:
    """Whether nothing is read after step i of the buffer in which a value lies."""
    buffer = places[name].buffer
    return all(last.get(other, -1) <= i for other, place in places.items() if place.buffer == buffer)


def _candidates(step: Step) -> tuple[str, ...]:
    """Operands of which a kernel reads each element just before it writes the same element, or long before."""
    if step.parts:
        return tuple(v for v in step.reads if trails(step, v)) if step.parts[-1].step.op in OVER else ()
    if step.op in IN_PLACE:
        return step.reads
    return (step.residual,) if step.residual and step.residual not in step.reads else ()


def _is_alike(place: Place, wanted: Place) -> bool:
    """Whether both are the same picture in the arena, but for their halos."""
    if place.inside or wanted.inside:
        return False
    return place.home == "arena" and replace(place, buffer=wanted.buffer, halo=wanted.halo) == wanted


def _with_halo(place: Place, wanted: Halo) -> Place:
    """The place with at least this halo."""
    above, left, below, right = (max(have, want) for have, want in zip(place.halo, wanted, strict=True))
    return replace(place, halo=(above, left, below, right))
