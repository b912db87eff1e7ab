"""Measures fitting: steps of five nets beside torch and scikit-learn, memory, and the time to a quality.

    python bench/fit.py             some minutes; batches of 64 and 256
    python bench/fit.py --quick     at most 50 s; batches of 64, fewer rounds, no compiled torch
    python bench/fit.py --json      one JSON object on standard output, row → figures
    python bench/fit.py --net digits --net mlp_64

Every side begins with the same weights and takes the same batches; torch's losses must agree before it is timed.
Sides take turns; each has its better number of threads. It asserts nothing.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
from sides import fit_memory, fit_quality, footprint
from sides.clock import turns
from sides.fit_nets import NETS, FitNet
from sides.fit_sides import AGREED, Ours, Side, Sklearn, Torch, TwoPeaks, step_work
from sides.peak import Peak
from sides.rows import Row
from sides.telling import tell

from datacc.fit.compiled.library import best_cpu
from datacc.runtime.machine import features, machine

PACKAGES = ("numpy", "ziglang", "torch", "scikit-learn")
THREADS = (1, 2)
STEP_WORK = 2e9  # multiply-adds of the forward passes of a turn: some 50 ms of ours


def measure(names: list[str], *, quick: bool) -> Iterator[Row]:
    """Every row: net by net, then memory, quality and what is installed."""
    for name in names:
        for batch in (64,) if quick else (64, 256):
            yield from _steps(NETS[name], batch, quick=quick)
        if not quick:
            ours, peer = (fit_memory.growth(name, side, 256) for side in ("datacc", "torch"))
            note = "growth while fitting, batches of 256; a process each"
            yield Row(name=f"{name}/memory", ours=ours, peer=peer, unit="B", note=note)
    yield from fit_quality.rows(quick=quick)
    size = footprint.installed("datacc") + footprint.package_size()
    yield Row(name="install_mb", ours=size / 1e6, unit="MB", note="what a build needs: no torch, onnx or scipy")


def _steps(net: FitNet, batch: int, *, quick: bool) -> Iterator[Row]:
    row = net.name if batch == 64 else f"{net.name}-{batch}"
    work = Ours(net, *net.batches(1, batch), 1).fitting.program.step.work
    steps = int(np.clip(STEP_WORK / (work * batch), 4, 100))
    data = net.batches(steps, batch)
    sides: dict[str, Side] = {f"datacc {n}": Ours(net, *data, n) for n in THREADS}
    peers: dict[str, Callable[[], Side]] = {f"torch {n}": lambda n=n: Torch(net, *data, n) for n in THREADS}  # type: ignore[misc]
    if not quick:
        peers |= {f"torch_compile {n}": lambda n=n: Torch(net, *data, n, compiled=True) for n in THREADS}  # type: ignore[misc]
    if net.is_dense:
        peers["sklearn"] = lambda: Sklearn(net, *data)
    expected = sides["datacc 1"].steps()
    sides["datacc 2"].steps()
    for name, make in peers.items():
        try:
            sides[name] = _agreeing(make(), expected)
        except Exception as error:  # a peer that cannot is left out, whatever it says
            print(f"{row}/{name}: skipped: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
    cpu = best_cpu(machine(), features())
    assert cpu is not None  # ours has run
    peak = Peak(cpu)
    sides["peak"] = TwoPeaks(peak, max(1, int(3 * work * batch * steps / peak.work / 2)))
    found = {n: median(s) for n, s in turns({n: s.steps for n, s in sides.items()}, 5 if quick else 11).items()}
    best = {
        who: min(s for n, s in found.items() if n.split()[0] == who) / steps for who in {n.split()[0] for n in found}
    }
    for peer in ("torch", "torch_compile", "sklearn"):
        if peer in best:
            yield Row(name=f"{row}/{peer}", ours=best["datacc"], peer=best[peer], note=f"a step of {batch} rows")
    done = step_work(sides["datacc 1"].fitting.program.step.graph)  # type: ignore[attr-defined]
    rate = done * batch / best["datacc"]
    full = 2 * sides["peak"].count * peak.work / found["peak"]  # type: ignore[attr-defined]
    note = f"of two cores; {2 * rate / 1e9:.0f} of {2 * full / 1e9:.0f} GFLOP/s, {done:,} multiply-adds a row"
    yield Row(name=f"{row}/peak_share", ours=rate / full, unit="share", better="more", note=note)


def _agreeing(side: Side, expected: list[float]) -> Side:
    """The side, if its first losses are ours; it has then warmed up. Raises `ValueError` when they are not."""
    losses = side.steps()
    if losses and not np.allclose(losses[:3], expected[:3], atol=AGREED, rtol=AGREED):
        raise ValueError(f"losses {losses[:3]} where ours are {expected[:3]}")
    return side


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="at most 50 seconds")
    parser.add_argument("--net", action="append", choices=list(NETS), help="only this net; may be repeated")
    options = parser.parse_args()
    tell(measure(options.net or list(NETS), quick=options.quick), PACKAGES, json=options.json)


if __name__ == "__main__":
    main()
