"""The target `wasm`: the program as a WebAssembly module that imports nothing, for any embedder."""

from pathlib import Path
from typing import Final

from datacc.runtime import cross
from datacc.spec.platforms import WASM
from datacc.store import write_atomically
from datacc.targets import Built, Target
from datacc.targets._forms import form


class Wasm(Target):
    """NAME.wasm: 128-bit vectors (`simd128`), its own memory, no import.

    It exports `memory`, `NAME_batch(inputs, answers, count, scratch)` on addresses in it, `NAME_scratch_bytes` (the
    address of that number; likewise `NAME_state_bytes` of a program with states, which `NAME_batch` takes before the
    scratch) and `__heap_base`, from which on the memory is the caller's. The structs lie as in C. A program with
    several widths also exports `NAME_at_batch`, which takes the number of a width first, and `NAME_widths` (the address
    of them).
    """

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes NAME.wasm. Raises `ToolchainError`."""
        path = folder / f"{built.interface.name}.wasm"
        write_atomically(path, module(built), lasting=False)
        return (path,)


def module(built: Built) -> bytes:
    """The bytes of the module. Raises `ToolchainError`."""
    one = form(built, WASM)
    return cross.module(one.source, one.platform, one.cpu)


ENTRY: Final = Wasm()
