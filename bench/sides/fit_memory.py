"""How much memory some steps take over what is there before: each side in a process of its own.

python -m sides.fit_memory NET SIDE BATCH    prints the bytes by which the largest resident size grew
"""

import os
import re
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
    Path("/proc/self/clear_refs").write_text("5")  # the largest size begins anew; a child's would begin with ours
    before = _resident("VmRSS")
    kind(net, *more, 2).steps()
    print(_resident("VmHWM") - before)


def _resident(which: str) -> int:
    """Bytes that this process has in memory now (VmRSS), or had at most (VmHWM)."""
    found = re.search(rf"^{which}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return 1024 * int(found[1])


if __name__ == "__main__":
    main()
