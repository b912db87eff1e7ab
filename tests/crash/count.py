"""All faults of some scenes, counted: `python tests/crash/count.py [SCENE ...] [--sample N] [--kills N]`."""

import argparse
import shutil
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.crash import faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", default=list(faults.SCENES))
    parser.add_argument("--sample", type=int, help="faults of each kind (all)")
    parser.add_argument("--kills", type=int, default=300, help="kills at random times")
    parser.add_argument("--faults", nargs="*", default=list(faults.FAULTS), choices=faults.FAULTS)
    options = parser.parse_args()
    faults.FAULTS = tuple(options.faults)
    place = faults.room()
    world = faults.World(place)
    try:
        return sum([count(faults.stage(name, world), options.sample, options.kills) for name in options.scenes]) > 0
    finally:
        world.close()
        shutil.rmtree(place, ignore_errors=True)


def count(scene: faults.Stage, sample: int | None, kills: int) -> int:
    """Run the trials of a scene and print what came of them; how many went wrong."""
    began, done, bad = time.monotonic(), [], 0
    for trial in faults.trials(scene, 0, sample, kills):
        done.append(trial)
        if trial.wrong:
            bad += 1
            print(f"{scene.name}: {trial.what}", *trial.wrong, sep="\n  ", flush=True)
        if len(done) % 100 == 0:
            print(f"{scene.name}: {len(done)} trials, {bad} wrong", flush=True)
    times = [trial.seconds for trial in done]
    struck = sum(trial.fired for trial in done)
    print(
        f"{scene.name}: {len(scene.calls)} calls, {len(done)} trials, {struck} struck, {bad} wrong; "
        f"the next command took {statistics.median(times):.3f} s (at most {max(times):.3f}); "
        f"{time.monotonic() - began:.0f} s",
        flush=True,
    )
    return bad


if __name__ == "__main__":
    sys.exit(main())
