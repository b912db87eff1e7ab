"""A chain of layers that works a few rows at a time: one function for each part, and a loop that calls them in turn."""

from collections.abc import Mapping
from string import ascii_lowercase
from typing import Any, Final

from numpy.typing import NDArray

from datacc.emit.copy import clearing, moved, zeroed
from datacc.emit.function import c_type, function, headed, parameters, reads, summary, title
from datacc.emit.piece import at, times
from datacc.emit.table import KERNELS, WRITES_LANES
from datacc.emit.text import word
from datacc.emit.walk import call, loop
from datacc.frozen import frozen
from datacc.ir.plan import Part, Place, Plan, Step

_LOOPS: Final = "ijklmnpq"


def strips(plan: Plan, number: str, step: Step) -> tuple[str, dict[str, NDArray[Any]]]:
    """The functions of a step that works in strips, each after those it calls, and the weights they name."""
    chain = _Chain(plan=plan, number=number, step=step)
    texts, weights = [], dict[str, NDArray[Any]]()
    for j in range(len(step.parts)):
        text, more = _part(chain, j)
        weights |= more
        texts += [text, _maker(chain, j)] if chain.has_maker(j) else [text]
    return "\n\n".join([*texts, _whole(chain)]), weights


@frozen
class _Chain:
    """A step with its names: part j writes `rows_` and its letter, from which part j + 1 reads."""

    plan: Plan
    number: str
    step: Step

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.step.parts

    def has_maker(self, j: int) -> bool:
        """Whether making rows of part j takes more than one call, and is wanted in more than one place."""
        return 0 < j < len(self.parts) - 1 and self.parts[j + 1].kept > 0

    def maker(self, j: int) -> str:
        """The name of the function that makes rows of part j from those of all parts before."""
        return f"step{self.number}a{ascii_lowercase[j]}_{word(self.parts[j].step.nodes[0])}"

    def part(self, j: int) -> str:
        """The number of part j's own function."""
        return f"{self.number}{ascii_lowercase[j]}"

    def window(self, j: int) -> str:
        """The rows that part j reads, or the input."""
        return f"rows_{ascii_lowercase[j - 1]}" if j else self.parameter(self.step.reads[0])

    def parameter(self, value: str) -> str:
        """The name of a value that the step reads."""
        return dict(reads(self.step))[value]

    def needed(self, j: int) -> dict[str, str]:
        """What parts up to j need from outside: C names with their types."""
        values = [self.step.reads[0], *(v for part in self.parts[: j + 1] for v in part.step.values[1:])]
        names = {self.parameter(v): f"const {c_type(self.plan, v)} *" for v in self.step.values if v in values}
        names |= {self.window(k): f"{c_type(self.plan, self.parts[k].step.reads[0])} *" for k in range(1, j + 1)}
        return names | ({"scratch": "float *"} if any(part.step.scratch for part in self.parts[: j + 1]) else {})


def _part(chain: _Chain, j: int) -> tuple[str, Mapping[str, NDArray[Any]]]:
    """The function of part j, and its weights."""
    part = chain.parts[j]
    plan = chain.plan.within(part)
    piece = KERNELS[part.step.op](part.step, plan, f"step{chain.part(j)}")
    return function(plan, chain.part(j), part.step, piece, rows=part.rows), piece.weights


def _maker(chain: _Chain, j: int) -> str:
    """The function that makes the next rows of part j's result."""
    out = f"{c_type(chain.plan, chain.parts[j].step.out)} *out"
    declared = ["int y", *(f"{kind}{name}" for name, kind in chain.needed(j).items()), out]
    comment = f"/* Strip y of what part {ascii_lowercase[j]} writes, with all that leads there. */"
    return headed(comment, chain.maker(j), declared, _inline(chain, j, "y", "out"))


def _whole(chain: _Chain) -> str:
    """The function of the step: what must be there before the first strip, then the loop over strips."""
    last, end = chain.parts[-1], len(chain.parts) - 1
    body = list(clearing(chain.plan.places[chain.step.out], writes_lanes=last.step.op in WRITES_LANES))
    for j in range(1, end + 1):
        body += _before(chain, j)
    y = "y" if last.calls > 1 else "0"
    body += loop("y", 0, last.calls, 1, _inline(chain, end, y, _rows("out", last.out, y, last.rows)))
    return headed(
        summary(chain.plan, chain.step), title(chain.number, chain.step), parameters(chain.plan, chain.step), body
    )


