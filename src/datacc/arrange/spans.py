"""When within a step each buffer is in use: a step in strips calls part after part, and some rows live for a moment."""

from datacc.emit.table import WRITES_LANES
from datacc.ir.plan import Part, Step

Span = tuple[int, int]


def moments(step: Step) -> int:
    """How many moments a step has: one for each part."""
    return len(step.simple)


def spans(step: Step) -> dict[str, Span]:
    """The first and last moment at which the step needs each place, moments being the parts by their order.

    A window whose rows the next call does not need lives from the part that writes it to the one that reads it; from
    the first part on, when several calls fill it, because the parts before are called between these.
    """
    end = moments(step) - 1
    found = dict.fromkeys((*step.values, step.out), (0, end))
    for k, (writer, reader) in enumerate(zip(step.parts, step.parts[1:], strict=False)):
        first = 0 if reader.new > writer.rows else k
        found[writer.step.out] = (0, end) if _stays(writer, reader) else (first, k + 1)
    if step.scratch:
        users = [k for k, kernel in enumerate(step.simple) if kernel.scratch]
        found[step.scratch] = (users[0], users[-1])
    return found


def _stays(writer: Part, reader: Part) -> bool:
    """Whether a window keeps something from call to call: rows, or zeros that were written once."""
    is_full = reader.source.is_packed or writer.step.op in WRITES_LANES
    return reader.kept > 0 or reader.source.has_halo or not is_full
