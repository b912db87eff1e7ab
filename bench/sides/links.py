"""What a link takes for each platform, from C to the checked file, in processor time; no C library is compiled."""

from collections.abc import Iterator

from datacc.arrange import arrange
from datacc.compiler.simplify import simplify
from datacc.emit import emit
from datacc.ir.graph import Graph
from datacc.runtime import cross
from datacc.spec.platforms import BARE, PLATFORMS, WASM

from .ours import children, interface_of
from .rows import Row

LINKS = {"wasm": cross.module, "bare": cross.archive}  # by system; the others link shared libraries


def rows(name: str, graph: Graph) -> Iterator[Row]:
    """One row for each platform."""
    simple = simplify(graph)
    for platform in (*PLATFORMS.values(), WASM, *BARE.values()):
        cpu = platform.cpu(platform.plain)
        source = emit(arrange(simple, cpu.name), interface_of(simple, name, cpu.name))
        before = children()
        data = LINKS.get(platform.system, cross.library)(source, platform, cpu)
        note = f"processor time, {name} to {len(data):,} bytes for {cpu.name}"
        yield Row(name=f"link/{platform.name}", ours=children() - before, note=note)
