"""Proves the nets of the native bench and the built programs of the gallery, of floats and of integers.

python tools/prove.py            all
python tools/prove.py mlp gallery-tumours
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from datacc.arrange import arrange
from datacc.compiler.calibrate import calibrate
from datacc.compiler.quantise import quantise
from datacc.emit import emit
from datacc.ir.file import dump
from datacc.ir.graph import Graph
from datacc.runtime.link import link
from datacc.runtime.prove import prove
from datacc.runtime.prove.words import words
from datacc.spec.interface import Interface, Port

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NETS: Final = import_module("bench.nets").NETS
CPU: Final = "x86-64-v3"
SEED: Final = 1


def ports(types: list[tuple[str, Any]]) -> tuple[Port, ...]:
    return tuple(Port(name=name, dtype=type_.dtype, shape=type_.shape) for name, type_ in types)


def artifact(graph: Graph, name: str, folder: Path) -> Path:
    """What a proof reads of a built program, of a Graph."""
    interface = Interface(
        name=name,
        cpu=CPU,
        inputs=ports([(node.name, node.type) for node in graph.inputs]),
        answers=ports([(field, graph.by_name[node].type) for field, node in graph.outputs]),
        states=ports([(given, graph.by_name[given].type) for given, _ in graph.states]),
    )
    folder.mkdir()
    link(emit(arrange(graph, CPU), interface), CPU, folder)
    (folder / "interface.json").write_text(interface.to_json(), encoding="utf-8")
    (folder / "graph.dcc").write_bytes(dump(graph))
    return folder


def of_integers(graph: Graph) -> Graph:
    """The Graph of integers, its ranges taken from random inputs."""
    random = np.random.default_rng(SEED)
    learn = {node.name: random.normal(0, 1, (32, *node.type.shape)).astype(np.float32) for node in graph.inputs}
    return quantise(graph, calibrate(graph, learn, 1.0))


def artifacts(folder: Path, wanted: list[str]) -> Iterator[tuple[str, Path]]:
    """(name, folder) of every program, or of those wanted; the nets are compiled on the way."""
    for place in sorted(ROOT.glob("gallery/*/expected.json")):
        name = place.parent.name
        if f"gallery-{name}" in (wanted or [f"gallery-{name}"]):
            built = ROOT / "build" / "gallery" / name / name / "build" / name
            if not built.exists():
                subprocess.run([sys.executable, "gallery/score.py", name], cwd=ROOT, check=True)
            yield f"gallery-{name}", built
    forms = {"": lambda graph: graph, "_int8": of_integers}
    for name, net in NETS.items():
        for end, form in forms.items():
            if f"{name}{end}" in (wanted or [f"{name}{end}"]):
                yield f"{name}{end}", artifact(form(net()), f"{name}{end}", folder / f"{name}{end}")


def main(wanted: list[str]) -> int:
    broken = 0
    with tempfile.TemporaryDirectory() as work:
        for name, folder in artifacts(Path(work), wanted):
            began = time.monotonic()
            proof = prove(folder, SEED)
            kinds = {kind: proof.certificate(kind) for kind in ("work", "trace")}
            figures = {check.name: check.finding.figures for check in proof.checks}
            count, stack = figures["instructions"].get("instructions", 0), figures["stack"].get("measured")
            said = ", ".join(f"{kind} {status}" for kind, status in kinds.items())
            print(
                f"{name}: {said}; {count:,} instructions, stack {stack}; {time.monotonic() - began:.0f} s", flush=True
            )
            if set(kinds.values()) != {"proven"}:
                print(words(proof), flush=True)
                broken += 1
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
