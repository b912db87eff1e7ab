"""How much memory some steps take over what is there before: each side in a process of its own.

python -m sides.fit_memory NET SIDE BATCH    prints the bytes by which the largest resident size grew
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

from .fit_nets import NETS

STEPS = 3


def growth(net: str, side: str, batch: int) -> float:
    """Bytes of one side, its libraries loaded and its batches made beforehand."""
    places = os.pathsep.join(str(Path(place).resolve()) for place in sys.path if place)
    command = [sys.executable, "-m", "sides.fit_memory", net, side, str(batch)]
    bench = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        command,
        cwd=bench,
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    name, side, batch = sys.argv[1:]
    from . import fit_sides

    net = NETS[name]
    few, more = (net.batches(STEPS, size) for size in (2, int(batch)))
    kind = {"datacc": fit_sides.Ours, "torch": fit_sides.Torch}[side]
    kind(net, *few, 2).steps()  # loads and compiles whatever a first step needs
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kind(net, *more, 2).steps()
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)


if __name__ == "__main__":
    main()
