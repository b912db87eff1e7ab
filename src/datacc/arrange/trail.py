"""Whether a step in strips may write its result over a picture that it reads: only rows that nothing reads any more."""

from collections.abc import Iterator, Sequence

from datacc.ir.plan import Part, Step


def trails(step: Step, value: str) -> bool:
    """Whether each row of the result is written after the last time that this row of `value` is read."""
    end = len(step.parts) - 1
    free = float("inf")  # rows before this one are read by no later call
    for j, serial in reversed(list(calls(step.parts))):
        part = step.parts[j]
        first = serial * part.rows
        if j == end and first + part.rows > free:
            return False
        if value in part.step.values[1:] and j < end:  # the last part reads a row just before it writes it
            free = min(free, first)
        if j == 0 and value == part.step.reads[0]:
            free = min(free, serial * part.new - part.source.halo[0])
    return True


def calls(parts: Sequence[Part]) -> Iterator[tuple[int, int]]:
    """(part, its how-manieth call) in the order in which an emitted program calls them."""
    for j in range(1, len(parts)):
        for serial in range(parts[j].lead // parts[j - 1].rows):
            yield from _making(parts, j - 1, serial)
    for serial in range(parts[-1].calls):
        yield from _making(parts, len(parts) - 1, serial)


def _making(parts: Sequence[Part], j: int, serial: int) -> Iterator[tuple[int, int]]:
    if j:
        part, below = parts[j], parts[j - 1]
        each, ahead = part.new // below.rows, part.lead // below.rows
        for i in range(each):
            if (needed := serial * each + i + ahead) < below.calls:
                yield from _making(parts, j - 1, needed)
    yield j, serial
