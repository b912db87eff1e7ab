"""All faults of some scenes, counted: `python tests/crash/count.py [SCENE ...] [--sample N] [--kills N]`.

Each trial is noted in build/crash/ when it is done; started again, with the same sources, it goes on where it was.
"""

import argparse
import hashlib
import json
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.crash import faults
from tests.crash.scenes import SCENES
from tests.crash.world import World, room

ROOT = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", default=list(SCENES))
    parser.add_argument("--sample", type=int, help="faults of each kind (all)")
    parser.add_argument("--kills", type=int, default=300, help="kills at random times")
    parser.add_argument("--faults", nargs="*", default=list(faults.FAULTS), choices=faults.FAULTS)
    options = parser.parse_args()
    place = room()
    world = World(place)
    try:
        bad = 0
        for name in options.scenes:
            scene = faults.stage(name, world)
            bad += count(scene, faults.blows(scene, 0, options.sample, options.kills, options.faults))
        return bad > 0
    finally:
        world.close()
        shutil.rmtree(place, ignore_errors=True)


def count(scene: faults.Stage, blows: Sequence[faults.Blow]) -> int:
    """Strike a scene, and print what came of it; how many trials went wrong."""
    done, bad = list[faults.Trial](), 0
    for trial in trials(scene, blows):
        done.append(trial)
        bad += bool(trial.wrong)
        if trial.wrong:
            print(f"{scene.name}: {trial.what}", *trial.wrong, sep="\n  ", flush=True)
        if len(done) % 100 == 0:
            print(f"{scene.name}: {len(done)} of {len(blows)} trials, {bad} wrong", flush=True)
    times, struck = [trial.seconds for trial in done], sum(trial.fired for trial in done)
    print(
        f"{scene.name}: {len(scene.calls)} calls, {len(done)} trials, {struck} struck, {bad} wrong; "
        f"the next command took {statistics.median(times):.3f} s (at most {max(times):.3f})",
        flush=True,
    )
    return bad


def trials(scene: faults.Stage, blows: Sequence[faults.Blow]) -> Iterator[faults.Trial]:
    """What came of each blow: as it is noted, or struck now."""
    notes = ROOT / "build/crash" / f"{scene.name}.{sources()}.jsonl"
    notes.parent.mkdir(parents=True, exist_ok=True)
    lines = notes.read_text().splitlines() if notes.exists() else []
    known = {said.pop("blow"): faults.Trial(**said) for said in map(json.loads, filter(is_whole, lines))}
    with notes.open("a") as file:
        for blow in blows:
            trial = known.get(str(blow))
            if trial is None:
                trial = faults.strike(scene, blow)
                print(json.dumps({"blow": str(blow), **asdict(trial)}), file=file, flush=True)
            yield trial


def is_whole(line: str) -> bool:
    """Whether the line was not cut off by the end of whoever wrote it."""
    return line.endswith("}")


def sources() -> str:
    """A digest of datacc and of these tests."""
    state = hashlib.sha256()
    for folder in (ROOT / "src", ROOT / "tests/crash"):
        for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.c"))):
            state.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return state.hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
