"""Sisters of a form: the same skeleton in other widths, and the widest of them that a limit allows."""

from collections.abc import Callable, Sequence

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.resize import unlike
from datacc.errors import SpecError
from datacc.repo.snapshot import Snapshot
from datacc.skeletons import Sizes
from datacc.spec.program import Program


def widths_of(program: Program, snapshot: Snapshot, skeleton: str, sizes: Sizes) -> tuple[str, ...]:
    """The sizes that change lengths of named axes and nothing else."""
    form = skeleton_graph(program, snapshot, skeleton, sizes)
    found = []
    for name, size in sizes.items():
        try:
            other = skeleton_graph(program, snapshot, skeleton, {**sizes, name: size - 1 if size > 1 else size + 1})
        except SpecError:
            continue
        if not unlike(form, other) and form.digest != other.digest:
            found.append(name)
    return tuple(found)


def scaled(sizes: Sizes, widths: Sequence[str], width: int) -> dict[str, int]:
    """The sizes when the largest of those in `widths` is `width`, and the others in proportion."""
    widest = max(sizes[name] for name in widths)
    return {**sizes, **{name: max(1, round(sizes[name] * width / widest)) for name in widths}}


def widest_within(beyond: int, fits: Callable[[int], bool]) -> int:
    """The largest width below `beyond` that fits, 0 without one: whatever is narrower costs less."""
    within = 0
    while beyond - within > 1:
        width = (within + beyond) // 2
        within, beyond = (width, beyond) if fits(width) else (within, width)
    return within
