"""One step of a chain of steps, which works a few rows at a time: how many, and what the windows between them hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import ascii_lowercase
from typing import Final

from datacc.arrange.motion import Motion, motion
from datacc.arrange.pace import cycles, moving
from datacc.ir.plan import Part, Place, Plan, Step

SLOWER: Final = 1.03  # what strips may cost, against whole pictures
PART_SLOWER: Final = 1.08
MOST: Final = len(ascii_lowercase)  # parts of a chain, one letter each


def in_strips(plan: Plan, chain: Sequence[Step]) -> tuple[Step, dict[str, Place]] | None:
    """The step that computes the chain with the fewest rows that cost next to nothing, and its windows; or None.

    Each step reads what the one before writes, which nothing else reads.
    """
    motions = [motion(plan.graph, step) for step in chain]
    moves = [m for m in motions if m is not None]
    if len(moves) < len(chain) or len(chain) > MOST:
        return None
    height = plan.places[chain[-1].out].height
    whole = sum(cycles(plan, step, plan.places[step.out].height) for step in chain)
    for rows in _divisors(height):
        parts = _parts(plan, chain, moves, rows) if rows < height else None
        if parts is not None and _cost(plan, parts) <= SLOWER * whole:
            return _step(chain, parts), {part.step.reads[0]: part.source for part in parts[1:]}
    return None


def at_ends(step: Step, places: Mapping[str, Place]) -> Step:
    """The step with what it reads first and what it writes last where they are now."""
    if not step.parts:
        return step
    first, last = step.parts[0], step.parts[-1]
    parts = (replace(first, source=replace(places[step.reads[0]], height=first.source.height)), *step.parts[1:])
    return replace(step, parts=(*parts[:-1], replace(last, out=replace(places[step.out], height=last.rows))))


def _step(chain: Sequence[Step], parts: tuple[Part, ...]) -> Step:
    aside = [value for step in chain for value in step.values[1:]]
    return Step(
        op="strips",
        nodes=tuple(node for step in chain for node in step.nodes),
        reads=tuple(dict.fromkeys([chain[0].reads[0], *aside])),
        out=chain[-1].out,
        parts=parts,
    )


def _parts(plan: Plan, chain: Sequence[Step], moves: Sequence[Motion], rows: int) -> tuple[Part, ...] | None:
    """The parts when the last one writes `rows` rows at a time; None when some part would be slow."""
    out = plan.places[chain[-1].out]
    calls, out = out.height // rows, replace(out, height=rows)
    parts: list[Part] = []
    for step, move, before in zip(chain[::-1], moves[::-1], [*chain[-2::-1], None], strict=True):
        whole = plan.places[step.reads[0]]
        height = (rows - 1) * move.stride + move.reach  # of the window
        if before is None:
            source = replace(whole, height=min(height, whole.height))
            parts.append(Part(step=step, rows=rows, calls=calls, source=source, out=out, stride=move.stride))
            return tuple(parts[::-1])
        found = _below(plan, before, move, rows * move.stride, calls)
        if found is None:
            return None
        fewer, lead = found
        height += lead - (move.reach - move.stride - move.before)
        source = replace(whole, height=height - move.before, halo=(move.before, whole.halo[1], 0, whole.halo[3]))
        parts.append(Part(step=step, rows=rows, calls=calls, source=source, out=out, stride=move.stride, lead=lead))
        out = replace(source, height=fewer, halo=(0, whole.halo[1], 0, whole.halo[3]))
        calls = min(whole.height, lead + calls * rows * move.stride) // fewer
        rows = fewer
    raise AssertionError("the first step of a chain ends the loop")


def _below(plan: Plan, step: Step, move: Motion, new: int, calls: int) -> tuple[int, int] | None:
    """How many rows at a time `step` makes for a reader that wants `new` at each call, and how many ahead of it."""
    height, least = plan.places[step.out].height, move.reach - move.stride - move.before
    if least < 0:
        return None
    for rows in _divisors(new):
        lead = -(-least // rows) * rows
        is_whole = lead <= height and (lead + calls * new <= height or height % rows == 0)
        slow = cycles(plan, step, rows) * height > PART_SLOWER * cycles(plan, step, height) * rows
        if is_whole and not slow:
            return rows, lead
    return None


def _cost(plan: Plan, parts: tuple[Part, ...]) -> float:
    """The cycles of all calls and of the rows that move."""
    work = sum(part.calls * cycles(plan, part.step, part.rows) for part in parts)
    return work + sum(moving(part.calls * part.kept * part.source.row) for part in parts[1:])


def _divisors(number: int) -> Iterator[int]:
    return (n for n in range(1, number + 1) if number % n == 0)
