"""What the commands cost on the digits repository: CPU seconds of the small ones, wall seconds of the large ones."""

import shutil
import sys
from collections.abc import Iterator
from statistics import median

from datacc.errors import GoalMissed
from datacc.repo.snapshot import LEARN

from .gallery import PLACE, Built
from .process import DATACC, Cost, cost, datacc
from .rows import Row

MISSED = GoalMissed.exit_code


def small(digits: Built, *, quick: bool) -> Iterator[Row]:
    """CPU seconds, children included, in turns with those of a Python that does nothing."""
    verbs = (["--help"], ["log"], ["status"])
    times: dict[str, list[float]] = {verb: [] for [verb] in verbs} | {"python": []}
    for _ in range(3 if quick else 15):
        for words in verbs:
            times[words[0]].append(cost([*DATACC, *words], digits.root).cpu)
        times["python"].append(cost([sys.executable, "-c", "pass"], digits.root).cpu)
    idle = median(times["python"])
    for [verb] in verbs:
        note = "CPU; the peer is python -c pass"
        yield Row(name=f"datacc {verb}/python", ours=median(times[verb]), peer=idle, note=note)


def large(built: tuple[Built, ...], *, quick: bool) -> Iterator[Row]:
    """Import, build, build again with nothing new, and after one label was changed."""
    for one in built:
        if not quick:
            yield from _both(f"{one.name}/import", one.imported, f"{examples(one):,} examples")
            yield from _both(f"{one.name}/build", one.built, "search, fit, link, judge")
        if quick and one.name != "digits":
            continue
        again = [datacc(one.root, "build", allowed=(0, MISSED)) for _ in range(1 if quick else 3)]
        middle = sorted(again, key=lambda cost: cost.wall)[len(again) // 2]
        yield from _both(f"{one.name}/build, nothing new", middle, "judged again")
        if not quick:
            yield from _both(f"{one.name}/build, one label changed", rebuild(one), "the lock obeyed")


def _both(name: str, spent: Cost, note: str) -> Iterator[Row]:
    """Wall and CPU seconds: on a busy machine only the second says much."""
    yield Row(name=name, ours=spent.wall, note=f"{note}; wall")
    yield Row(name=f"{name}, CPU", ours=spent.cpu, note=note)


def examples(built: Built) -> int:
    """The number of examples in the snapshot."""
    return sum(built.report["data"]["rows"].values())


def rebuild(built: Built) -> Cost:
    """The cost of `datacc build` in a copy in which one learn example got another label."""
    copy = PLACE / f"{built.name}-relabelled"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(built.root, copy)
    snapshot = built.snapshot
    [(field, classes)] = snapshot.classes.items()
    row = int(snapshot.rows(LEARN)[0])
    other = classes[(int(snapshot.labels[field][row]) + 1) % len(classes)]
    datacc(copy, "label", snapshot.ids[row], other)
    datacc(copy, "commit")
    spent = datacc(copy, "build", allowed=(0, MISSED))
    shutil.rmtree(copy)
    return spent