def _before(chain: _Chain, j: int) -> list[str]:
    """Zeros in the window that part j reads, and its first rows."""
    window, name, below = chain.parts[j].source, chain.window(j), chain.parts[j - 1]
    lines = []
    if window.has_halo or not (window.is_packed or below.step.op in WRITES_LANES):
        lines.append(zeroed(name, window, window.size))
    ahead = chain.parts[j].lead // below.rows
    y = "y" if ahead > 1 else "0"
    to = at(name, window.halo[0] * window.row, times(y, below.rows * window.row))
    return lines + loop("y", 0, ahead, 1, _make(chain, j - 1, y, to)) if ahead else lines


def _make(chain: _Chain, j: int, y: str, out: str, depth: int = 0) -> list[str]:
    """Strip y of part j, wherever the calls for it stand."""
    if chain.has_maker(j):
        return call(chain.maker(j), y, *chain.needed(j), out)
    return _inline(chain, j, y, out, depth)


def _inline(chain: _Chain, j: int, y: str, out: str, depth: int = 0) -> list[str]:
    """The parts before part j, as often as needed; then part j; then the rows that the next strip needs again."""
    part, source = chain.parts[j], chain.window(j)
    if j == 0:
        return _call(chain, j, y, at(source, times(y, part.new * part.source.row)), out)
    lines = [*_fill(chain, j, y, depth), *_call(chain, j, y, source, out)]
    if part.moved:
        lines.append(moved(source, part.source, part.new * part.source.row, part.moved * part.source.row))
    return lines


def _fill(chain: _Chain, j: int, y: str, depth: int) -> list[str]:
    """The new rows of the window that part j reads: those below the picture's last row are zeros."""
    part, below = chain.parts[j], chain.parts[j - 1]
    each, ahead, size = part.new // below.rows, part.lead // below.rows, below.rows * part.source.row
    i = _LOOPS[depth] if each > 1 else "0"
    serial = " + ".join(term for term in (times(y, each), i, str(ahead)) if term not in ("", "0")) or "0"
    name = serial if serial.isidentifier() or serial.isdigit() else f"y_{ascii_lowercase[j - 1]}"
    if part.source.ring:
        to = at(chain.window(j), times(_slot(name, part.source.halo[0], part.source), part.source.row))
    else:
        to = at(chain.window(j), part.kept * part.source.row, times(i, size))
    lines = _make(chain, j - 1, name, to, depth + (each > 1))
    if below.calls < ahead + part.calls * each:
        inner = (f"    {line}" for line in lines)
        zeros = zeroed(to, part.source, size)
        if j == 1 or chain.has_maker(j - 1):
            lines = [f"if ({name} < {below.calls})", *inner, "else", f"    {zeros}"]
        else:
            lines = [f"if ({name} < {below.calls}) {{", *inner, "} else {", f"    {zeros}", "}"]
    if name != serial:
        lines = [f"const int {name} = {serial};", *lines]
    return loop(i, 0, each, 1, lines)


def _call(chain: _Chain, j: int, y: str, source: str, out: str) -> list[str]:
    """The call of part j's own function."""
    part = chain.parts[j]
    aside = [_rows(chain.parameter(v), chain.plan.places[v], y, part.rows) for v in part.step.values[1:]]
    first = [_slot(times(y, part.new), 0, part.source)] if part.source.ring else []
    scratch = ["scratch"] if part.step.scratch else []
    return call(title(chain.part(j), part.step), source, *aside, *first, out, *scratch)


def _slot(row: str, above: int, ring: Place) -> str:
    """Where a row lies in a ring, below so many others: which of its rows that is."""
    if row.isdigit():
        return str((int(row) + above) % ring.rows)
    return f"({row} + {above}) % {ring.rows}" if above else f"{row} % {ring.rows}"


def _rows(name: str, place: Place, y: str, rows: int) -> str:
    """Strip y of a value of which all rows exist."""
    return at(name, times(y, rows * place.row))
