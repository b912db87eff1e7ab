"""Measures the native back end: seven nets, batch 1, one thread, beside inference runtimes in the same process.

    python bench/native.py             some minutes; all nets, heap calls and memory in processes of their own
    python bench/native.py --quick     at most 50 s; fewer rounds, no cold caches, heap calls of ours only
    python bench/native.py --json      one JSON object on standard output, row → figures
    python bench/native.py --net mlp --net digits

Peers that are not installed are skipped, with a line that says so (`make peers` installs them). It asserts nothing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nets import NETS
from sides import call, integers, links, ours, peers
from sides.clock import per_answer
from sides.cold import cold
from sides.footing import footing
from sides.machine import load, machine_class, versions
from sides.peak import Peak
from sides.rows import Row, as_json, table
from sides.static import net_of

from datacc.ir.cost import node_costs
from datacc.ir.graph import Graph
from datacc.spec.cpus import CPUS, Cpu

PACKAGES = ("numpy", "ziglang", "onnxruntime", "openvino", "ai-edge-litert", "MNN", "ncnn", "emx-onnx-cgen")


def measure(names: list[str], cpu: Cpu, *, quick: bool) -> Iterator[Row]:
    """Every row, net by net, then integers, then the calls from Python, then links for all platforms."""
    peak = Peak(cpu)
    rate = peak.work / per_answer({"peak": peak.answer}, rounds=11)["peak"]
    yield Row(name="peak", ours=2 * rate / 1e9, unit="GFLOP/s", better="more", note=f"one core, {cpu.name}")
    for name in names:
        yield from _net(name, cpu, peak, quick=quick)
    yield from integers.rows(names, cpu, quick=quick)
    yield from call.rows(cpu, quick=quick)
    slowest = "mlp" if quick else "board"  # of those below 1 MB, board takes longest
    yield from links.rows(slowest, NETS[slowest]())


def _net(name: str, cpu: Cpu, peak: Peak, *, quick: bool) -> Iterator[Row]:
    net = net_of(name, NETS[name]())
    folder = Path(tempfile.mkdtemp(prefix="datacc-bench-"))
    mine = ours.linked(net, cpu, folder)
    sides: dict[str, peers.Peer] = {}
    for peer, found in peers.all_opened(net, quick=quick):
        if isinstance(found, str):
            print(f"{name}/{peer}: skipped: {found}", file=sys.stderr)
        else:
            sides[peer] = found
    answers = {"datacc": mine.answer, **{peer: side.answer for peer, side in sides.items()}}
    found = per_answer({"peak": peak.answer, **answers}, rounds=11 if quick else 40)
    yield from _times(name, mine, sides, found, peak)
    if not quick:
        yield from _cold(name, sides, cold(answers, rounds=15))
    yield from _bytes(name, mine)
    yield from _footings(name, ["datacc"] if quick else list(answers), folder)
    shutil.rmtree(folder)


def _times(
    name: str, mine: ours.Ours, sides: dict[str, peers.Peer], found: dict[str, float], peak: Peak
) -> Iterator[Row]:
    yield Row(name=f"{name}/latency", ours=found["datacc"], note="C loop")
    for peer, side in sides.items():
        yield Row(name=f"{name}/{peer}", ours=found["datacc"], peer=found[peer], note=f"{side.how} loop")
    if sides:
        best = min(sides, key=lambda peer: found[peer])
        yield Row(name=f"{name}/best", ours=found["datacc"], peer=found[best], note=f"that is {best}")
    share = (_products(mine.net.graph) / found["datacc"]) / (peak.work / found["peak"])
    yield Row(name=f"{name}/peak_share", ours=share, unit="share", better="more", note="multiply-adds of its products")


def _products(graph: Graph) -> int:
    """Multiply-adds of convolutions and dense layers."""
    return sum(cost.work for cost in node_costs(graph) if graph.by_name[cost.name].op in ("conv", "dense"))


def _cold(name: str, sides: dict[str, peers.Peer], found: dict[str, float]) -> Iterator[Row]:
    for peer, side in sides.items():
        yield Row(name=f"{name}/cold/{peer}", ours=found["datacc"], peer=found[peer], note=f"{side.how}, caches cold")


def _bytes(name: str, mine: ours.Ours) -> Iterator[Row]:
    plan, library = mine.plan, mine.library
    yield Row(name=f"{name}/arena", ours=plan.arena, unit="B", note="halos and kernel scratch included")
    yield Row(name=f"{name}/arena_over_bound", ours=plan.arena / max(1, plan.peak), unit="of live bytes")
    yield Row(name=f"{name}/stack", ours=library.stack, unit="B")
    yield Row(name=f"{name}/size", ours=library.size, unit="B", note="code and weights")
    yield Row(name=f"{name}/link", ours=mine.seconds, note="processor time, C to library")


def _footings(name: str, sides: list[str], folder: Path) -> Iterator[Row]:
    found = {}
    for side in sides:
        try:
            found[side] = footing(name, side, folder)
        except subprocess.SubprocessError as error:  # too slow, or a peer that cannot live beside the counter
            print(f"{name}/heap/{side}: skipped: {type(error).__name__}", file=sys.stderr)
    if "datacc" not in found:
        return
    ours_ = found["datacc"]
    yield Row(name=f"{name}/heap", ours=ours_["heap"], unit="calls an answer")
    yield Row(name=f"{name}/resident", ours=ours_["resident"], unit="B", note="added by loading and answering")
    for side, peer in list(found.items())[1:]:
        yield Row(name=f"{name}/heap/{side}", ours=ours_["heap"], peer=peer["heap"], unit="calls an answer")
        yield Row(name=f"{name}/resident/{side}", ours=ours_["resident"], peer=peer["resident"], unit="B")


@contextmanager
def _quiet() -> Iterator[None]:
    """Send to standard error what peers print to standard output, in C too: the result alone belongs there."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="at most 50 seconds")
    parser.add_argument("--net", action="append", choices=list(NETS), help="only this net; may be repeated")
    parser.add_argument("--cpu", choices=list(CPUS), help="the level to build for; the highest that this machine has")
    options = parser.parse_args()
    cpu = CPUS[options.cpu] if options.cpu else ours.highest()
    began = time.monotonic()
    print(f"{machine_class()}; {load()}\n{versions(PACKAGES)}", file=sys.stderr)
    rows = []
    with _quiet():
        for row in measure(options.net or list(NETS), cpu, quick=options.quick):
            figures = " ".join(table([row]).splitlines()[1].split())
            print(f"{time.monotonic() - began:4.0f} s  {figures}", file=sys.stderr, flush=True)
            rows.append(row)
    print(f"at the end: {load()}", file=sys.stderr)
    print(as_json(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
