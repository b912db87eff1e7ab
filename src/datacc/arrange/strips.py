"""One step of a chain of steps, which works a few rows at a time: how many, and what the windows between them hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import ascii_lowercase
from typing import Final

from datacc.arrange.motion import Motion, motion
from datacc.arrange.pace import cycles, moving
from datacc.emit.table import reads_rings
from datacc.ir.plan import Part, Place, Plan, Step
from datacc.spec.cpus import CPUS

SLOWER: Final = 1.02  # what strips may cost, against whole pictures
SLOWER_WIDE: Final = 1.0  # the same where vectors are wide: what surrounds the products weighs twice as much
MOVED: Final = 0.25  # of a row that moves within its window: it is in the nearest cache, unlike a whole picture
MOVED_WIDE: Final = 0.6  # the same, as measured, where vectors are wide
NEAR: Final = 16_384  # bytes that stay in the nearest cache beside all else
NEAR_WIDE: Final = 49_152  # the same where vectors are wide: the second cache of such processors is nearly as quick
PARTS: Final = len(ascii_lowercase)  # the most in a chain: each has a letter
ROWS: Final = 8  # the most at a time that are tried

Parts = tuple[Part, ...]


def in_strips(plan: Plan, chain: Sequence[Step]) -> tuple[Step, dict[str, Place]] | None:
    """The step that computes the chain a few rows at a time, and its windows; None when that is not cheap.

    Each step reads what the one before writes, which nothing else reads. All parts begin with single rows; as long as
    that is too slow, the part that gains most for the memory it takes works on more.
    """
    motions = [motion(plan.graph, step) for step in chain]
    moves = [m for m in motions if m is not None]
    if len(moves) < len(chain) or len(chain) > PARTS:
        return None
    least = (1,) * len(chain)
    parts = _parts(plan, chain, moves, least)
    limit = (SLOWER_WIDE if CPUS[plan.cpu].wide else SLOWER) * _whole(plan, chain)
    while parts is not None and _cost(plan, parts) > limit:
        higher = [(*least[:k], 2 * least[k], *least[k + 1 :]) for k in range(len(chain)) if least[k] < ROWS]
        tried = [
            (_gain(plan, parts, other), more, other) for more in higher if (other := _parts(plan, chain, moves, more))
        ]
        gain, least, parts = max(tried, key=lambda entry: entry[0], default=(0.0, least, None))
        parts = parts if gain > 0 else None
    if parts is None:
        return None
    return _step(chain, parts), {part.step.reads[0]: part.source for part in parts[1:]}


def at_ends(step: Step, places: Mapping[str, Place]) -> Step:
    """The step with what it reads first and what it writes last where they are now."""
    if not step.parts:
        return step
    first, last = step.parts[0], step.parts[-1]
    parts = (replace(first, source=replace(places[step.reads[0]], height=first.source.height)), *step.parts[1:])
    return replace(step, parts=(*parts[:-1], replace(last, out=replace(places[step.out], height=last.rows))))


def _step(chain: Sequence[Step], parts: Parts) -> Step:
    aside = [value for step in chain for value in step.values[1:]]
    return Step(
        op="strips",
        nodes=tuple(node for step in chain for node in step.nodes),
        reads=tuple(dict.fromkeys([chain[0].reads[0], *aside])),
        out=chain[-1].out,
        parts=parts,
    )


def _parts(plan: Plan, chain: Sequence[Step], moves: Sequence[Motion], least: Sequence[int]) -> Parts | None:
    """The parts when each works on at least so many rows at a time, where that divides; None when there is no way."""
    out = plan.places[chain[-1].out]
    rows = next(n for n in _divisors(out.height) if n >= min(least[-1], out.height))
    if rows == out.height:
        return None
    calls, out = out.height // rows, replace(out, height=rows)
    parts: list[Part] = []
    for j in range(len(chain) - 1, 0, -1):
        move, whole = moves[j], plan.places[chain[j].reads[0]]
        new = rows * move.stride
        below = _below(whole.height, move, new, calls, least[j - 1])
        if below is None:
            return None
        fewer, lead = below
        height = (rows - 1) * move.stride + move.reach + lead - move.ahead
        source = replace(whole, height=height - move.before, halo=(move.before, whole.halo[1], 0, whole.halo[3]))
        part = Part(step=chain[j], rows=rows, calls=calls, source=source, out=out, stride=move.stride, lead=lead)
        if fewer == 1 and part.kept and reads_rings(part.step, plan.within(part)):
            part = replace(part, source=replace(source, ring=True))
        parts.append(part)
        rows, calls = fewer, min(whole.height, lead + calls * new) // fewer
        out = replace(whole, height=fewer, halo=(0, whole.halo[1], 0, whole.halo[3]))
    source = plan.places[chain[0].reads[0]]
    source = replace(source, height=min(source.height, (rows - 1) * moves[0].stride + moves[0].reach))
    first = Part(step=chain[0], rows=rows, calls=calls, source=source, out=out, stride=moves[0].stride)
    return (first, *parts[::-1])


def _below(height: int, move: Motion, new: int, calls: int, least: int) -> tuple[int, int] | None:
    """The rows of a picture that are made at a time for a reader of `new` at each call, and those made ahead."""
    for rows in (n for n in _divisors(new) if n >= min(least, new)):
        lead = -(-move.ahead // rows) * rows
        if 0 <= lead <= height and (lead + calls * new <= height or height % rows == 0):
            return rows, lead
    return None


def _gain(plan: Plan, parts: Parts, other: Parts) -> float:
    """The cycles that the other parts save for each byte that their windows take more."""
    more = sum(part.source.nbytes for part in other[1:]) - sum(part.source.nbytes for part in parts[1:])
    return (_cost(plan, parts) - _cost(plan, other)) / max(1, more)


def _whole(plan: Plan, chain: Sequence[Step]) -> float:
    """The cycles of the steps one by one; pictures between them that leave the nearest cache must come back."""
    work = sum(cycles(plan, step, plan.places[step.out].height) for step in chain)
    between = [plan.places[step.out] for step in chain[:-1]]
    near = NEAR_WIDE if CPUS[plan.cpu].wide else NEAR
    return work + sum(moving(place.size) for place in between if place.nbytes > near)


def _cost(plan: Plan, parts: Parts) -> float:
    """The cycles of all calls and of the rows that move."""
    work = sum(part.calls * cycles(plan, part.step, part.rows) for part in parts)
    share = MOVED_WIDE if CPUS[plan.cpu].wide else MOVED
    return work + share * sum(moving(part.calls * part.moved * part.source.row) for part in parts[1:])


def _divisors(number: int) -> Iterator[int]:
    return (n for n in range(1, number + 1) if number % n == 0)
